"""What is wrong with a set-up, why it matters and how to mend it: one line each. Imports settings, database and operations.

Nothing here changes anything, and no line holds a secret or a person.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError
from tortoise.exceptions import BaseORMException
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from tocsin.database import UNREACHABLE, connect_alone, describe_database, get_database, open_database
from tocsin.errors import ConfigurationError
from tocsin.operations import count_operations, list_lanes
from tocsin.settings import Settings, check_service, is_email_set_up, is_loopback
from tocsin.times import tell_time
from tocsin_graphql.documents import TrustedDocuments
from tocsin_graphql.schema import build_schema
from tocsin_server.documents import open_documents

OLDEST_DATABASE, OLDEST_REDIS = 150_000, (6, 2)
CLOCK_SECONDS = 5.0
PROCESS_CONNECTIONS = 14
UNREADABLE = (BaseORMException, asyncpg.PostgresError)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. A fault keeps something from working; the rest is advice."""

    what: str
    why: str
    how: str
    fault: bool = True

    def __str__(self) -> str:
        return f"{'FAULT' if self.fault else 'ADVICE'}: {self.what}: {self.why}. {self.how}."


Findings = AsyncIterator[Finding]


async def examine(settings: Settings, database_url: str | None) -> list[Finding]:
    """Return all that is found, faults first; without a URL the database is left out."""
    found = [*look_at_settings(settings), *look_at_documents(settings)]
    found += [finding async for finding in look_at_redis(settings)]
    if database_url is not None:
        found += [finding async for finding in look_at_database(settings, database_url)]
    return sorted(found, key=lambda finding: not finding.fault)


def look_at_settings(settings: Settings) -> list[Finding]:
    """What the settings themselves tell."""
    found = []
    try:
        check_service(settings)
    except ConfigurationError as error:
        found.append(explain(error))
    public = urlsplit(settings.public_url)
    if is_loopback(public.hostname or "") and settings.twilio_base_url.startswith("https://api.twilio.com"):
        why = "carriers can't reach it, so that no report ever arrives"
        found.append(
            Finding("PUBLIC_URL leads to this machine", why, "Set it to the address that the internet reaches")
        )
    elif public.scheme == "http" and not is_loopback(public.hostname or ""):
        why = "reports and tokens travel in the clear"
        found.append(Finding("PUBLIC_URL is not https", why, "Put a proxy with TLS before the web processes"))
    if not settings.twilio_from:
        found.append(
            Finding("There are no calls", "TWILIO_FROM is not set", "Set it to a number of the account", fault=False)
        )
    if not is_email_set_up(settings):
        how = "Set SES_* and SNS_* as docs/amazon.md says"
        found.append(Finding("There is no e-mail", "Amazon is not set up", how, fault=False))
    return found


def look_at_documents(settings: Settings) -> list[Finding]:
    """Whether strangers may ask what they like, and see the schema."""
    found = []
    if not settings.in_production:
        how = "Leave TOCSIN_PRODUCTION out, or set it to 1, where others reach this server"
        found.append(Finding("The API shows its schema", "this is no production", how, fault=False))
    try:
        documents = open_documents(settings, build_schema())
    except ConfigurationError as error:
        return [*found, explain(error)]
    if isinstance(documents, TrustedDocuments):
        what, why = f"Only {len(documents)} trusted documents run", "GRAPHQL_TRUSTED_DOCUMENTS is set"
        found.append(Finding(what, why, "Leave it out to run any", fault=False))
    else:
        why = "GRAPHQL_TRUSTED_DOCUMENTS is not set"
        found.append(Finding("Any document may run", why, "Set it as docs/deploy.md says to lock the API", fault=False))
    return found


def explain(error: ConfigurationError) -> Finding:
    what, _, how = error.message.rstrip(".").partition("; ")
    return Finding(what, "neither serve nor work starts", how or "Correct the setting")


async def look_at_redis(settings: Settings) -> Findings:
    """Whether Redis answers and is young enough."""
    if settings.redis_url is None:
        return
    try:
        client = Redis.from_url(settings.redis_url, socket_timeout=3, socket_connect_timeout=3)
        async with client:
            about: dict[str, Any] = await client.info("server")
    except (RedisError, OSError, ValueError) as error:
        why = f"{type(error).__name__}; pictures are a second late, and workers don't share work"
        yield Finding("Redis cannot be reached", why, "Start it, or correct REDIS_URL")
        return
    version = str(about.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
        yield Finding(f"Redis is version {version}", "6.2 is the oldest that is tried", "Install a newer one")


async def look_at_database(settings: Settings, url: str) -> Findings:
    """Whether the database can be used, and what those who run the system would see in it."""
    try:
        connection = await connect_alone(url)
    except (*UNREACHABLE, asyncpg.PostgresError) as error:
        yield Finding("The database cannot be reached", type(error).__name__, "Start it, or correct DATABASE_URL")
        return
    try:
        for finding in await look_at_server(connection):
            yield finding
    finally:
        await connection.close()
    async with open_database(url):
        for look in (look_at_migrations, look_at_work):
            for finding in await look(settings, url):
                yield finding


async def look_at_server(connection: "asyncpg.Connection[asyncpg.Record]") -> list[Finding]:
    """PostgreSQL's version, clock and room for connections."""
    found = []
    number = int(await connection.fetchval("SHOW server_version_num"))
    if number < OLDEST_DATABASE:
        found.append(Finding(f"PostgreSQL is version {number // 10_000}", "15 is the oldest that works", "Upgrade it"))
    ahead = await connection.fetchval("SELECT clock_timestamp()") - tell_time()
    if abs(ahead) > timedelta(seconds=CLOCK_SECONDS):
        why = "tokens and reminders go by both clocks"
        what = f"The database's clock differs by {abs(ahead).total_seconds():.0f} seconds"
        found.append(Finding(what, why, "Keep both machines on network time"))
    limit, used = await connection.fetchrow(
        "SELECT current_setting('max_connections')::int, (SELECT count(*)::int FROM pg_stat_activity)"
    ) or (0, 0)
    if limit - used < PROCESS_CONNECTIONS:
        why = f"{used} of {limit} connections are taken, and a process needs up to {PROCESS_CONNECTIONS}"
        found.append(Finding("PostgreSQL has little room", why, "Raise max_connections", fault=False))
    return found


async def look_at_migrations(settings: Settings, url: str) -> list[Finding]:
    """Whether the database is as this program expects it."""
    executor = MigrationExecutor(get_database(), describe_database(url)["apps"])
    try:
        plan = await executor.plan([MigrationTarget(app_label="tocsin", name="__latest__")])
    except UNREADABLE as error:
        return [Finding("The database has never been set up", type(error).__name__, "Run tocsin migrate")]
    if not plan:
        return []
    return [Finding(f"{len(plan)} migrations are missing", "this program is newer", "Run tocsin migrate")]


async def look_at_work(settings: Settings, url: str) -> list[Finding]:
    """Lanes that are paused, work that is late or dead, reports that match nothing."""
    try:
        counts, lanes = await count_operations(), await list_lanes(settings)
    except UNREADABLE:
        return []  # a migration is missing, and that has been said
    found = [
        Finding(
            f"The lane of {lane.channel.name} is paused", lane.reason or "refused", "Mend the account at the carrier"
        )
        for lane in lanes
        if lane.paused_at is not None
    ]
    if counts.overdue:
        why = "no worker takes it"
        found.append(
            Finding(f"{counts.overdue} pieces of work are late", why, "Start tocsin work, or serve without Redis")
        )
    if counts.dead:
        how = "Look with tocsin jobs, mend the cause, then revive them"
        found.append(Finding(f"{counts.dead} pieces of work are given up", "each failed twelve times", how))
    if counts.parked:
        how = "Look with tocsin parked; another installation may share the account"
        found.append(
            Finding(f"{counts.parked} reports match nothing", "no attempt is known for them", how, fault=False)
        )
    return found
