"""How fast a change reaches many subscribers: ours, the naive app, Node's servers and its bare sockets, in one run.

`python bench/fanout.py --subscribers 1000 --changes 10`. Each server has one core, the load client another; the ways take
turns. Ours and the naive app commit each change before it is announced; the peers have no database to write to, and so
ours is also told from its commit on.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import uvloop
from cores import Watch, describe_pinning, pin_load, start_server, stop_server
from fanout_crowd import WAYS, Crowd, Followers, gather_crowd
from fanout_server import ASKING, run_server
from ground import allow_sockets, make_database, run_postgres
from peers import NAMES, install_peers, start_peer
from table import Row, give

PAUSE = 0.12
"""Seconds between changes, not measured: a group that may tell 10 times a second is not asked to do more."""
BURST = 50
"""Changes of one burst: those of a tick of 50 ms at 1,000 events a second."""
NAIVE_BURST = 3
"""The naive app tells each change by itself, so that its rate needs no long bursts."""
NAIVE_SHARE = 5
"""A rate as low as the naive app's is known after a fifth of the changes and bursts."""
ASLEEP = 0.5
"""Seconds for which the client leaves everything in its sockets, so that it then drains them as fast as it can."""
TITLES = {
    "groups": "ours",
    "generators": "naive Strawberry + broadcaster",
    "mercurius": "Mercurius",
    "graphql-ws": "graphql-ws on ws",
    "raw": "ws sending a prebuilt buffer",
}
TARGETS = {"generators": 25.0, "mercurius": 4.0, "raw": 1.2}


@dataclass
class Found:
    """What one way did in each round: deliveries a second, microseconds of computing for each, the client's busy share.

    `announced` are the rates from the moment at which a change is committed: the peers commit nothing.
    """

    rates: list[float] = field(default_factory=list)
    announced: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)


@dataclass
class Contender:
    """One way: its server, its subscribers, and what it did."""

    name: str
    server: asyncio.subprocess.Process
    crowd: Crowd
    followers: Followers = field(default_factory=list)
    version: int = 0
    single: Found = field(default_factory=Found)
    burst: Found = field(default_factory=Found)

    def trigger(self, changes: int = 1) -> None:
        assert self.server.stdin is not None, "a pipe"
        self.server.stdin.write(f"{self.name} {changes}\n".encode())
        self.version += changes

    async def ask_commits(self) -> float:
        """Return how many seconds of the changes so far went by until they were committed."""
        if self.name != "groups":
            return 0.0
        assert self.server.stdin is not None, "a pipe"
        assert self.server.stdout is not None, "a pipe"
        self.server.stdin.write(f"{ASKING}\n".encode())
        return float(await self.server.stdout.readline())


async def measure(contender: Contender, changes: int) -> None:
    """Send each change on its own, when the one before has reached everybody."""
    size, seconds, own, server = len(contender.followers), 0.0, 0.0, 0.0
    await contender.ask_commits()
    for _ in range(changes):
        await asyncio.sleep(PAUSE)
        contender.crowd.expect(size)
        watch = Watch(contender.server.pid)
        contender.trigger()
        await contender.crowd.wait()
        seconds, own, server = map(sum, zip((seconds, own, server), watch.read(), strict=True))
    note(contender.single, size * changes, (seconds, own, server))
    contender.single.announced.append(size * changes / (seconds - await contender.ask_commits()))


async def measure_bursts(contender: Contender, bursts: int) -> None:
    """Send many changes at once: ours may tell them in one message, of which the last version counts for all of them."""
    changes = BURST if contender.name == "groups" else NAIVE_BURST
    size, seconds, own, server = len(contender.followers), 0.0, 0.0, 0.0
    for _ in range(bursts):
        await asyncio.sleep(PAUSE)
        if contender.name == "groups":
            contender.crowd.expect(size, version=contender.version + changes)
        else:
            contender.crowd.expect(size * changes)
        watch = Watch(contender.server.pid)
        contender.trigger(changes)
        await contender.crowd.wait()
        seconds, own, server = map(sum, zip((seconds, own, server), watch.read(), strict=True))
    note(contender.burst, size * changes * bursts, (seconds, own, server))


def note(found: Found, deliveries: int, taken: tuple[float, float, float]) -> None:
    seconds, own, server = taken
    found.rates.append(deliveries / seconds)
    found.costs.append(server / deliveries * 1e6)
    found.busy.append(own / seconds)


async def measure_client(contender: Contender) -> float:
    """Return the values a second that this client takes when all of them lie in its sockets already."""
    size = len(contender.followers)
    await asyncio.sleep(PAUSE)
    contender.crowd.expect(size)
    contender.trigger()
    await asyncio.sleep(0)  # the trigger leaves
    time.sleep(ASLEEP)  # noqa: ASYNC251 - nothing may be read meanwhile
    begun = time.perf_counter()
    await contender.crowd.wait()
    return size / (time.perf_counter() - begun)


async def gather_contenders(urls: Mapping[str, str], node: str, size: int) -> list[Contender]:
    """Start every server and let its subscribers come; ours and the naive app have a database each."""
    contenders = []
    for way, url in urls.items():
        server, (port, *keys) = await start_server(sys.executable, __file__, "--serve", url)
        contender = Contender(way, server, Crowd(way, keys[WAYS.index(way)]), version=1)
        contender.followers = await gather_crowd(contender.crowd, int(port), size)
        contenders.append(contender)
    for name in NAMES:
        server, (port,) = await start_peer(node, name)
        contender = Contender(name, server, Crowd("graphql", "bench"))
        contender.followers = await gather_crowd(contender.crowd, int(port), size, nudge=contender.trigger)
        contenders.append(contender)
    return contenders


async def run_client(urls: Mapping[str, str], node: str, options: argparse.Namespace) -> None:
    contenders = await gather_contenders(urls, node, options.subscribers)
    ceilings: list[float] = []
    for _ in range(options.rounds):
        for contender in contenders:
            share = NAIVE_SHARE if contender.name == "generators" else 1
            await measure(contender, max(1, options.changes // share))
            if contender.name in WAYS:
                await measure_bursts(contender, max(1, options.bursts // share))
        ceilings.append(await measure_client(contenders[-1]))
    for contender in contenders:
        for follower in contender.followers:
            follower.abort()
        await stop_server(contender.server)
    report(contenders, ceilings, options)


def report(contenders: Sequence[Contender], ceilings: Sequence[float], options: argparse.Namespace) -> None:
    print(
        f"fan-out to {options.subscribers} subscribers, median of {options.rounds} interleaved rounds; {describe_pinning()}"
    )
    rows = [*list_single(contenders), *list_burst(contenders)]
    ours = statistics.median(contenders[0].single.rates)
    ceiling = statistics.median(ceilings)
    busy = statistics.median(contenders[0].single.busy)
    rows.append(
        Row("the load client alone, draining full sockets", ceiling, "values/s", ceiling / ours, "what ours sends")
    )
    rows.append(Row("the load client's busy share, against ours", busy, "of a core", target=0.8, most=True))
    give(replace(row, rounds=options.rounds) for row in rows)


def list_single(contenders: Sequence[Contender]) -> list[Row]:
    rates = {contender.name: statistics.median(contender.single.rates) for contender in contenders}
    announced = statistics.median(contenders[0].single.announced)
    committed = Row(
        "one change each: ours, from its commit on", announced, "deliveries/s", announced / rates["raw"], TITLES["raw"]
    )
    return [
        *(
            Row(
                f"one change each: {TITLES[contender.name]}",
                rates[contender.name],
                "deliveries/s",
                None if contender.name == "groups" else rates["groups"] / rates[contender.name],
                "" if contender.name == "groups" else "ours is so many times it",
                TARGETS.get(contender.name),
                processor=statistics.median(contender.single.costs),
            )
            for contender in contenders
        ),
        committed,
    ]


def list_burst(contenders: Sequence[Contender]) -> list[Row]:
    ours, naive = contenders[0].burst, contenders[1].burst
    rate, other = statistics.median(ours.rates), statistics.median(naive.rates)
    name = f"bursts of {BURST} changes, one write each client, changes x subscribers"
    return [
        Row(name, rate, "covered/s", rate / other, "the naive app, every change by itself", 200, processor=statistics.median(ours.costs)),
        Row("bursts: the naive app", other, "deliveries/s", processor=statistics.median(naive.costs)),
    ]  # fmt: skip


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=10)
    parser.add_argument("--bursts", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", metavar="DATABASE_URL", help=argparse.SUPPRESS)
    return parser


def main() -> None:
    options = make_parser().parse_args()
    allow_sockets()
    if options.serve:
        uvloop.run(run_server(options.serve))
        return
    node = install_peers()
    pin_load()
    with run_postgres() as postgres:
        urls = {way: make_database(postgres, way) for way in WAYS}
        uvloop.run(run_client(urls, node, options))


if __name__ == "__main__":
    main()
