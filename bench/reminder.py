"""How long another town's webhooks wait while a reminder to 100,000 recipients is planned in the same process.

Reports are posted at a steady pace before, during and after the planning; prints the slowest answer of each stretch.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Sequence
from uuid import UUID

import asyncpg
from ground import make_database, run_postgres
from ingest import ACCOUNT, TOKEN, environ, find_port, run_product, run_server, stage_alert
from table import Row, give
from webhook_load import Target, prepare

from tocsin.identifiers import expose

PER_SECOND = 50
CALM_SECONDS = 3

FAIL = """
UPDATE delivery SET handling = 3, status = 250;
UPDATE recipient SET outcome = 3, pending = 0, sms_best = 3250;
UPDATE tally SET not_contacted = total, in_progress = 0, pending = 0, eligible = total, counts = jsonb_build_object('3250', total);
INSERT INTO communication_content (id, communication_id, locale, sms_text) SELECT gen_random_uuid(), id, 'FR', 'Bench' FROM communication"""

REMIND = """
WITH reminder AS (INSERT INTO reminder (id, communication_id, number, due_at, fate)
  SELECT gen_random_uuid(), communication_id, 1, now(), 'PENDING' FROM tally ORDER BY total DESC LIMIT 1 RETURNING id)
INSERT INTO due (id, kind, subject_id, due_at, fence, attempts) SELECT gen_random_uuid(), 'REMIND', id, now(), 0, 0 FROM reminder"""

PLANNED = "SELECT count(*) FILTER (WHERE planned_at IS NULL) = 0 AND count(*) = 3 FROM wave"


async def stage(url: str, recipients: int) -> list[UUID]:
    """Put two alerts on stage: a large one that failed everywhere, and a small one that is being reported about."""
    await stage_alert(url, recipients)
    connection = await asyncpg.connect(url)
    await connection.execute(FAIL)
    await connection.close()
    return await stage_alert(url, 10_000)


async def measure(url: str, port: int, requests: Sequence[bytes]) -> dict[str, list[float]]:
    """Post at a steady pace; ask for the reminder after a while, and end a while after it is planned."""
    connection = await asyncpg.connect(url)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stretches: dict[str, list[float]] = {"before": [], "during": [], "after": []}
    stretch, since = "before", time.perf_counter()
    for request in requests:
        begun = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 204"), head
        stretches[stretch].append(time.perf_counter() - begun)
        await asyncio.sleep(max(0.0, 1 / PER_SECOND - (time.perf_counter() - begun)))
        if stretch == "before" and time.perf_counter() - since > CALM_SECONDS:
            await connection.execute(REMIND)
            stretch, since = "during", time.perf_counter()
        elif stretch == "during" and await connection.fetchval(PLANNED):
            print(f"planned in {time.perf_counter() - since:.1f} s")
            stretch, since = "after", time.perf_counter()
        elif stretch == "after" and time.perf_counter() - since > CALM_SECONDS:
            break
    writer.close()
    await connection.close()
    return stretches


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=100_000)
    return parser


def main() -> None:
    options = make_parser().parse_args()
    with run_postgres() as postgres:
        url = make_database(postgres, "bench")
        deliveries = asyncio.run(stage(url, options.recipients))
        target = Target(find_port(), ACCOUNT, TOKEN)
        requests = [prepare(target, expose("delivery", key), f"SM{key.hex}", "sent") for key in deliveries]
        with run_server(run_product(target.port, url), target.port, environ(url, target.port)):
            stretches = asyncio.run(measure(url, target.port, requests))
    print(
        f"another town's webhooks, {PER_SECOND}/s, while {options.recipients} recipients are reminded ({os.cpu_count()} cores)"
    )
    give(
        Row(f"another town's webhook {name} the planning of a large reminder, slowest", max(seconds) * 1_000, "ms")
        for name, seconds in stretches.items()
    )
    for name, seconds in stretches.items():
        ordered = sorted(seconds)
        middle, slowest = ordered[len(ordered) // 2], ordered[-1]
        print(
            f"  {name:7} {len(seconds):5} answers   median {middle * 1000:6.1f} ms   slowest {slowest * 1000:7.1f} ms"
        )


if __name__ == "__main__":
    main()
