"""The promise of an installation: shuffled, doubled reports and a sending under SIGKILL of all its parts; nothing lost, nothing twice."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic

import pytest
from faults.ground import REPORTS_EACH, kill_postgres, open_cluster, stage_scene
from faults.recounting import list_violations
from faults.share import take_share
from faults.storm import Storm, describe_ledger
from faults.theatre import Server, choose_port
from stage.cast import draft, found_town, send_now, settle_citizens
from stage.house import choose_settings
from stage.polling import until
from stage.simulator import Carriers, open_carriers
from stage.valkey import Valkey, open_valkey

from tocsin.database import get_database
from tocsin.embedded import EmbeddedPostgres
from tocsin.words import Handling

DOUBLED = 0.2
LINES = 48
SPEED = 50.0
EVENTS_EACH = 400
"""For so many reports one citizen gets a text of the second alert, which workers send meanwhile."""

QUIET = {"TOCSIN_REMINDER_MINUTES": ""}
UNSETTLED = f"""SELECT (SELECT count(*) FROM wave WHERE planned_at IS NULL)
  + (SELECT count(*) FROM delivery WHERE handling = {Handling.PLANNED:d} OR handling = {Handling.SENDING:d} AND handed_at IS NOT NULL)
  AS n"""


@dataclass
class Installation:
    """All parts, each of which may be killed and comes back where it was."""

    webs: list[Server]
    workers: list[Server]
    valkey: Valkey
    cluster: EmbeddedPostgres
    url: str
    carriers: Carriers

    def list_kills(self, number: int, chance: random.Random) -> list[Callable[[], Awaitable[object]]]:
        """Return so many kills: every part as often as every other, in a drawn order."""
        parts: list[Callable[[], Awaitable[object]]] = [
            *(partial(kill_process, process) for process in (*self.webs, *self.workers)),
            partial(kill_valkey, self.valkey),
            partial(kill_postgres, self.cluster),
        ]
        chosen = (parts * (number // len(parts) + 1))[-number:]
        chance.shuffle(chosen)
        return chosen


async def test_2_000_reports_survive_three_kills(tmp_path: Path) -> None:
    await check(tmp_path, events=2_000, kills=3, workers=0, seconds=60)


@pytest.mark.proof
@pytest.mark.timeout(1_500)
async def test_200_000_reports_and_a_sending_survive_twenty_kills(tmp_path: Path) -> None:
    await check(tmp_path, events=take_share(200_000), kills=20, workers=1, seconds=1_200)


async def check(directory: Path, *, events: int, kills: int, workers: int, seconds: float) -> None:
    chance = random.Random(6)
    async with open_installation(directory, workers) as place:
        scene = await stage_scene(round(events * (1 - DOUBLED) / REPORTS_EACH))
        reports = scene.write_reports(chance)
        sent = reports + chance.sample(reports, round(len(reports) * DOUBLED / (1 - DOUBLED)))
        chance.shuffle(sent)
        texts = await send_alert(events // EVENTS_EACH) if workers else 0
        storm = Storm([web.port for web in place.webs], choose_settings(place.webs[0].port), deque(sent))
        began = monotonic()
        killing = asyncio.create_task(kill_some(place.list_kills(kills, chance), storm))
        await storm.blow(LINES, seconds=seconds)
        took = monotonic() - began
        pauses = await killing
        await until(has_settled, seconds=240)
        await place.carriers.settle()
        ledger = [*describe_ledger(storm.acknowledged, sent), *await place.carriers.ledger()]
        found = await list_violations(place.url, directory, ledger)
    print(  # noqa: T201 - the numbers are what this is for
        f"{len(sent)} reports, {len(sent) - len(reports)} of them twice, {kills} kills, {took:.1f} s; {storm.refused} put off; "
        f"longest pause after a kill {max(pauses):.1f} s; {texts} texts sent meanwhile; {len(found)} violations"
    )
    assert len(storm.acknowledged) == len(sent)
    assert found == []


@asynccontextmanager
async def open_installation(directory: Path, workers: int) -> AsyncIterator[Installation]:
    """Run two web processes and the workers over PostgreSQL and Redis."""
    async with open_cluster() as (cluster, url), open_valkey() as valkey, open_carriers(speed=SPEED) as carriers:
        ports = [choose_port(), choose_port()]
        settings = {**QUIET, "REDIS_URL": valkey.url, "PUBLIC_URL": f"http://127.0.0.1:{ports[0]}"}
        settings["TWILIO_MESSAGES_PER_SECOND"] = "5"
        webs = [Server(port, url, carriers.url, directory, settings) for port in ports]
        crew = [Server(0, url, carriers.url, directory, settings, "work") for _ in range(workers)]
        for process in (*webs, *crew):
            process.start()
        try:
            await asyncio.gather(*(web.wait_until_ready(60) for web in webs))
            yield Installation(webs, crew, valkey, cluster, url, carriers)
        finally:
            await asyncio.gather(*(process.stop() for process in (*webs, *crew)))


async def send_alert(citizens: int) -> int:
    """Send a text to everybody of a town beside the one that the storm is about."""
    town = await found_town()
    await settle_citizens(town, citizens)
    await send_now(await draft(town))
    return citizens


async def has_settled() -> bool:
    """Whether everything that workers had to hand over is handed over, or known to be lost."""
    return not (await get_database().execute_query_dict(UNSETTLED))[0]["n"]


async def kill_some(kills: list[Callable[[], Awaitable[object]]], storm: Storm) -> list[float]:
    """Kill one part after the other, in the midst of each part of the storm; return how long reports stood still each time."""
    every = len(storm.waiting) / (len(kills) + 1)
    pauses = []
    for number, kill in enumerate(kills):
        while len(storm.acknowledged) < every * (number + 0.8):  # noqa: ASYNC110 - the storm tells nobody
            await asyncio.sleep(0.01)
        began = monotonic()
        await kill()
        before = len(storm.acknowledged)

        async def goes_on(before: int = before) -> bool:
            return len(storm.acknowledged) > before or not storm.waiting

        await until(goes_on, seconds=60)
        pauses.append(monotonic() - began)
    return pauses


async def kill_process(process: Server) -> None:
    await process.kill()
    process.start()


async def kill_valkey(valkey: Valkey) -> None:
    await valkey.kill()
    await valkey.start()
