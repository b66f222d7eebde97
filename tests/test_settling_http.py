"""Promises about answers that are lost on the way, with the simulated carrier over real HTTP: nothing twice, nothing forgotten."""

import asyncio
from collections import Counter

import httpx2
import pytest
from stage.carrier import Carrier, open_carrier
from stage.cast import Town, draft, found_town, send_now, settle_citizens
from stage.house import open_house
from stage.polling import until

from tocsin.identifiers import expose
from tocsin.records.communications import Communication, Delivery, Tally
from tocsin.records.work import Due
from tocsin.words import CommunicationState, Handling
from tocsin_providers import twilio_rest

SPEED = 600.0
"""A minute is a tenth of a second."""

CITIZENS = 40
FAST = {"tocsin_speed": SPEED, "twilio_messages_per_second": 400.0}
OVER = {Handling.TAKEN, Handling.UNCERTAIN, Handling.SKIPPED}


async def send_to(town: Town, citizens: int = CITIZENS) -> Communication:
    await settle_citizens(town, citizens)
    communication = await draft(town)
    await send_now(communication)
    return communication


async def wait_until_completed(communication: Communication) -> None:
    await until(lambda: Communication.filter(id=communication.id, state=CommunicationState.COMPLETED).count())


async def check_books(communication: Communication, carrier: Carrier) -> Counter[Handling]:
    """Every delivery has come to an end, and the carrier has not accepted any of them twice."""
    deliveries = await Delivery.filter(communication_id=communication.id)
    accepted = await carrier.count_accepted()
    assert {each.handling for each in deliveries} <= OVER
    assert max(accepted.values()) == 1
    for each in deliveries:
        if each.carrier_id is not None:
            assert accepted[expose("delivery", each.id)] == 1
        assert each.second_carrier_id is None
    tally = await Tally.get(communication_id=communication.id)
    assert tally.contacted + tally.in_progress + tally.not_contacted == tally.total == CITIZENS
    assert (tally.in_progress, tally.uncertain) == (0, sum(each.handling is Handling.UNCERTAIN for each in deliveries))
    return Counter(each.handling for each in deliveries)


@pytest.mark.parametrize("fault", ["lost_answers", "hanging_answers", "error_after_accept"])
async def test_no_fault_of_an_answer_sends_a_text_twice_or_forgets_one(
    database_url: str, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(twilio_rest, "TIMEOUT", httpx2.Timeout(2.0, read=0.3))
    async with (
        open_carrier(SPEED, silent=0.5, **{fault: 0.5}) as carrier,
        open_house(database_url, working=True, twilio_base_url=carrier.url, **FAST),
    ):
        communication = await send_to(await found_town())
        await wait_until_completed(communication)
        handlings = await check_books(communication, carrier)
        assert handlings[Handling.UNCERTAIN] == 0, "every text can be found at the carrier"
        unanswered = [entry for entry in await carrier.ledger() if not entry["answered"]]
        assert len(unanswered) > 5, "the fault has to have happened"


async def test_a_carrier_that_refuses_connections_gets_every_text_once_it_listens(database_url: str) -> None:
    async with open_carrier(SPEED) as carrier:
        port = await find_closed_port()
        async with open_house(database_url, working=True, twilio_base_url=f"http://127.0.0.1:{port}", **FAST):
            communication = await send_to(await found_town())
            await until(Due.filter(kind="LANE", fence__gt=0).count)
            assert not await Delivery.filter(handling=Handling.TAKEN).count()
        async with open_house(database_url, working=True, twilio_base_url=carrier.url, **FAST):
            await wait_until_completed(communication)
            await check_books(communication, carrier)


async def find_closed_port() -> int:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port
