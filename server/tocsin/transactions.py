"""Transactions on a connection of the pool, given back whatever happens to who holds it. Imports database.

Tortoise's own keeps a connection for ever where its task is cancelled during BEGIN, and lets transactions nest unseen.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from tortoise import connections
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.database import get_database

Isolation = Literal["read_committed", "repeatable_read"]


@asynccontextmanager
async def in_transaction() -> AsyncIterator[BaseDBAsyncClient]:
    """Give the connection of a transaction that commits at the end, or is rolled back where something is raised.

    Records use it by themselves within; a second one within is an error of ours, as it would not be one of its own.
    """
    async with hold("read_committed", readonly=False) as connection:
        yield connection


@asynccontextmanager
async def hold_snapshot() -> AsyncIterator[BaseDBAsyncClient]:
    """Give a connection on which every statement sees the database of one moment."""
    async with hold("repeatable_read", readonly=True) as connection:
        yield connection


@asynccontextmanager
async def hold(isolation: Isolation, *, readonly: bool) -> AsyncIterator[BaseDBAsyncClient]:
    database = get_database()
    if not isinstance(database, AsyncpgDBClient) or isinstance(database, TransactionWrapper):
        raise RuntimeError("A transaction is open already; hand its connection on.")
    async with (
        database.acquire_connection() as connection,
        connection.transaction(isolation=isolation, readonly=readonly),
    ):
        wrapper = TransactionWrapper(database)
        wrapper._connection = connection
        token = connections.set(wrapper.connection_name, wrapper)
        try:
            yield wrapper
        finally:
            connections.reset(token)
