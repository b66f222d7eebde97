"""How fast one change reaches many subscribers: groups against one generator for each subscriber, in one run.

`python bench/fanout.py --subscribers 1000 --changes 10`. Server and load client are two processes on the loopback; both ways
run in the same server, turn by turn, and every change is committed before it is announced.
"""

import argparse
import asyncio
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import uvloop
from fanout_crowd import WAYS, Crowd, gather_crowd
from fanout_server import run_server

from tocsin.database import migrate
from tocsin.embedded import EmbeddedPostgres, create_database

PAUSE = 0.12
"""Seconds between changes, not measured: a group that may tell 10 times a second is not asked to do more."""


async def measure(crowd: Crowd, size: int, changes: int, server: asyncio.subprocess.Process) -> tuple[float, float]:
    """Return deliveries a second over the changes, and how busy this client was meanwhile (0 to 1)."""
    assert server.stdin is not None, "a pipe"
    elapsed, busy = 0.0, 0.0
    for _ in range(changes):
        await asyncio.sleep(PAUSE)  # the groups' rates of 10 and 20 a second are not what is measured
        crowd.expect(size)
        began, worked = time.perf_counter(), time.process_time()
        server.stdin.write(f"{crowd.path}\n".encode())
        await crowd.wait()
        elapsed += time.perf_counter() - began
        busy += time.process_time() - worked
    return size * changes / elapsed, busy / elapsed


async def run_client(database_url: str, size: int, changes: int, rounds: int) -> None:
    command = (sys.executable, __file__, "--serve", database_url)
    server = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert server.stdin is not None
    assert server.stdout is not None
    port, *ids = (await server.stdout.readline()).decode().split()
    crowds = [Crowd(way, key) for way, key in zip(WAYS, ids, strict=True)]
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    everybody = [await gather_crowd(crowd, int(port), size) for crowd in crowds]
    for _ in range(rounds):
        for crowd in crowds:
            found[crowd.path].append(await measure(crowd, size, changes, server))
    for transport in [one for crowd in everybody for one in crowd]:
        transport.abort()
    server.stdin.close()
    await server.wait()
    report(found, size)


def report(found: dict[str, list[tuple[float, float]]], size: int) -> None:
    print(f"{'way':<12}{'deliveries/s':>14}{'client busy':>13}   one change to {size} subscribers, median of runs")
    rates = {way: statistics.median(rate for rate, _ in runs) for way, runs in found.items()}
    for way, runs in found.items():
        print(f"{way:<12}{rates[way]:>14,.0f}{statistics.median(busy for _, busy in runs):>13.0%}")
    print(f"ratio {rates['groups'] / rates['generators']:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", metavar="DATABASE_URL", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if chosen.serve:
        uvloop.run(run_server(chosen.serve))
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-", ignore_cleanup_errors=True) as directory:
        os.chmod(directory, 0o755)
        postgres = EmbeddedPostgres(Path(directory))
        postgres.start()
        try:
            asyncio.run(create_database(postgres.url("postgres"), "bench"))
            asyncio.run(migrate(postgres.url("bench")))
            uvloop.run(run_client(postgres.url("bench"), chosen.subscribers, chosen.changes, chosen.rounds))
        finally:
            postgres.stop()


if __name__ == "__main__":
    main()
