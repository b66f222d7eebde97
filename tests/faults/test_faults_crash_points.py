"""The promise of every crash point: a process that dies there leaves nothing lost, nothing doubled and nothing undone."""

import re
from pathlib import Path

import pytest
from faults.recounting import list_violations
from faults.share import take_share
from faults.theatre import Onlooker, Server, choose_port, look_on, make_bearer
from stage.carrier import Carrier, open_carrier
from stage.cast import Town, draft, found_town, settle_citizens
from stage.office import pass_time
from stage.polling import until

from tocsin.crashes import EXIT_CODE, CrashPoint
from tocsin.database import get_database
from tocsin.due import Work, demand_work
from tocsin.lost import ORPHAN_SECONDS
from tocsin.records.communications import Communication, Tally, Wave
from tocsin.transactions import in_transaction
from tocsin.words import CommunicationState

CITIZENS = 24
TIMES = take_share(10)
SAMPLE = (CrashPoint.EVENTS_KEPT,)
# A thousand and two hundred times as fast: the reminders come after one second and two.
FAST = {"TOCSIN_SPEED": "1200", "TOCSIN_REMINDER_MINUTES": "20,40"}
SOURCES = Path(__file__).parents[2]


def test_every_crash_point_stands_in_the_product_once() -> None:
    sources = [file for root in ("server", "jobs", "graphql") for file in (SOURCES / root).rglob("*.py")]
    used = re.findall(r"crash\(CrashPoint\.(\w+)\)", "".join(file.read_text() for file in sources))
    assert sorted(used) == sorted(point.name for point in CrashPoint)


@pytest.mark.parametrize("point", SAMPLE)
async def test_nothing_is_lost_or_doubled_by_a_crash(database: str, tmp_path: Path, point: CrashPoint) -> None:
    await check(database, tmp_path, point)


@pytest.mark.proof
@pytest.mark.parametrize("time", range(TIMES))
@pytest.mark.parametrize("point", CrashPoint)
async def test_nothing_is_lost_or_doubled_by_a_crash_ever(
    database: str, tmp_path: Path, point: CrashPoint, time: int
) -> None:
    await check(database, tmp_path, point, seed=time)


async def check(database: str, directory: Path, point: CrashPoint, *, seed: int = 0) -> None:
    """Schedule an alert, let the server die at the point, start another one; recount when all is over."""
    async with open_carrier(1200, seed=seed, receipts_never=0.2) as carrier:
        await settle_citizens(town := await found_town(), CITIZENS)
        communication = await schedule(town)
        server = Server(choose_port(), database, carrier.url, directory, FAST)
        onlooker = Onlooker("wall", server.url, make_bearer(town), communication)
        async with look_on([onlooker]):
            server.start(TOCSIN_CRASH_AT=point.value)
            assert await server.wait_for_end() == EXIT_CODE
            await let_leases_end()
            server.start()
            try:
                await until(lambda: is_over(communication))
                await carrier.settle()
                found = await recount_at_rest(database, directory, carrier, onlooker)
            finally:
                await server.stop()
    assert found == []


async def recount_at_rest(database: str, directory: Path, carrier: Carrier, onlooker: Onlooker) -> list[str]:
    """Return what is found once nothing has moved meanwhile: silence may still expire, and the picture follow it."""
    while True:
        before = await read_version(onlooker)
        await until(onlooker.is_current)
        found = await list_violations(database, directory, await carrier.ledger(), onlooker.pictures)
        if await read_version(onlooker) == before:
            return found


async def read_version(onlooker: Onlooker) -> int:
    return (await Tally.get(communication_id=onlooker.communication.id)).version


async def schedule(town: Town) -> Communication:
    """Write an alert whose instant has come."""
    communication = await draft(town)
    communication.state = CommunicationState.SCHEDULED
    await communication.save()
    async with in_transaction() as connection:
        await demand_work(connection, Work.START, communication.id)
    return communication


async def let_leases_end() -> None:
    """Let minutes pass: the dead one's leases are over, and what it had in hand is known to be an orphan."""
    await get_database().execute_query("UPDATE due SET leased_until = NULL, announced_until = NULL")
    await pass_time(ORPHAN_SECONDS + 1)


async def is_over(communication: Communication) -> bool:
    """Whether every wave has come and settled."""
    current = await Communication.get(id=communication.id)
    pending = await get_database().execute_query_dict("SELECT id FROM reminder WHERE fate = 'PENDING'")
    waves = await Wave.filter(communication_id=communication.id)
    return current.state is CommunicationState.COMPLETED and not pending and all(wave.settled_at for wave in waves)
