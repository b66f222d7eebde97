"""Who may work on a database: any number of processes with Redis, or one without. Imports database and settings.

PostgreSQL lets go of the lock when its session ends, at its own restart for one; it is taken again then.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog

from tocsin.database import UNREACHABLE, connect_alone
from tocsin.errors import ConfigurationError
from tocsin.settings import Settings

LOCK = 0x70C52
PAUSE = 0.2
GRACE = 5.0
TAKEN = {
    False: "Another process works on this database; stop it, or set REDIS_URL so that several can work together.",
    True: "A process without REDIS_URL has this database for itself; stop it, or give it the same REDIS_URL.",
}
"""By whether we would share it: why the database can't be had."""

log = structlog.get_logger(__name__)


@asynccontextmanager
async def hold_solo_lock(settings: Settings, database_url: str) -> AsyncIterator[None]:
    """Without Redis, hold the database alone; with it, share it with others that have Redis too. Enter it before listening.

    ConfigurationError where that can't be: a process without Redis would not hear of what the others do. Where somebody
    else has taken it while PostgreSQL was away, this process ends as if it had been told to.
    """
    shared = settings.redis_url is not None
    first = await take(database_url, shared=shared)
    keeping = asyncio.create_task(keep(first, database_url, shared=shared), name="solo lock")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])


async def take(database_url: str, *, shared: bool) -> "asyncpg.Connection[asyncpg.Record]":
    """Return the session that holds the lock; ConfigurationError where others hold it."""
    connection = await connect_alone(database_url)
    try:
        if await connection.fetchval(f"SELECT pg_try_advisory_lock{'_shared' * shared}($1)", LOCK):
            return connection
    except BaseException:
        connection.terminate()
        raise
    await connection.close()
    raise ConfigurationError(TAKEN[shared])


async def keep(connection: "asyncpg.Connection[asyncpg.Record]", database_url: str, *, shared: bool) -> None:
    """Take the lock again whenever its session has ended."""
    try:
        while True:
            await wait_for_end(connection)
            log.warning("solo lock lost")
            connection = await take_again(database_url, shared=shared)
    except ConfigurationError as error:
        log.critical("solo lock taken by another", advice=error.message)
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        connection.terminate()


async def wait_for_end(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    if not connection.is_closed():
        await ended.wait()


async def take_again(database_url: str, *, shared: bool) -> "asyncpg.Connection[asyncpg.Record]":
    """Go on trying while the database is away; ConfigurationError where others have the lock and keep it."""
    refused_since: float | None = None
    while True:
        try:
            return await take(database_url, shared=shared)
        except UNREACHABLE:
            refused_since = None
        except ConfigurationError:
            # It may be our own last session, which PostgreSQL has not yet found to be cut.
            now = asyncio.get_running_loop().time()
            refused_since = now if refused_since is None else refused_since
            if now - refused_since > GRACE:
                raise
        await asyncio.sleep(PAUSE)
