"""What every bench stands on: an empty PostgreSQL of its own, and as many sockets as the system lets one process have.

Imports tocsin's embedded PostgreSQL.
"""

import asyncio
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tocsin.database import migrate
from tocsin.embedded import DATABASE, EmbeddedPostgres, create_database


@contextmanager
def run_postgres() -> Iterator[EmbeddedPostgres]:
    """Run a cluster in a directory that is gone afterwards, whatever happens meanwhile; its first database has our tables."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)  # PostgreSQL runs as another user where root starts it
        postgres = EmbeddedPostgres(Path(directory))
        try:
            asyncio.run(migrate(postgres.start()))
            yield postgres
        finally:
            postgres.stop()


def make_database(postgres: EmbeddedPostgres, name: str) -> str:
    """Make an empty database with our tables; return its URL."""
    asyncio.run(create_database(postgres.url("postgres"), name, template=DATABASE))
    return postgres.url(name)


def allow_sockets() -> None:
    """Let this process, and all that it starts, have as many sockets as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
