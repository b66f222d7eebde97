"""Promises of transactions: whatever happens to who holds one, its connection comes back, clean."""

import asyncio
from contextlib import suppress

import pytest
from stage.polling import PATIENCE
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from tocsin.database import POOL, get_database
from tocsin.records.people import Municipality
from tocsin.transactions import hold_snapshot, in_transaction

MOMENTS = 60
"""Steps of the loop: more than a transaction with one statement takes."""


async def found_sainte_rive() -> None:
    async with in_transaction():
        await Municipality.create(slug="sainte-rive", name="Sainte-Rive")


async def test_what_is_written_within_is_there_after_it(database: str) -> None:
    await found_sainte_rive()
    assert await Municipality.filter(slug="sainte-rive").exists()


async def test_what_is_raised_within_takes_back_what_was_written(database: str) -> None:
    async def found_in_vain() -> None:
        async with in_transaction() as connection:
            await Municipality.create(slug="port-alder", name="Port-Alder")
            assert await Municipality.filter(slug="port-alder").exists()
            assert get_database() is connection
            raise LookupError

    pool = get_database()
    with pytest.raises(LookupError):
        await found_in_vain()
    assert get_database() is pool
    assert not await Municipality.filter(slug="port-alder").exists()


@pytest.mark.parametrize("hold", [in_transaction, hold_snapshot])
async def test_whoever_is_cancelled_at_any_moment_gives_the_connection_back(database: str, hold: type) -> None:
    async def look() -> None:
        async with hold() as connection:
            await connection.execute_query_dict("SELECT 1")

    await look()
    for moment in range(MOMENTS):
        looking = asyncio.create_task(look())
        for _ in range(moment):
            await asyncio.sleep(0)
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(look() for _ in range(POOL)))
    pool = get_pool_client()._pool
    assert pool is not None
    assert pool.get_idle_size() == pool.get_size()


async def test_a_second_transaction_within_one_is_refused(database: str) -> None:
    async with in_transaction():
        with pytest.raises(RuntimeError, match="open already"):
            await found_sainte_rive()


async def test_a_snapshot_sees_one_moment_and_writes_nothing(database: str) -> None:
    count = "SELECT count(*) AS towns FROM municipality"
    async with hold_snapshot() as connection:
        before = await connection.execute_query_dict(count)
        founding = asyncio.create_task(found_apart())
        await founding
        assert await connection.execute_query_dict(count) == before
    assert await get_database().execute_query_dict(count) != before


async def found_apart() -> None:
    """Found a town as another request would: its task inherits the snapshot's connection, which it must not use."""
    async with get_pool_client().acquire_connection() as connection:
        await connection.execute(
            "INSERT INTO municipality (id, slug, name, time_zone, locale, week_start, version)"
            " VALUES (gen_random_uuid(), 'port-alder', 'Port-Alder', 'America/Toronto', 'EN', 7, 0)"
        )


def get_pool_client() -> AsyncpgDBClient:
    database = get_database()
    assert isinstance(database, AsyncpgDBClient)
    parent: AsyncpgDBClient = getattr(database, "_parent", database)
    return parent
