"""The way to PostgreSQL: connecting, migrating under a lock, faults worth another try. Imports records."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
from tortoise import Tortoise, connections
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from tocsin.errors import ConfigurationError

RECORDS = [f"tocsin.records.{name}" for name in ("people", "communications", "work", "exports")]
MIGRATIONS = "tocsin.records.migrations"
MIGRATION_LOCK = 0x70C51
POOL = 12
CONNECT_SECONDS = 10.0
TLS_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

UNREACHABLE = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was cut and is used before that is noticed
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TooManyConnectionsError,
)
"""What asyncpg raises while PostgreSQL is away; Tortoise lets most of it through untranslated."""

CONTENDED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)
"""What another writer caused; the same transaction may succeed when tried again."""


def describe_database(url: str) -> dict[str, Any]:
    """Return Tortoise's configuration for a postgres URL, a socket directory in `?host=` included."""
    return {
        "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": read_credentials(url)}},
        "apps": {"tocsin": {"models": RECORDS, "default_connection": "default", "migrations": MIGRATIONS}},
        "use_tz": True,
        "timezone": "UTC",
    }


async def leave_session(connection: object) -> None:
    """Change nothing of a session that goes back to the pool, where asyncpg would reset it by a statement of its own.

    Nothing of ours outlives its transaction, and asyncpg ends an open one before it calls this.
    """


def read_credentials(url: str) -> dict[str, Any]:
    """Return what the driver needs of a postgres URL; ConfigurationError where it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
        sound = parts.scheme in ("postgres", "postgresql") and len(parts.path) > 1
    except ValueError:  # a port that is no number, or half an address
        sound = False
    if not sound:
        raise ConfigurationError("DATABASE_URL has to look like postgresql://user:password@host:5432/database.")
    query = parse_qs(parts.query)
    if not {*query.get("sslmode", [])} <= TLS_MODES:
        raise ConfigurationError(f"sslmode in DATABASE_URL has to be one of {', '.join(sorted(TLS_MODES))}.")
    credentials: dict[str, Any] = {
        "host": query.get("host", [parts.hostname or "localhost"])[0],
        "port": port,
        "user": unquote(parts.username or "postgres"),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path[1:]),
        "minsize": 1,
        "maxsize": POOL,
        "application_name": "tocsin",
        "command_timeout": 60,
        "reset": leave_session,
        # Our statements touch few rows and are planned as if they touched many: compiling them takes longer than they do.
        "server_settings": {"lock_timeout": "2s", "idle_in_transaction_session_timeout": "30s", "jit": "off"},
    }
    if "sslmode" in query:
        credentials["ssl"] = query["sslmode"][0]
    return credentials


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[None]:
    """Hold the process-wide pool open; requests and jobs of this process all use it."""
    # At debug level the driver would write every value, names and numbers included, to the log.
    logging.getLogger("tortoise").setLevel(logging.WARNING)
    await Tortoise.init(config=describe_database(url), _enable_global_fallback=True)
    try:
        yield
    finally:
        await Tortoise.close_connections()


def get_database() -> BaseDBAsyncClient:
    """Return the connection pool of this process."""
    database: BaseDBAsyncClient = connections.get("default")
    return database


async def connect_alone(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Open a connection outside of the pool, for a lock that lasts as long as it does."""
    credentials = read_credentials(url)
    keep = ("host", "port", "user", "password", "database", "ssl")
    chosen = {name: credentials[name] for name in keep if name in credentials}
    return await asyncpg.connect(**chosen, timeout=CONNECT_SECONDS)


async def migrate(url: str) -> list[str]:
    """Bring the database up to date, one program at a time; return the names of the migrations applied."""
    guard = await connect_alone(url)
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        async with open_database(url):
            return await apply_migrations(url)
    finally:
        await guard.close()


async def apply_migrations(url: str) -> list[str]:
    """Apply what is missing through the open pool."""
    applied: list[str] = []

    def note(event: str, app: str, name: str) -> None:
        if event == "apply_done":
            applied.append(name)

    executor = MigrationExecutor(get_database(), describe_database(url)["apps"])
    await executor.migrate([MigrationTarget(app_label="tocsin", name="__latest__")], progress=note)
    return applied


async def find_drift() -> list[str]:
    """Return the names of migrations that the records ask for and the folder lacks; needs no database."""
    config = describe_database("postgresql://nobody@localhost/none")
    async with TortoiseContext() as context:
        await context.init(config=config, init_connections=False)
        assert context.apps is not None, "init has just filled them"
        detector = MigrationAutodetector(context.apps, config["apps"])
        return [writer.name for writer in await detector.changes()]
