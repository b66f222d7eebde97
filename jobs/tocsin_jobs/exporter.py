"""Writing workbooks in child processes, a few at a time: started, listened to, killed. Imports scratch.

The web's loop and its interpreter stay free: a workbook of 100,000 rows takes half a minute of a processor.
"""

import asyncio
import json
import os
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID

import structlog

from tocsin_jobs.scratch import Scratch

PROGRAM = (sys.executable, "-B", "-P", "-m", "tocsin_jobs.export_process")
"""Without writing bytecode: what a full disk cuts short would be read by every child to come, and end it."""

MOST_AT_ONCE = 2
KEEP_SECONDS = 10.0
SUPERSEDED = 3
"""The child's exit code where somebody else writes the workbook now."""

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR")

log = structlog.get_logger(__name__)


class Exporter:
    """The children of this process. `most_rows` limits a sheet; `program` is what a child runs."""

    def __init__(
        self,
        database_url: str,
        directory: Path,
        *,
        most_at_once: int = MOST_AT_ONCE,
        most_rows: int | None = None,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self.stopped = False
        self._database_url = database_url
        self._scratch = Scratch(directory)
        self._free = most_at_once
        self._most_rows = most_rows
        self._program = program
        self._children: set[Process] = set()

    @property
    def children(self) -> list[int]:
        """The process ids of those that run."""
        return [child.pid for child in self._children if child.returncode is None]

    async def start(self) -> None:
        """Remove what children of processes that died have left."""
        try:
            await asyncio.to_thread(self._scratch.sweep)
        except OSError as error:
            log.error("exports: TOCSIN_DATA_DIR cannot be used", reason=error.strerror)

    async def stop(self) -> None:
        """Kill every child; those who wait for one are told so by its exit code."""
        self.stopped = True
        for child in self._children:
            kill(child)

    async def close(self) -> None:
        """Remove this process's directory, once nobody waits for a child any more."""
        await asyncio.to_thread(self._scratch.close)

    def reserve(self) -> bool:
        """Take one of the places for a child, if one is free; give it back with `release`."""
        if self._free == 0 or self.stopped:
            return False
        self._free -= 1
        return True

    def release(self) -> None:
        self._free += 1

    async def write(
        self, export_id: UUID, fence: int, *, tell: Callable[[int], None], keep: Callable[[], Awaitable[bool]]
    ) -> int:
        """Let a child write the workbook and return its exit code, 0 once the workbook is ready.

        `tell` is called with every version that the workbook reaches; `keep` renews the lease, and ends the child
        where it has been lost.
        """
        async with self._open_directory() as directory, self._open_child(directory) as child:
            errand = {
                "database_url": self._database_url,
                "export_id": str(export_id),
                "fence": fence,
                "directory": str(directory),
                "most_rows": self._most_rows,
            }
            assert child.stdin is not None, "a pipe"
            child.stdin.write(json.dumps(errand).encode() + b"\n")
            keeping = asyncio.create_task(keep_up(child, keep))
            try:
                await listen(child, tell)
                return await child.wait()
            finally:
                keeping.cancel()
                await asyncio.wait([keeping])

    @asynccontextmanager
    async def _open_directory(self) -> AsyncIterator[Path]:
        directory = await asyncio.to_thread(self._scratch.make)
        try:
            yield directory
        finally:
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)

    @asynccontextmanager
    async def _open_child(self, directory: Path) -> AsyncIterator[Process]:
        """Start a child that signals to our terminal do not reach; leave no child behind."""
        environment = {name: value for name, value in os.environ.items() if name in INHERITED or name.startswith("PG")}
        child = await asyncio.create_subprocess_exec(
            *self._program,
            stdin=PIPE,
            stdout=PIPE,
            env={**environment, "TMPDIR": str(directory)},
            start_new_session=True,
        )
        self._children.add(child)
        if self.stopped:
            kill(child)
        try:
            yield child
        finally:
            self._children.discard(child)
            kill(child)
            await child.wait()


def kill(child: Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()


async def listen(child: Process, tell: Callable[[int], None]) -> None:
    """Hear what a child says until it says no more: versions, or what went wrong."""
    assert child.stdout is not None, "a pipe"
    async for line in child.stdout:
        said = line.decode(errors="replace").strip()
        if said.isdecimal():
            tell(int(said))
        else:
            log.warning("an export's child failed", fault=said[:200])


async def keep_up(child: Process, keep: Callable[[], Awaitable[bool]]) -> None:
    """Renew the lease for as long as the child runs; where that fails it is no longer ours to run."""
    while child.returncode is None:
        await asyncio.sleep(KEEP_SECONDS)
        try:
            kept = await keep()
        except Exception as error:  # the database is away; the lease outlives two such failures
            log.warning("an export's lease could not be renewed", error=type(error).__name__)
            continue
        if not kept:
            kill(child)
            return
