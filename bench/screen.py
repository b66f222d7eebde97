"""From the carrier's webhook to every screen: signed reports at a steady pace, and when each is on all that watch.

The product serves; ten alerts are watched by a hundred screens each. Measured is the time from the 204 of a report to
the first frame that contains it, at the last of its alert's screens. It fails where a version went back, or where the
last state differs from the database.
"""

import argparse
import asyncio
import json
import os
import statistics
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import asyncpg
import uvloop
from cores import describe_pinning, pin_load, read_processor, server_core
from fanout_crowd import Crowd, Subscriber, gather_crowd, read_version
from ground import allow_sockets, make_database, run_postgres
from ingest import ACCOUNT, SECRET, TOKEN, environ, find_port, run_product, stage_alert, wait_for
from table import Row, give
from webhook_load import Target, prepare

from tocsin.identifiers import expose
from tocsin.settings import read_settings
from tocsin.times import tell_time
from tocsin.words import Role
from tocsin_server.authentication import issue_token

PER_SECOND = 10
"""How often a screen is told that says nothing about it, as most do."""
ALLOWED = 1 / PER_SECOND + 0.060
"""Seconds: the tick and 60 ms."""
CONNECTIONS = 64
PATIENCE = 30
OVERTIME = 1.2
"""How much longer than the pace asks for reports are posted; a server that is too slow gets fewer, and the rate says so."""
HELD = 0.95
"""The share of the pace that has to be reached, or the waits mean nothing."""
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
LAST = "SELECT version, contacted, in_progress, not_contacted, total FROM tally WHERE communication_id = $1"


@dataclass
class Screen:
    """What one screen has heard: versions with the moment each came, and the last frame."""

    versions: list[int] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    last: bytes = b""


class Wall(Crowd):
    """All screens of one alert; each is told apart from the others."""

    def __init__(self, communication_id: str, authorization: str) -> None:
        super().__init__("graphql", communication_id, authorization=f"Bearer {authorization}")
        self.screens: dict[Subscriber, Screen] = {}

    def hear(self, frames: list[memoryview], subscriber: Subscriber) -> None:
        super().hear(frames, subscriber)
        now = time.perf_counter()
        screen = self.screens.setdefault(subscriber, Screen())
        for frame in frames:
            screen.versions.append(read_version(frame))
            screen.moments.append(now)
        screen.last = bytes(frames[-1])


@dataclass
class Alert:
    """One communication that is watched: its deliveries, its screens, and when each report was answered."""

    id: UUID
    deliveries: list[UUID]
    wall: Wall
    answered: dict[UUID, float] = field(default_factory=dict)


async def stage_alerts(url: str, *, alerts: int, recipients: int) -> list[Alert]:
    """Put the alerts on stage, each of a town of its own."""
    settings = read_settings(tocsin_secret=SECRET)
    staged = []
    connection = await asyncpg.connect(url)
    for _ in range(alerts):
        deliveries = await stage_alert(url, recipients)
        found = await connection.fetchrow(
            """SELECT c.id, m.slug FROM communication c JOIN municipality m ON m.id = c.municipality_id
            WHERE c.id = (SELECT communication_id FROM delivery WHERE id = $1)""",
            deliveries[0],
        )
        assert found is not None, "it has just been staged"
        token = issue_token(
            settings, municipality=found["slug"], subject="bench", name="Bench", role=Role.OPERATOR, now=tell_time(),
            lifetime=timedelta(hours=1),
        )  # fmt: skip
        staged.append(Alert(found["id"], deliveries, Wall(expose("communication", found["id"]), token)))
    await connection.close()
    return staged


async def post(port: int, alerts: Sequence[Alert], pace: int) -> float:
    """Post a report for each delivery at a steady pace, the alerts by turns, while there is time; return the seconds it took."""
    target = Target(port, ACCOUNT, TOKEN)
    turns = [(alert, key) for keys in zip(*(alert.deliveries for alert in alerts), strict=True)
             for alert, key in zip(alerts, keys, strict=True)]  # fmt: skip
    prepared = [
        (alert, key, prepare(target, expose("delivery", key), f"SM{key.hex}", "delivered")) for alert, key in turns
    ]
    begun = time.perf_counter() + 0.5
    until = begun + len(prepared) / pace * OVERTIME

    async def send(first: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(first, len(prepared), CONNECTIONS):
            if time.perf_counter() > until:
                break
            alert, key, request = prepared[number]
            await asyncio.sleep(max(0.0, begun + number / pace - time.perf_counter()))
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            alert.answered[key] = time.perf_counter()
            if not head.startswith(b"HTTP/1.1 204"):
                raise SystemExit(f"the server answered {head[:40]!r}")
        writer.close()

    await asyncio.gather(*(send(first) for first in range(CONNECTIONS)))
    return time.perf_counter() - begun


async def settle(connection: "asyncpg.Connection[asyncpg.Record]", alert: Alert) -> dict[str, int]:
    """Wait until every screen shows the version of the database; return what the database holds."""
    row = await connection.fetchrow(LAST, alert.id)
    assert row is not None, "it has been sent"
    async with asyncio.timeout(PATIENCE):
        while any(screen.versions[-1] < row["version"] for screen in alert.wall.screens.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    names = ("version", "contacted", "inProgress", "notContacted", "total")
    return dict(zip(names, row.values(), strict=True))


async def judge(connection: "asyncpg.Connection[asyncpg.Record]", alert: Alert) -> list[float]:
    """Return for each report the seconds from its answer to the last screen; SystemExit where a promise is broken."""
    expected = await settle(connection, alert)
    screens = list(alert.wall.screens.values())
    for screen in screens:
        if any(later <= earlier for earlier, later in pairwise(screen.versions)):
            raise SystemExit("a version went back")
        shown = json.loads(screen.last)["payload"]["data"]["statistics"]
        if {name: shown[name] for name in expected} != expected:
            raise SystemExit(f"a screen shows {shown}, the database holds {expected}")
    rows = await connection.fetch(
        "SELECT d.id, r.version FROM delivery d JOIN recipient r ON r.id = d.recipient_id WHERE d.communication_id = $1",
        alert.id,
    )
    return [
        max(screen.moments[bisect_left(screen.versions, row["version"])] for screen in screens)
        - alert.answered[row["id"]]
        for row in rows
        if row["id"] in alert.answered
    ]


async def run_round(url: str, options: argparse.Namespace) -> dict[str, float]:
    """Return what one round came to, by name; the server and its alerts are its own."""
    recipients = options.seconds * options.pace // options.alerts
    alerts = await stage_alerts(url, alerts=options.alerts, recipients=recipients)
    port = find_port()
    with server_core():
        server = await asyncio.create_subprocess_exec(*run_product(port, url), env=os.environ | environ(url, port))
    try:
        await wait_for(port)
        for alert in alerts:
            await gather_crowd(alert.wall, port, options.screens // options.alerts)
        worked, own = read_processor(server.pid), time.process_time()
        seconds = await post(port, alerts, options.pace)
        worked, own = read_processor(server.pid) - worked, time.process_time() - own
        connection = await asyncpg.connect(url)
        waits = sorted([wait for alert in alerts for wait in await judge(connection, alert)])
        await connection.close()
    finally:
        server.terminate()
        await server.wait()
    at = {name: waits[min(len(waits) - 1, int(len(waits) * share))] * 1000 for name, share in SHARES.items()}
    return {**at, "rate": len(waits) / seconds, "cost": worked / len(waits) * 1e6, "busy": own / seconds}


def report(rounds: Sequence[dict[str, float]], pace: int) -> None:
    """Give the rows; no version went back, and the last state was the database's, or there would be none."""
    print(f"webhook to screen, no version went back, the last state is the database's; {describe_pinning()}")
    found = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    title = "webhook answered → its frame at the last screen"
    bounds = {"p99": ALLOWED * 1000}
    count = len(rounds)
    rows = [
        Row(f"{title}, {name}", found[name], "ms", target=bounds.get(name), most=True, rounds=count) for name in SHARES
    ]
    name = f"webhooks meanwhile, paced at {pace:,} a second"
    rows += [
        Row(name, found["rate"], "events/s", target=pace * HELD, processor=found["cost"], rounds=count),
        Row("the load client's busy share meanwhile", found["busy"], "of a core", target=0.8, most=True, rounds=count),
    ]
    give(rows)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=10)
    parser.add_argument("--screens", type=int, default=1_000, help="of all alerts together")
    parser.add_argument("--pace", type=int, default=1_000, help="webhooks a second")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    return parser


def main() -> None:
    options = make_parser().parse_args()
    allow_sockets()
    pin_load()
    with run_postgres() as postgres:
        rounds = [
            uvloop.run(run_round(make_database(postgres, f"round{number}"), options))
            for number in range(options.rounds)
        ]
    report(rounds, options.pace)


if __name__ == "__main__":
    main()
