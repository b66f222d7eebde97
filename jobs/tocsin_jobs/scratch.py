"""Private directories for files that must not outlive their process: they hold names and numbers. Imports nothing of ours.

Each process locks a directory of its own for as long as it lives; one that nobody holds was left by a process that
died, and the next to come removes it. Everything here blocks.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Scratch:
    """Directories under `root`, readable by this user alone."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._own: Path | None = None
        self._hold = -1

    def sweep(self) -> None:
        """Remove what processes that died have left."""
        if self._root.is_dir():
            with locked(self._root):
                for directory in self._root.iterdir():
                    remove_unheld(directory)

    def make(self) -> Path:
        """Make an empty directory; whoever asked removes it."""
        if self._own is None:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self._root):
                self._own = Path(tempfile.mkdtemp(dir=self._root))
                self._hold = os.open(self._own, os.O_RDONLY)
                fcntl.flock(self._hold, fcntl.LOCK_EX)
        return Path(tempfile.mkdtemp(dir=self._own))

    def close(self) -> None:
        """Remove all that this process has made."""
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)
            os.close(self._hold)
            self._own = None


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep others from looking for directories that nobody holds while one is being made."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def remove_unheld(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        with suppress(BlockingIOError):  # its process lives
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)
    finally:
        os.close(descriptor)
