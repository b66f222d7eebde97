"""The promise of clocks: the database's decides, so a process that is days ahead or behind sends and reminds as any other."""

from datetime import timedelta
from pathlib import Path

import pytest
from faults.recounting import list_violations
from faults.theatre import Server, choose_port
from stage.carrier import open_carrier
from stage.cast import draft, found_town, settle_citizens
from stage.polling import until
from stage.skew import make_program

from tocsin.database import get_database
from tocsin.due import Work, demand_work
from tocsin.records.communications import Communication, Delivery, Reminder
from tocsin.times import tell_time
from tocsin.transactions import in_transaction
from tocsin.words import CommunicationState, Handling

CITIZENS = 8
MINUTES = (30, 60)
NEAR = timedelta(seconds=90)
OLDEST = "SELECT min(expires_at - clock_timestamp()) AS left FROM delivery WHERE expires_at IS NOT NULL"


@pytest.mark.parametrize("days", [-3, pytest.param(3, marks=pytest.mark.proof)])
async def test_a_process_whose_clock_is_wrong_sends_and_reminds_by_the_databases(
    database: str, tmp_path: Path, days: int
) -> None:
    async with open_carrier(receipts_never=1.0) as carrier:
        await settle_citizens(town := await found_town(), CITIZENS)
        communication = await draft(town)
        await communication.update_from_dict({"state": CommunicationState.SCHEDULED}).save()
        async with in_transaction() as connection:
            await demand_work(connection, Work.START, communication.id)
        program = make_program(timedelta(days=days))
        server = Server(choose_port(), database, carrier.url, tmp_path, program=program)
        server.start()
        try:
            await until(is_handed_over, seconds=60)
            await carrier.settle()
            sent = (await Communication.get(id=communication.id)).sent_at
            found = await list_violations(database, tmp_path, await carrier.ledger())
        finally:
            await server.stop()
    assert found == []
    assert sent is not None
    assert abs(sent - tell_time()) < NEAR
    due = await Reminder.filter(communication_id=communication.id).order_by("number").values_list("due_at", flat=True)
    assert [at - sent for at in due] == [timedelta(minutes=minutes) for minutes in MINUTES]  # type: ignore[operator]
    assert not await Delivery.filter(expired=True).exists()
    left = (await get_database().execute_query_dict(OLDEST))[0]["left"]
    assert timedelta(minutes=30) - NEAR < left <= timedelta(minutes=30)


async def is_handed_over() -> bool:
    """Whether each of them has been taken, by the carrier or not."""
    return await Delivery.filter(handling=Handling.TAKEN, status__isnull=False).count() == CITIZENS
