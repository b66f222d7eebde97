"""What a reader that has stalled does to all others: how late these are told, and what it costs in memory.

`python bench/stalled.py --subscribers 1000 --changes 100`. In turns, everybody reads, or one more has subscribed and reads
nothing any more; the system's own buffers are kept small, so that it is the server that has to hold back.
"""

import argparse
import asyncio
import socket
import statistics
import sys
import time
from dataclasses import replace

import uvloop
from cores import describe_pinning, pin_load, start_server, stop_server
from fanout_crowd import Crowd, Subscriber, gather_crowd, mask
from fanout_server import run_server
from ground import allow_sockets, make_database, run_postgres
from memory import read_memory
from table import Row, give

BUFFER = 4_096
DELAYED = 1.1
GROWN = 256
"""Kilobytes at most; a hundred of the frames that who stalled does not read are 400."""
PAUSE = 0.12
FILLING = 40
LONG_ID = "s" * 4_000
"""The operation's id of who stalls: it comes back in each of his frames, so that his buffers are full before long."""


class TimedCrowd(Crowd):
    """Subscribers who note when each value arrives."""

    def __init__(self, path: str, communication_id: str) -> None:
        super().__init__(path, communication_id)
        self.arrivals: list[float] = []

    def hear(self, frames: list[memoryview], subscriber: Subscriber) -> None:
        self.arrivals += [time.perf_counter()] * len(frames)
        super().hear(frames, subscriber)


class Server:
    """The server's process, as it is asked for changes."""

    def __init__(self, process: asyncio.subprocess.Process, crowd: TimedCrowd, size: int) -> None:
        self.process = process
        self._crowd = crowd
        self._size = size

    async def change(self) -> list[float]:
        """Make one change; return how long after it each subscriber was told, in seconds."""
        assert self.process.stdin is not None, "a pipe"
        await asyncio.sleep(PAUSE)
        self._crowd.arrivals.clear()
        self._crowd.expect(self._size)
        began = time.perf_counter()
        self.process.stdin.write(b"groups 1\n")
        await self._crowd.wait()
        return [arrived - began for arrived in self._crowd.arrivals]

    async def measure(self, changes: int) -> float:
        """Return the delay that one in a hundred exceeds, in milliseconds."""
        delays = [delay for _ in range(changes) for delay in await self.change()]
        return statistics.quantiles(delays, n=100)[98] * 1000


async def connect(crowd: Crowd, port: int) -> asyncio.Transport:
    """Connect one subscriber with a small buffer and wait for its first value."""
    endpoint = socket.socket()
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    endpoint.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(endpoint, ("127.0.0.1", port))
    crowd.expect(1)
    transport, _ = await loop.create_connection(lambda: Subscriber(crowd), sock=endpoint)
    await crowd.wait()
    return transport


async def stall(server: Server, key: str, port: int, changes: int) -> tuple[float, int, int]:
    """Measure with a reader that has stalled; return the delay, what the server grew by, and how much it was told."""
    crowd = Crowd("groups", key)
    crowd.subscribing = mask(crowd.request.replace('"id":"1"', f'"id":"{LONG_ID}"'))
    reader = await connect(crowd, port)
    reader.pause_reading()
    await server.measure(FILLING)
    before = read_memory(server.process.pid)
    late = await server.measure(changes)
    grown = read_memory(server.process.pid) - before
    crowd.expect(FILLING + changes)
    reader.resume_reading()
    await asyncio.sleep(1)
    reader.abort()
    return late, grown, crowd.values


async def run_client(database_url: str, size: int, changes: int, rounds: int) -> None:
    process, (port, key, _) = await start_server(sys.executable, __file__, "--serve", database_url)
    crowd = TimedCrowd("groups", key)
    transports = await gather_crowd(crowd, int(port), size)
    server = Server(process, crowd, size)
    await server.measure(10)
    alone, beside = [], []
    for _ in range(rounds):
        alone.append(await server.measure(changes))
        beside.append(await stall(server, key, int(port), changes))
    for transport in transports:
        transport.abort()
    await stop_server(process)
    report(alone, beside, size=size, changes=changes)


def report(alone: list[float], beside: list[tuple[float, int, int]], *, size: int, changes: int) -> None:
    lates = [late for late, _, _ in beside]
    grown = [growth / 1024 for _, growth, _ in beside]
    told = [values for _, _, values in beside]
    print(f"who stalled was told {told} of {FILLING + changes} changes; {describe_pinning()}")
    calm, stalled = statistics.median(alone), statistics.median(lates)
    name = f"change → its frame, p99 of {size:,} readers"
    rows = [
        Row(f"{name}: all read", calm, "ms"),
        Row(f"{name}: one more has stalled", stalled, "ms", stalled / calm, "where all read", DELAYED, most=True),
        Row(f"memory that {changes:,} changes beside who stalled take", statistics.median(grown), "kB", target=GROWN, most=True),
    ]  # fmt: skip
    give(replace(row, rounds=len(alone)) for row in rows)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", metavar="DATABASE_URL", help=argparse.SUPPRESS)
    return parser


def main() -> None:
    chosen = make_parser().parse_args()
    allow_sockets()
    if chosen.serve:
        uvloop.run(run_server(chosen.serve, send_buffer=BUFFER))
        return
    pin_load()
    with run_postgres() as postgres:
        url = make_database(postgres, "bench")
        uvloop.run(run_client(url, chosen.subscribers, chosen.changes, chosen.rounds))


if __name__ == "__main__":
    main()
