"""Promises of `tocsin lanes`, `tocsin parked` and `tocsin jobs`: what they list, what they set going, how they end."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from stage.cast import ACCOUNT, found_town, settle_citizens
from stage.lane import find_due, plan, report

from tocsin.database import get_database
from tocsin.due import ATTEMPTS, Work, list_due, postpone_work, take_work
from tocsin.embedded import EmbeddedPostgres, create_database
from tocsin.expiry import measure_expiries
from tocsin.identifiers import make_id
from tocsin.ledger import apply_events
from tocsin.records.communications import Delivery
from tocsin.records.work import Due, Lane, ParkedEvent
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.transactions import in_transaction
from tocsin.words import Channel

TOCSIN = [sys.executable, "-c", "from tocsin_server.cli import main; main()"]
LASTS = measure_expiries(read_settings())


async def run(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "TOCSIN_"))}
    settings = {**inherited, "DATABASE_URL": url, "TWILIO_MESSAGES_PER_SECOND": "10"}
    return await asyncio.to_thread(
        subprocess.run, [*TOCSIN, *arguments], env=settings, capture_output=True, text=True, timeout=60, check=False
    )


def read_rows(ended: "subprocess.CompletedProcess[str]") -> list[list[str]]:
    """The cells of every line printed; columns stand two blanks apart."""
    return [[cell for cell in line.split("  ") if cell.strip()] for line in ended.stdout.splitlines()]


async def stage_paused() -> None:
    town = await found_town()
    await plan(town, await settle_citizens(town, 3))
    now = tell_time()
    await Lane.all().update(
        paused_at=now, reason="Twilio answered HTTP 401, code [red]20003[/red].", next_at=now + timedelta(hours=1),
        slowed_at=now - timedelta(seconds=30), slowed_to=5.0, refusals=4,
    )  # fmt: skip
    await Due.all().update(due_at=now + timedelta(hours=1))


async def test_without_any_lane_the_list_says_so(database: str) -> None:
    ended = await run(database, "lanes")
    assert (ended.returncode, ended.stdout) == (0, "No lane yet: nothing has been sent.\n")


async def test_a_paused_lane_is_listed_with_its_reason_what_waits_and_its_rate(database: str) -> None:
    await stage_paused()
    ended = await run(database, "lanes")
    assert ended.returncode == 0, ended.stderr
    channel, account, state, waiting, rate, reason = [cell.strip() for cell in read_rows(ended)[1]]
    assert (channel, account, waiting) == ("SMS", ACCOUNT, "3")
    assert state.startswith("paused since 20")
    assert 7 < float(rate) < 10
    assert reason == "Twilio answered HTTP 401, code [red]20003[/red]."


async def test_resuming_ends_the_pause_and_asks_for_work_at_once(database: str) -> None:
    await stage_paused()
    ended = await run(database, "lanes", "--resume", "sms")
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (0, "SMS goes on.")
    lane = await Lane.get(channel=Channel.SMS)
    assert (lane.paused_at, lane.reason, lane.next_at, lane.refusals, lane.slowed_to) == (None, None, None, 0, None)
    assert await list_due() == [(await find_due()).id]
    again = await run(database, "lanes", "--resume", "SMS")
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "SMS was not paused.")
    assert "open" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["lanes", "--resume", "CALL"], 1, "There is no lane for CALL"),
        (["lanes", "--resume", "fax"], 2, "CALL, SMS, EMAIL"),
        (["jobs", "--revive", "nonsense"], 1, "`tocsin jobs` lists them"),
        (["jobs", "--revive", str(uuid4())], 1, "`tocsin jobs` lists them"),
        (["jobs", "--first", "0"], 2, "--first"),
    ],
)
async def test_what_cannot_be_done_is_one_sentence(database: str, arguments: list[str], code: int, word: str) -> None:
    ended = await run(database, *arguments)
    assert (ended.returncode, word in ended.stderr) == (code, True), ended.stderr
    assert "Traceback" not in ended.stderr


async def test_parked_reports_are_listed_without_a_person_and_tried_again_when_asked(database: str) -> None:
    town = await found_town()
    alert = await plan(town, await settle_citizens(town, 1))
    early = report(make_id(), DeliveryStatus.SMS_SENT)
    stray = report(make_id(), DeliveryStatus.SMS_SENDING)
    await apply_events([early, stray], LASTS)
    ended = await run(database, "parked")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[0] == "Reports parked: 2"
    assert {(row[0], row[1].strip(), row[2].strip()) for row in read_rows(ended)[2:]} == {
        ("loopback", ACCOUNT, "sms_sent"),
        ("loopback", ACCOUNT, "sms_sending"),
    }
    # Its delivery turns up after all.
    await get_database().execute_query_dict(
        "UPDATE delivery SET id = $2 WHERE id = $1 RETURNING id", [alert.deliveries[0].id, early.delivery_id]
    )
    again = await run(database, "parked", "--retry")
    assert again.stdout.splitlines()[:2] == ["Found their delivery: 1 of 2", "Reports parked: 1"]
    assert [row.event_key for row in await ParkedEvent.all()] == [stray.event_key]
    assert (await Delivery.get(id=early.delivery_id)).status is DeliveryStatus.SMS_SENT


async def make_due(kind: Work, *, dead: bool, minutes: int) -> Due:
    now = tell_time()
    return await Due.create(
        kind=kind.value, subject_id=make_id(), due_at=now - timedelta(minutes=minutes), attempts=12 if dead else 0,
        error="ValueError" if dead else None, dead_at=now if dead else None,
    )  # fmt: skip


async def test_dead_and_overdue_work_is_listed_and_what_is_well_is_not(database: str) -> None:
    dead = await make_due(Work.PLAN, dead=True, minutes=60)
    late = await make_due(Work.START, dead=False, minutes=5)
    await make_due(Work.START, dead=False, minutes=0)
    held = await make_due(Work.START, dead=False, minutes=5)
    assert await take_work(held.id) is not None
    ended = await run(database, "jobs")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[0] == "Dead: 1, overdue: 1"
    rows = [[cell.strip() for cell in row] for row in read_rows(ended)[2:]]
    assert [row[:3] for row in rows] == [
        [str(dead.id), "PLAN", f"wave-{dead.subject_id.hex}"],
        [str(late.id), "START", f"communication-{late.subject_id.hex}"],
    ]
    assert (rows[0][4], rows[0][6]) == ("12", "ValueError")


async def test_dead_work_is_revived_by_its_id_or_all_at_once(database: str) -> None:
    first, second, third = [await make_due(Work.PLAN, dead=True, minutes=5) for _ in range(3)]
    one = await run(database, "jobs", "--revive", str(first.id))
    assert (one.returncode, one.stdout.splitlines()[:2]) == (0, ["Revived: 1", "Dead: 2, overdue: 0"])
    assert await take_work(first.id) is not None
    both = await run(database, "jobs", "--revive", "all")
    assert (both.returncode, both.stdout.splitlines()[:2]) == (0, ["Revived: 2", "Dead: 0, overdue: 0"])
    row = await Due.get(id=second.id)
    assert (row.attempts, row.error, row.dead_at) == (0, None, None)
    assert set(await list_due()) == {second.id, third.id}
    again = await run(database, "jobs", "--revive", "all")
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "Revived: 0")


async def test_a_database_that_is_away_or_too_old_is_one_sentence_and_2(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    away = await run(f"postgresql://postgres:@/none?host={tmp_path}", "jobs")
    assert (away.returncode, "can't be reached" in away.stderr) == (2, True), away.stderr
    name = f"t{uuid4().hex}"
    await create_database(postgres.url("postgres"), name)
    old = await run(postgres.url(name), "lanes")
    assert (old.returncode, "tocsin migrate" in old.stderr) == (2, True), old.stderr
    connection = await asyncpg.connect(postgres.url("postgres"))
    await connection.execute(f'DROP DATABASE "{name}"')
    await connection.close()
    assert (len(away.stderr.splitlines()), len(old.stderr.splitlines())) == (1, 1)


async def test_work_that_fails_is_tried_at_growing_distances_and_then_dies_where_it_can_be_seen(database: str) -> None:
    due = await make_due(Work.PLAN, dead=False, minutes=1)
    distances = []
    for _ in range(ATTEMPTS):
        await Due.filter(id=due.id).update(due_at=tell_time() - timedelta(seconds=1))
        lease = await take_work(due.id)
        assert lease is not None
        await postpone_work(lease, 2.0, error="OSError")
        rows = await get_database().execute_query_dict(
            "SELECT extract(epoch FROM due_at - now())::float8 AS s FROM due"
        )
        distances.append(round(rows[0]["s"]))
    assert distances == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]
    assert (await Due.get(id=due.id)).dead_at is not None
    assert await take_work(due.id) is None


async def test_a_database_that_others_hold_locked_is_no_wrong_set_up(database: str) -> None:
    async with in_transaction() as connection:
        await connection.execute_query("LOCK TABLE lane")
        ended = await run(database, "lanes")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert (
        "The database is busy: others hold what is needed for longer than 2 seconds; try again later." in ended.stderr
    )
