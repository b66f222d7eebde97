"""What is wrong with a database, seen from this machine. Imports database, operations and reaching."""

from datetime import timedelta

import asyncpg
from tortoise.exceptions import BaseORMException
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from tocsin.database import UNREACHABLE, connect_alone, describe_database, get_database, open_database
from tocsin.operations import count_operations, list_lanes
from tocsin.settings import Settings
from tocsin.times import tell_time
from tocsin_server.findings import Finding, Findings
from tocsin_server.reaching import find_cause

OLDEST_DATABASE = 150_000
CLOCK_SECONDS = 5.0
PROCESS_CONNECTIONS = 14
UNREADABLE = (BaseORMException, asyncpg.PostgresError)
RIGHTS = """SELECT to_regclass('tortoise_migrations') IS NULL OR has_table_privilege('tortoise_migrations', 'SELECT'),
  current_schema() IS NOT NULL AND has_schema_privilege(current_schema(), 'CREATE')"""


async def look_at_database(settings: Settings, url: str) -> Findings:
    """Whether the database can be used, and what those who run the system would see in it."""
    try:
        connection = await connect_alone(url)
    except (*UNREACHABLE, asyncpg.PostgresError) as error:
        yield find_cause(error)
        return
    try:
        for finding in await look_at_server(connection):
            yield finding
        lacking = await look_at_rights(connection)
    finally:
        await connection.close()
    if lacking is not None:
        yield lacking
        return
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
        way = "ahead of" if ahead > timedelta() else "behind"
        what = f"The database's clock is {timedelta(seconds=round(abs(ahead).total_seconds()))} {way} this machine's"
        why = "tokens and links end by this machine's, what is due and what has expired goes by the database's"
        found.append(Finding(what, why, "Keep both machines on network time"))
    limit, used = await connection.fetchrow(
        "SELECT current_setting('max_connections')::int, (SELECT count(*)::int FROM pg_stat_activity)"
    ) or (0, 0)
    if limit - used < PROCESS_CONNECTIONS:
        why = f"{used} of {limit} connections are taken, and a process needs up to {PROCESS_CONNECTIONS}"
        found.append(Finding("PostgreSQL has little room", why, "Raise max_connections", fault=False))
    return found


async def look_at_rights(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding | None:
    """Whether the user may read what is there, and make what is missing."""
    readable, extendable = await connection.fetchrow(RIGHTS) or (True, True)
    if not readable:
        how = "Use that user in DATABASE_URL, or make this one the owner"
        return Finding("The database's tables can't be read", "another user has made them", how)
    if not extendable:
        how = "Let the user of DATABASE_URL own the database, or GRANT CREATE, USAGE on its schema"
        return Finding("No table can be made in the database", "each version of Tocsin may bring new ones", how)
    return None


async def look_at_migrations(settings: Settings, url: str) -> list[Finding]:
    """Whether the database is as this program expects it."""
    executor = MigrationExecutor(get_database(), describe_database(url)["apps"])
    plan = await executor.plan([MigrationTarget(app_label="tocsin", name="__latest__")])
    applied = {key.name for key in await executor.recorder.applied_migrations()}
    known = {key.name for key in executor.loader.graph.nodes}
    if later := applied - known:
        why = "a newer program has brought it up to date"
        what = f"The database has {len(later)} migrations that this program doesn't know"
        return [Finding(what, why, "Run that version here too", fault=False)]
    if plan and not applied:
        return [Finding("The database has never been set up", "it is empty", "Run tocsin migrate")]
    if plan:
        what = f"{len(plan)} of {len(known)} migrations are missing"
        return [Finding(what, "this program is newer than the database", "Run tocsin migrate")]
    return []


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
