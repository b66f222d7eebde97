"""Promises about migrations: complete, and safe to run by several programs at once."""

import asyncio

from tocsin.database import find_drift, get_database, migrate


async def test_the_migrations_make_every_table(database: str) -> None:
    rows = await get_database().execute_query_dict(
        "SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = 'public'"
    )
    assert rows[0]["n"] >= 20


async def test_the_records_and_the_migrations_say_the_same() -> None:
    assert await find_drift() == []


def test_a_second_migration_changes_nothing(database_url: str) -> None:
    assert asyncio.run(migrate(database_url)) == []
