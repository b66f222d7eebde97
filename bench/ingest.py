"""Durable webhooks a second: ours against other ways, interleaved in one run on this machine's loopback.

`naive`: one ORM transaction each; both verify, keep the ledger, judge outcomes and count. `bare`: the same route, which
keeps nothing. `one` and `two`: so many processes over 10 communications. Prints medians and their ratios.
"""

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cores import read_processor
from ground import make_database, run_postgres
from table import Row, give
from webhook_load import Target, fire, prepare

from tocsin.database import get_database, open_database
from tocsin.identifiers import expose

ACCOUNT, TOKEN = "AC" + "1" * 32, "bench" * 6 + "12"
WORDS = ("queued", "sent", "delivered")
SECRET = "a bench is a bench is a bench 0123456789"
SERVER_CORE = 0

TITLES = {
    "ours": "webhooks committed before the 204",
    "naive": "webhooks, an ORM transaction each",
    "bare": "webhooks by the same route without a database",
    "one": "webhooks to one process, over 10 communications",
    "two": "webhooks to two processes, over 10 communications",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """A ratio that a row tells: of this way to that one, what the row says about it, and the bound."""

    way: str
    other: str
    against: str
    target: float


PROMISES = {
    "naive": Promise("ours", "naive", "ours is so many times it", 12),
    "bare": Promise("ours", "bare", "ours is so many times it", 0.4),
    "two": Promise("two", "one", "so many times what one process takes", 1.2),
}
"""By the way in whose row the ratio stands."""

STAGE = """
WITH town AS (INSERT INTO municipality (id, slug, name, time_zone, locale, week_start, version)
  VALUES (gen_random_uuid(), 'bench-' || gen_random_uuid(), 'Bench', 'America/Toronto', 'FR', 7, 0) RETURNING id),
theme AS (INSERT INTO category (id, municipality_id, name, confirmation_required, voicemail_counts, channels)
  SELECT gen_random_uuid(), id, 'Floods', false, true, '{2}' FROM town RETURNING id, municipality_id),
alert AS (INSERT INTO communication (id, municipality_id, category_id, kind, state, title, channels,
    confirmation_required, voicemail_counts, created_at, modified_at, sent_at, list_version)
  SELECT gen_random_uuid(), municipality_id, id, 'REGULAR', 'IN_PROGRESS', 'Bench', '{2}', false, true, now(), now(), now(), 0
  FROM theme RETURNING id, municipality_id),
round AS (INSERT INTO wave (id, communication_id, kind, number, ordinal, started_at, targets, planned_at)
  SELECT gen_random_uuid(), id, 'INITIAL', 1, 1, now(), $1, now() FROM alert RETURNING id, communication_id),
tally AS (INSERT INTO tally (communication_id, version, total, contacted, in_progress, not_contacted, unconfirmed,
    uncertain, pending, counts, changed_at)
  SELECT id, 1, $1, 0, $1, 0, 0, 0, $1, jsonb_build_object('2200', $1), now() FROM alert),
people AS (INSERT INTO citizen (id, municipality_id, first_name, last_name, first_name_key, last_name_key, locale, modified_at)
  SELECT gen_random_uuid(), municipality_id, 'Aline', 'Roy-' || n, 'aline', 'roy-' || n, 'FR', now()
  FROM alert, generate_series(1, $1) n RETURNING id),
point AS (INSERT INTO contact_point (id, citizen_id, address, channels, suppressed_channels, dead_channels)
  SELECT gen_random_uuid(), id, '+14185550142', '{2}', '{}', '{}' FROM people RETURNING id, citizen_id),
row AS (INSERT INTO recipient (id, communication_id, citizen_id, first_name, last_name, locale, first_name_key,
    last_name_key, outcome, unconfirmed, uncertain, pending, reachable, sms_best, version)
  SELECT gen_random_uuid(), alert.id, people.id, 'Aline', 'Roy', 'FR', 'aline', 'roy', 2, false, 0, 1, true, 2200, 1
  FROM alert, people RETURNING id, communication_id, citizen_id)
INSERT INTO delivery (id, communication_id, wave_id, recipient_id, contact_point_id, channel, account, address, handling,
  fence, expired, dead, asks)
SELECT gen_random_uuid(), row.communication_id, round.id, row.id, point.id, 2, $2, '+14185550142', 2, 0, false, false, 0
FROM round, row JOIN point ON point.citizen_id = row.citizen_id
RETURNING id"""


async def stage_alert(url: str, recipients: int) -> list[UUID]:
    """Put a sent communication on stage; return its deliveries."""
    async with open_database(url):
        rows = await get_database().execute_query_dict(STAGE, [recipients, ACCOUNT])
        await get_database().execute_query("ANALYZE")
    return [row["id"] for row in rows]


@contextmanager
def run_server(
    command: Sequence[str], port: int, environment: dict[str, str], core: int = SERVER_CORE
) -> Iterator[int]:
    """Run a server on a core of its own until left; yield its process's id."""
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {core % (os.cpu_count() or 1)})
        asyncio.run(wait_for(port))
        yield process.pid
    finally:
        process.terminate()
        process.wait()


async def wait_for(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Way:
    """One way of taking webhooks: `servers` processes, over so many communications, with a share of the recipients."""

    command: Callable[[int, str], Sequence[str]]
    servers: int = 1
    communications: int = 1
    share: float = 1


def run_file(name: str, *words: str) -> Callable[[int, str], Sequence[str]]:
    """Return the command of a server beside this file."""
    path = str(Path(__file__).with_name(name))
    return lambda port, url: [sys.executable, path, *words, str(port), url]


def run_product(port: int, url: str) -> Sequence[str]:
    return [sys.executable, "-c", "from tocsin_server.cli import main; main()", "serve", "--port", str(port)]


WAYS = {
    "ours": Way(run_product),
    "naive": Way(run_file("naive_ingestion.py"), share=1 / 6),
    "bare": Way(run_file("ingest_server.py", "bare")),
    "one": Way(run_file("ingest_server.py", "kept"), communications=10),
    "two": Way(run_file("ingest_server.py", "kept"), communications=10, servers=2),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What one way did in a round: events a second, and microseconds of its servers' computing for each."""

    rate: float
    cost: float


def measure(way: Way, url: str, recipients: int, connections: int) -> Taken:
    """Measure one way over fresh communications; the load is spread evenly over its servers."""
    size = max(1, int(recipients * way.share / way.communications))
    deliveries = [key for _ in range(way.communications) for key in asyncio.run(stage_alert(url, size))]
    targets = [Target(find_port(), ACCOUNT, TOKEN) for _ in range(way.servers)]
    loads: list[list[bytes]] = [[] for _ in targets]
    for word in WORDS:
        for number, key in enumerate(deliveries):
            at = number % way.servers
            loads[at].append(prepare(targets[at], expose("delivery", key), f"SM{key.hex}", word))
    with ExitStack() as stack:
        servers = [
            stack.enter_context(run_server(way.command(target.port, url), target.port, environ(url, target.port), core))
            for core, target in enumerate(targets, start=SERVER_CORE)
        ]
        before = sum(map(read_processor, servers))
        seconds = asyncio.run(fire_at_all([target.port for target in targets], loads, connections))
        worked = sum(map(read_processor, servers)) - before
    events = sum(map(len, loads))
    return Taken(events / seconds, worked / events * 1e6)


async def fire_at_all(ports: Sequence[int], loads: Sequence[Sequence[bytes]], connections: int) -> float:
    """Send each server its load at the same time; return the seconds until the last has answered all."""
    share = connections // len(ports)
    return max(await asyncio.gather(*(fire(port, load, share) for port, load in zip(ports, loads, strict=True))))


def environ(url: str, port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TOCSIN_SECRET": SECRET,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": "+14185550100",
        "TWILIO_BASE_URL": "http://127.0.0.1:9",
        "SOCKET_PRINCIPAL_LIMIT": "10000",
        "SOCKET_ADDRESS_LIMIT": "10000",
    }


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--recipients", type=int, default=3_000, help="of our way; the naive way gets a sixth")
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    return parser


def main() -> None:
    options = make_parser().parse_args()
    taken: dict[str, list[Taken]] = {name: [] for name in options.ways}
    with run_postgres() as postgres:
        for number in range(options.rounds):
            for name, found in taken.items():
                url = make_database(postgres, f"{name}{number}")
                found.append(measure(WAYS[name], url, options.recipients, options.connections))
    print(f"webhooks over {options.connections} connections, median of {options.rounds} interleaved rounds, fsync on")
    give(list_rows(taken))


def list_rows(taken: Mapping[str, Sequence[Taken]]) -> Iterator[Row]:
    """Yield a row for each way; a ratio where both of its ways were measured."""
    rates = {name: statistics.median(each.rate for each in found) for name, found in taken.items()}
    for name, found in taken.items():
        promise = PROMISES.get(name)
        told = promise if promise is not None and {promise.way, promise.other} <= taken.keys() else None
        yield Row(
            TITLES[name],
            rates[name],
            "events/s",
            rates[told.way] / rates[told.other] if told else None,
            told.against if told else "",
            told.target if told else None,
            processor=statistics.median(each.cost for each in found),
            rounds=len(found),
        )


if __name__ == "__main__":
    main()
