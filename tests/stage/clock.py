"""The database's clock, as a test sets it: functions of ours stand before PostgreSQL's own on the search path."""

from datetime import timedelta

import asyncpg

FUNCTION = """
CREATE FUNCTION shifted.{name}() RETURNS timestamptz LANGUAGE sql STABLE
AS 'SELECT pg_catalog.{name}() + (SELECT distance FROM shifted.clock)'"""


async def inject_clock(url: str) -> None:
    """Let `now()` and `clock_timestamp()` of this database be shifted; connections opened from now on see it."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE SCHEMA shifted")
        await connection.execute("CREATE TABLE shifted.clock (distance interval NOT NULL)")
        await connection.execute("INSERT INTO shifted.clock VALUES ('0')")
        for name in ("now", "clock_timestamp"):
            await connection.execute(FUNCTION.format(name=name))
        database = await connection.fetchval("SELECT current_database()")
        await connection.execute(f'ALTER DATABASE "{database}" SET search_path = shifted, pg_catalog, public')
    finally:
        await connection.close()


async def shift_clock(url: str, distance: timedelta) -> None:
    """Set how far the database's clock is ahead of the true one."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("UPDATE shifted.clock SET distance = $1", distance)
    finally:
        await connection.close()
