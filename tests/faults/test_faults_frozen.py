"""The promise of the fence: a worker that stands still past its lease, and wakes when another does its work, sends nothing twice."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from faults.recounting import list_violations
from faults.theatre import Server, choose_port
from stage.carrier import open_carrier
from stage.cast import draft, found_town, send_now, settle_citizens
from stage.office import pass_time
from stage.polling import until
from stage.valkey import open_valkey

from tocsin.database import get_database
from tocsin.due import LEASE_SECONDS
from tocsin.lost import ORPHAN_SECONDS
from tocsin.words import Handling

CITIZENS = 60
SPEED = 100.0
SETTINGS = {"TWILIO_MESSAGES_PER_SECOND": "20", "TOCSIN_REMINDER_MINUTES": "", "LANE_CONCURRENCY": "8"}
SLOW = 50.0
"""Simulated seconds that each answer takes: half a second, so that several are always under way."""

COUNT = "SELECT count(*) AS n FROM delivery WHERE handling = $1"


async def test_a_worker_that_wakes_after_its_lease_was_ended_sends_nothing_twice(database: str, tmp_path: Path) -> None:
    await check(database, tmp_path, waits=False)


@pytest.mark.proof
@pytest.mark.timeout(400)
async def test_a_worker_that_sleeps_past_its_lease_sends_nothing_twice(database: str, tmp_path: Path) -> None:
    await check(database, tmp_path, waits=True)


async def check(database: str, directory: Path, *, waits: bool) -> None:
    """Freeze a worker in the midst of its sending, let another one finish, and wake it; its lease ends by itself or by us."""
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(open_valkey())
        carrier = await stack.enter_async_context(open_carrier(SPEED, slow_answers=SLOW))
        settings = {**SETTINGS, "REDIS_URL": valkey.url}
        first, second = (Server(choose_port(), database, carrier.url, directory, settings, "work") for _ in range(2))
        await settle_citizens(town := await found_town(), CITIZENS)
        await send_now(await draft(town))
        sleeper = first.start()
        try:
            await until(lambda: has(Handling.TAKEN, 8))
            sleeper.send_signal(signal.SIGSTOP)
            in_hand = await count(Handling.SENDING)
            if waits:
                await asyncio.sleep(LEASE_SECONDS + 2)
            else:
                await get_database().execute_query("UPDATE due SET leased_until = NULL, announced_until = NULL")
            second.start()
            await until(lambda: has_left(in_hand), seconds=60)
            sleeper.send_signal(signal.SIGCONT)
            await first.stop()
            # Where it stood still within a transaction PostgreSQL has ended that: such an answer is lost, and asked for later.
            await pass_time(ORPHAN_SECONDS + 1)
            await until(lambda: has(Handling.TAKEN, CITIZENS), seconds=60)
        finally:
            sleeper.send_signal(signal.SIGCONT)
            await asyncio.gather(first.stop(), second.stop())
        await carrier.settle()
        assert in_hand > 0, "It has to have stood still with deliveries in hand."
        assert max((await carrier.count_accepted()).values()) == 1
        ledger = [line for line in await carrier.ledger() if line["direction"] == "outbound"]
        assert await list_violations(database, directory, ledger) == []


async def count(handling: Handling) -> int:
    return int((await get_database().execute_query_dict(COUNT, [handling]))[0]["n"])


async def has(handling: Handling, number: int) -> bool:
    return await count(handling) >= number


async def has_left(in_hand: int) -> bool:
    """Whether nothing is left to do but what the sleeper has in hand, which nobody else may touch so soon."""
    return (await count(Handling.PLANNED), await count(Handling.SENDING)) == (0, in_hand)
