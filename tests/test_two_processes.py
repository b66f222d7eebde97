"""The promise of one truth: 20,000 reports, a fifth of them twice, shuffled over two processes, end as in order."""

import asyncio
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from stage.cast import ACCOUNT, found_town, send_by_hand, settle_citizens

from tocsin.assessment import lock_tallies, reassess
from tocsin.database import get_database
from tocsin.records.communications import Tally
from tocsin.transactions import in_transaction

WORDS = {"queued": 220, "sent": 240, "failed": 250, "undelivered": 251, "delivered": 260}
INGEST = str(Path(__file__).with_name("ingesting_process.py"))

# Written for this test from the ledger alone: no statement of the server is used.
RECOUNT = """
WITH best AS (SELECT d.recipient_id, max(e.status) AS status FROM delivery d LEFT JOIN delivery_event e ON e.delivery_id = d.id
  GROUP BY d.recipient_id)
SELECT count(*) AS total, count(*) FILTER (WHERE status = 260) AS contacted,
  count(*) FILTER (WHERE status IN (250, 251)) AS not_contacted,
  count(*) FILTER (WHERE status IS NULL OR status IN (220, 240)) AS in_progress FROM best"""

ROWS = """
SELECT d.id::text, d.handling, d.status, d.status_key, d.error_code, d.carrier_id, d.expired, r.outcome, r.reason, r.pending,
  r.sms_best FROM delivery d JOIN recipient r ON r.id = d.recipient_id ORDER BY d.id"""


async def test_5_000_reports_by_two_processes_end_as_in_order(database: str, tmp_path: Path) -> None:
    await check(database, tmp_path, deliveries=1_400)


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_20_000_reports_by_two_processes_end_as_in_order(database: str, tmp_path: Path) -> None:
    await check(database, tmp_path, deliveries=5_600)


async def check(url: str, directory: Path, *, deliveries: int) -> None:
    town = await found_town()
    await settle_citizens(town, deliveries)
    alert = await send_by_hand(town)
    await assess_all(alert.id, [recipient.id for recipient in alert.recipients])
    chance = random.Random(20)
    events = [describe(str(each.id), word) for each in alert.deliveries for word in choose_words(chance)]
    await run(url, directory, events, ordered=True)
    expected = await get_database().execute_query_dict(ROWS)
    await forget_reports(alert.id, [recipient.id for recipient in alert.recipients])
    twice = events + chance.sample(events, len(events) // 4)
    chance.shuffle(twice)
    await run(url, directory, twice, ordered=False)
    assert await get_database().execute_query_dict(ROWS) == expected
    tally = await Tally.get(communication_id=alert.id)
    [truth] = await get_database().execute_query_dict(RECOUNT)
    assert truth == {name: getattr(tally, name) for name in ("total", "contacted", "not_contacted", "in_progress")}


def choose_words(chance: random.Random) -> list[str]:
    return ["queued", "sent", chance.choice(["failed", "undelivered", "delivered", "delivered"])][
        : chance.choice([2, 3, 3, 3])
    ]


def describe(delivery: str, word: str) -> dict[str, Any]:
    return {
        "event_key": f"{delivery}:{word}", "provider": "twilio_messaging", "account": ACCOUNT, "delivery_id": delivery,
        "provider_word": word, "status": WORDS[word], "carrier_id": f"SM{delivery[:8]}",
        "error_code": "30003" if word == "undelivered" else None,
    }  # fmt: skip


async def run(url: str, directory: Path, events: list[dict[str, Any]], *, ordered: bool) -> None:
    """Ingest in order by one process, or by two at once."""
    shares = [events] if ordered else [events[::2], events[1::2]]
    processes = []
    for number, share in enumerate(shares):
        file = directory / f"{number}.jsonl"
        file.write_text("\n".join(json.dumps(event) for event in share))
        processes.append(subprocess.Popen([sys.executable, INGEST, url, str(file)]))  # noqa: ASYNC220
    codes = await asyncio.gather(*(asyncio.to_thread(process.wait, 300) for process in processes))
    assert set(codes) == {0}


async def forget_reports(communication_id: Any, recipients: list[Any]) -> None:
    """Make the communication as it was before the first report."""
    database = get_database()
    await database.execute_query("DELETE FROM delivery_event")
    await database.execute_query(
        "UPDATE delivery SET handling = 2, status = NULL, status_key = NULL, status_at = NULL, error_code = NULL,"
        " reached_at = NULL, carrier_id = NULL, expires_at = NULL"
    )
    await assess_all(communication_id, recipients)


async def assess_all(communication_id: Any, recipients: list[Any]) -> None:
    async with in_transaction() as connection:
        await lock_tallies(connection, [communication_id])
        await reassess(connection, recipients)
