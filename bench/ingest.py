"""Durable webhooks a second: ours against one ORM transaction each, interleaved in one run on this machine's loopback.

Both sign, verify, keep the ledger, judge outcomes and count. Prints medians and their ratio.
"""

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from webhook_load import Target, fire, prepare

from tocsin.database import get_database, migrate, open_database
from tocsin.embedded import EmbeddedPostgres, create_database
from tocsin.identifiers import expose

ACCOUNT, TOKEN = "AC" + "1" * 32, "bench" * 6 + "12"
WORDS = ("queued", "sent", "delivered")
SERVER_CORE = 0

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
people AS (INSERT INTO citizen (id, municipality_id, first_name, last_name, locale, modified_at)
  SELECT gen_random_uuid(), municipality_id, 'Aline', 'Roy-' || n, 'FR', now() FROM alert, generate_series(1, $1) n RETURNING id),
row AS (INSERT INTO recipient (id, communication_id, citizen_id, first_name, last_name, locale, first_name_key,
    last_name_key, outcome, unconfirmed, uncertain, pending, sms_best, version)
  SELECT gen_random_uuid(), alert.id, people.id, 'Aline', 'Roy', 'FR', 'aline', 'roy', 2, false, 0, 1, 2200, 1
  FROM alert, people RETURNING id, communication_id)
INSERT INTO delivery (id, communication_id, wave_id, recipient_id, channel, account, address, handling, fence, expired)
SELECT gen_random_uuid(), row.communication_id, round.id, row.id, 2, $2, '+14185550142', 2, 0, false FROM row, round
RETURNING id"""


async def stage_alert(url: str, recipients: int) -> list[UUID]:
    """Put a sent communication on stage; return its deliveries."""
    async with open_database(url):
        rows = await get_database().execute_query_dict(STAGE, [recipients, ACCOUNT])
        await get_database().execute_query("ANALYZE")
    return [row["id"] for row in rows]


@contextmanager
def run_server(command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    """Run a server on a core of its own until left."""
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {SERVER_CORE})
        asyncio.run(wait_for(port))
        yield
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


def measure(way: str, url: str, recipients: int, connections: int) -> float:
    """Return events a second of one way over a fresh communication."""
    deliveries = asyncio.run(stage_alert(url, recipients))
    target = Target(find_port(), ACCOUNT, TOKEN)
    requests = [prepare(target, expose("delivery", key), f"SM{key.hex}", word) for word in WORDS for key in deliveries]
    environment = {
        "DATABASE_URL": url,
        "PUBLIC_URL": f"http://127.0.0.1:{target.port}",
        "TOCSIN_SECRET": "a bench is a bench is a bench 0123456789",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": "+14185550100",
    }
    ours = [sys.executable, "-c", "from tocsin_server.cli import main; main()", "serve", "--port", str(target.port)]
    naive = [sys.executable, str(Path(__file__).with_name("naive_ingestion.py")), str(target.port), url, TOKEN]
    with run_server(ours if way == "ours" else naive, target.port, environment):
        seconds = asyncio.run(fire(target.port, requests, connections))
    return len(requests) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--recipients", type=int, default=3_000, help="of our way; the naive way gets a sixth")
    options = parser.parse_args()
    rates: dict[str, list[float]] = {"ours": [], "naive": []}
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)
        postgres = EmbeddedPostgres(Path(directory))
        postgres.start()
        for round_ in range(options.rounds):
            for way, recipients in (("ours", options.recipients), ("naive", options.recipients // 6)):
                name = f"{way}{round_}"
                asyncio.run(create_database(postgres.url("postgres"), name))
                asyncio.run(migrate(postgres.url(name)))
                rates[way].append(measure(way, postgres.url(name), recipients, options.connections))
        postgres.stop()
    ours, naive = statistics.median(rates["ours"]), statistics.median(rates["naive"])
    print(
        f"durable webhooks, {options.connections} connections, median of {options.rounds} interleaved rounds, fsync on"
    )
    print(f"  ours   {ours:8.0f} /s   ({', '.join(f'{rate:.0f}' for rate in rates['ours'])})")
    print(f"  naive  {naive:8.0f} /s   ({', '.join(f'{rate:.0f}' for rate in rates['naive'])})")
    print(f"  ratio  {ours / naive:8.1f}")


if __name__ == "__main__":
    main()
