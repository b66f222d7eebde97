"""PostgreSQL for tests: initialised and migrated once a run, then copied for each who needs a cluster of his own.

In memory where the machine has room there: a thousand databases come and go, and a busy disk holds each up for a second.
"""

import asyncio
import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import asyncpg

from tocsin.database import migrate
from tocsin.embedded import DATABASE, EmbeddedPostgres

ROOM = "TOCSIN_TEST_ROOM"
"""Names the folder of this run's clusters, to its workers too."""

MEMORY = Path("/dev/shm")
ENOUGH = 2 << 30
SETTINGS = "\n# tocsin\nmax_connections = 300\nfsync = off\nmax_wal_size = 256MB\n"


def make_room() -> Path | None:
    """Make the run's folder; None in a worker, whose controller has."""
    if ROOM in os.environ:
        return None
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH
    # Who made the folder of temporary files finds this one by its name.
    name = f"{Path(tempfile.gettempdir()).name}-tests"
    if in_memory:
        clear_left(name)
    room = Path(tempfile.mkdtemp(prefix=f"{name}-{os.getpid()}-", dir=MEMORY if in_memory else None))
    room.chmod(0o755)
    os.environ[ROOM] = str(room)
    return room


def clear_left(name: str) -> None:
    """Give back the memory of runs that were killed; a server that misses its files leaves within a minute."""
    for room in MEMORY.glob(f"{name}-*-*"):
        if not Path("/proc", room.name.rsplit("-", 2)[1]).exists():
            shutil.rmtree(room, ignore_errors=True)


def clear_room(room: Path) -> None:
    del os.environ[ROOM]
    shutil.rmtree(room, ignore_errors=True)


def find_room() -> Path:
    return Path(os.environ[ROOM])


def take_mould() -> Path:
    """Return a cluster at rest; whoever comes first makes it, and the others wait for that."""
    mould = find_room() / "mould"
    with (find_room() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mould.exists():
            directory = Path(tempfile.mkdtemp(dir=find_room()))
            directory.chmod(0o755)
            cluster = EmbeddedPostgres(directory, settings=SETTINGS)
            asyncio.run(migrate(cluster.start()))
            cluster.stop()
            directory.rename(mould)
    return mould / "postgres"


def start_cluster(directory: Path) -> EmbeddedPostgres:
    """Start a cluster in a folder, its database migrated; who started it stops it."""
    directory.chmod(0o755)
    # The files stay those of whom the mould's server ran as, who isn't root.
    subprocess.run(["cp", "-a", str(take_mould()), str(directory)], check=True)
    cluster = EmbeddedPostgres(directory, settings=SETTINGS)
    cluster.start()
    return cluster


async def copy_database(cluster: EmbeddedPostgres, name: str) -> None:
    """Make a database like the migrated one: its files are copied in memory, and written through the log on a disk."""
    strategy = "FILE_COPY" if cluster.directory.is_relative_to(MEMORY) else "WAL_LOG"
    await run(cluster, f'CREATE DATABASE "{name}" TEMPLATE "{DATABASE}" STRATEGY {strategy}')


async def drop_database(cluster: EmbeddedPostgres, name: str) -> None:
    """Drop a database, whoever is still connected."""
    await run(cluster, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def run(cluster: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(cluster.url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
