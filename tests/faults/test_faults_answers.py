"""The promise of handing over: carriers' answers are lost and workers killed; nothing is sent twice in silence or forgotten.

A long form alone: in the normal run each fault has its own test (test_settling_http, test_settling_crash).
"""

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic
from uuid import UUID

import pytest
from faults.ground import open_cluster
from faults.recounting import list_violations
from faults.share import take_share
from faults.theatre import Server, choose_port
from stage.carriers_settings import describe_carriers
from stage.cast import draft, found_town, send_now, settle_citizens
from stage.office import pass_time
from stage.polling import until
from stage.simulator import Carriers, open_carriers
from stage.valkey import open_valkey

from tocsin.database import get_database
from tocsin.lost import ORPHAN_SECONDS
from tocsin.words import Channel, Handling

HANGING = {"lost_answers": 0.113, "error_after_accept": 0.113, "hanging_answers": 0.113}
"""Each falls by itself, so that together they leave three answers of ten unclear."""

SPEED = 60
"""Five minutes, for which an e-mail's events are awaited, are five seconds; requests and orphans take their real time."""

PACE = {
    "TOCSIN_SPEED": str(SPEED), "TOCSIN_REMINDER_MINUTES": "", "LANE_CONCURRENCY": "128",
    "TWILIO_MESSAGES_PER_SECOND": "100", "TWILIO_CALLS_PER_SECOND": "100", "SES_MESSAGES_PER_SECOND": "100",
}  # fmt: skip
HELD = f"SELECT count(*) AS n FROM delivery WHERE handling IN ({Handling.PLANNED:d}, {Handling.SENDING:d})"
BEGUN = f"SELECT count(*) AS n FROM delivery WHERE handling <> {Handling.PLANNED:d}"
UNPLANNED = "SELECT count(*) AS n FROM wave WHERE planned_at IS NULL"
UNCERTAIN = f"SELECT count(*) AS n FROM delivery WHERE handling = {Handling.UNCERTAIN:d}"
REFUSED = "SELECT count(*) AS n FROM delivery_event WHERE provider_word = 'refused'"
FLAGGED = "SELECT count(*) AS n FROM delivery WHERE second_carrier_id IS NOT NULL"


@pytest.mark.proof
@pytest.mark.timeout(900)
async def test_no_lost_answer_of_10_000_and_no_killed_worker_sends_twice_or_forgets(tmp_path: Path) -> None:
    await check(tmp_path, citizens=take_share(3_400), kills=8, workers=2, faults=HANGING, seconds=600)


async def check(
    directory: Path, *, citizens: int, kills: int, workers: int, faults: dict[str, float], seconds: float
) -> None:
    async with AsyncExitStack() as stack:
        _, url = await stack.enter_async_context(open_cluster())
        valkey = await stack.enter_async_context(open_valkey())
        carriers = await stack.enter_async_context(open_carriers(speed=SPEED, silent=0.03, opens=0.0, **faults))
        settings = {"REDIS_URL": valkey.url, **describe(carriers), **PACE}
        web = Server(choose_port(), url, carriers.url, directory, settings)
        crew = [Server(web.port, url, carriers.url, directory, settings, "work") for _ in range(workers)]
        await send_alerts(citizens)
        began = monotonic()
        try:
            web.start()
            await web.wait_until_ready()
            await carriers.client.post(f"{carriers.url}/simulator/subscribe", json={"url": f"{web.url}/webhooks/ses"})
            for worker in crew:
                worker.start()
            await kill_some(kills, crew, citizens * len(Channel))
            await until(all_handed_over, seconds=seconds)
            took = monotonic() - began
            await carriers.settle()
            ledger = [line for line in await carriers.ledger() if line["direction"] == "outbound"]
            found = await list_violations(url, directory, ledger)
            uncertain, flagged = await count(UNCERTAIN), await count(FLAGGED)
            refused = await count(REFUSED)
        finally:
            await asyncio.gather(*(server.stop() for server in (web, *crew)))
    unanswered = sum(not line["answered"] for line in ledger)
    print(  # noqa: T201 - the numbers are what this is for
        f"{citizens * len(Channel)} deliveries, {len(ledger)} accepted, {refused} refused, {unanswered} without a clear answer, "
        f"{kills} kills of a worker, {took:.0f} s: {uncertain} uncertain, {flagged} sent twice and flagged; "
        f"{len(found)} violations"
    )
    assert found == []
    assert unanswered > len(ledger) / 5, "The fault has to have happened."


def describe(carriers: Carriers) -> dict[str, str]:
    return {name.upper(): str(value) for name, value in describe_carriers(carriers).items()}


async def send_alerts(citizens: int) -> list[UUID]:
    """Send one alert on each channel, so that nobody is left out because another channel has reached him."""
    town = await found_town()
    await settle_citizens(town, citizens, list(Channel))
    alerts = [await draft(town, [channel]) for channel in Channel]
    for alert in alerts:
        await send_now(alert)
    return [alert.id for alert in alerts]


async def kill_some(kills: int, crew: list[Server], deliveries: int) -> None:
    """Kill one worker after the other, at a drawn moment of each part of the sending."""
    chance = random.Random(6)
    for number in range(kills):
        enough = deliveries * (number + chance.uniform(0.2, 0.9)) / (kills + 1)
        await until(lambda enough=enough: has_begun(enough), seconds=300)  # type: ignore[misc]
        worker = crew[number % len(crew)]
        await worker.kill()
        if len(crew) == 1:
            await let_time_pass()
        worker.start()


async def has_begun(enough: float) -> bool:
    return await count(BEGUN) >= enough


async def let_time_pass() -> None:
    """Let minutes pass while nobody works: the dead one's leases are over, and what it had in hand is an orphan."""
    await get_database().execute_query("UPDATE due SET leased_until = NULL, announced_until = NULL")
    await pass_time(ORPHAN_SECONDS + 1)


async def all_handed_over() -> bool:
    return not await count(UNPLANNED) and not await count(HELD)


async def count(question: str) -> int:
    return int((await get_database().execute_query_dict(question))[0]["n"])
