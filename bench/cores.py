"""Which core does what, and what a process has computed. Imports the standard library only.

The server has the first core that this process may use; load client and database share the last one.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PIPE = asyncio.subprocess.PIPE
FAREWELL = 10
"""Seconds that a server may take to end."""


def list_cores() -> list[int]:
    """Return the cores that may be used; none where the system can't say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


CORES = list_cores()


@contextmanager
def server_core() -> Iterator[None]:
    """Let whatever is started within have the first core, from its first moment on."""
    if not CORES:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, CORES[:1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def start_server(*command: str) -> tuple[asyncio.subprocess.Process, list[str]]:
    """Start a server on the servers' core; return it and the words of its first line, of which the first is its port."""
    with server_core():
        server = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert server.stdout is not None, "a pipe"
    words = (await server.stdout.readline()).decode().split()
    if not words:
        raise SystemExit(f"{' '.join(command)} ended before it listened; see above.")
    return server, words


async def stop_server(server: asyncio.subprocess.Process) -> None:
    """Close a server's stdin, with which it ends; one that does not is killed."""
    assert server.stdin is not None, "a pipe"
    server.stdin.close()
    try:
        async with asyncio.timeout(FAREWELL):
            await server.wait()
    except TimeoutError:
        server.kill()
        await server.wait()


def pin_load() -> None:
    """Give this process, with all that it starts from now on, the last core."""
    if CORES:
        os.sched_setaffinity(0, CORES[-1:])


def describe_pinning() -> str:
    if not CORES:
        return "nothing is pinned: this system can't"
    if len(CORES) == 1:
        return "one core for everything: the ratios are those of server, load client and database together"
    return f"server on core {CORES[0]}, load client and database on core {CORES[-1]}"


def read_processor(process_id: int) -> float:
    """Return the seconds that a process's threads have computed so far; 0 where the system can't say."""
    taken = 0
    for task in Path(f"/proc/{process_id}/task").glob("*/schedstat"):
        taken += int(task.read_text().split()[0])
    return taken / 1e9


class Watch:
    """What passes from one moment on: seconds by the clock, of this process, and of the server's."""

    def __init__(self, process_id: int) -> None:
        self._process_id = process_id
        self._begun = (time.perf_counter(), time.process_time(), read_processor(process_id))

    def read(self) -> tuple[float, float, float]:
        elapsed, own, server = self._begun
        return (
            time.perf_counter() - elapsed,
            time.process_time() - own,
            read_processor(self._process_id) - server,
        )
