"""What every test may ask for: a real PostgreSQL with a migrated database of its own, cloned from a template."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from tocsin.database import migrate, open_database
from tocsin.embedded import EmbeddedPostgres, create_database

TEMPLATE = "tocsin_template"
QUICK = "\n# tocsin\nmax_connections = 300\nfsync = off\n"


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A cluster of this worker alone, gone with the session."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with tempfile.TemporaryDirectory(prefix=f"tocsin-{worker}-", ignore_cleanup_errors=True) as directory:
        os.chmod(directory, 0o755)
        cluster = EmbeddedPostgres(Path(directory), settings=QUICK)
        cluster.start()
        asyncio.run(create_database(cluster.url("postgres"), TEMPLATE))
        asyncio.run(migrate(cluster.url(TEMPLATE)))
        yield cluster
        cluster.stop()


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    name = f"t{uuid4().hex}"
    asyncio.run(create_database(postgres.url("postgres"), name, template=TEMPLATE))
    yield postgres.url(name)
    asyncio.run(drop_database(postgres.url("postgres"), name))


async def drop_database(url: str, name: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await connection.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """A fresh database with this process's pool open on it."""
    async with open_database(database_url):
        yield database_url
