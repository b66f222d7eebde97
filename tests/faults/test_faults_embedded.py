"""The promise that an embedded PostgreSQL is revived, also by the first process of a container, which inherits every orphan."""

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from tocsin.embedded import EmbeddedPostgres

INHERIT_ORPHANS = 36
"""Linux' PR_SET_CHILD_SUBREAPER."""


@contextmanager
def inheriting_orphans() -> Iterator[None]:
    """Be to our descendants what the first process of a container is to its own."""
    system = ctypes.CDLL(None)
    assert system.prctl(INHERIT_ORPHANS, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        system.prctl(INHERIT_ORPHANS, 0, 0, 0, 0)


def test_a_killed_postgres_is_known_to_be_dead_by_whoever_inherits_it(tmp_path: Path) -> None:
    for directory in (tmp_path, *tmp_path.parents[:2]):
        os.chmod(directory, 0o755)
    with inheriting_orphans():
        cluster = EmbeddedPostgres(tmp_path, settings="\n# tocsin\nfsync = off\n")
        cluster.start()
        try:
            os.kill(int((cluster.directory / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            ends_at = monotonic() + 10
            while cluster.alive and monotonic() < ends_at:
                sleep(0.05)
            assert not cluster.alive
            cluster.revive()
            assert cluster.alive
        finally:
            cluster.stop()
