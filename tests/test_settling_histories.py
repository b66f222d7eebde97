"""The promise about lost answers over whatever happens: nothing goes out twice, nothing is forgotten, nothing is miscounted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage.cast import draft, found_town, send_now, settle_citizens
from stage.office import (
    Office,
    accept,
    accept_and_lose,
    deny,
    do_due_work,
    lose,
    mumble,
    open_shop,
    pass_time,
    put_off,
    refuse,
    search,
)

from tocsin.database import get_database
from tocsin.events import Answer, Finding, HandOver, Inquiry
from tocsin.expiry import expire_deliveries
from tocsin.lost import ORPHAN_SECONDS, note_orphans
from tocsin.records.communications import Communication, Delivery, Tally
from tocsin.statuses import DeliveryStatus
from tocsin.words import CommunicationState, Handling
from tocsin_jobs import asking
from tocsin_jobs.asking import ask_about_lost, ask_silent
from tocsin_jobs.workshop import Workshop

S = DeliveryStatus
ANSWERS: tuple[Callable[[Office, HandOver], Answer], ...] = (accept, accept_and_lose, lose, put_off, refuse)
FINDINGS: tuple[Callable[[Office, Inquiry], Finding], ...] = (search, mumble, deny)
STEPS = ("work", "work", "ask", "ask", "ask", "report", "orphan", "fetch")

pytestmark = pytest.mark.usefixtures("database")


@dataclass
class Weather:
    """What goes wrong and when, drawn from a seed; `calm` ends all of it. No list lags twice in a row for one delivery."""

    chance: Random
    calm: bool = False
    lagged: Counter[object] = field(default_factory=Counter)

    def answer(self, office: Office, hand_over: HandOver) -> Answer:
        chosen = accept if self.calm else self.chance.choice(ANSWERS)
        return chosen(office, hand_over)

    def know(self, office: Office, inquiry: Inquiry) -> Finding:
        key = inquiry.hand_over.delivery_id
        chosen = search if self.calm else self.chance.choice(FINDINGS)
        if chosen is deny and self.lagged[key]:
            chosen = search
        self.lagged[key] += chosen is deny
        return chosen(office, inquiry)


async def do_step(shop: Workshop, office: Office, chance: Random) -> None:
    """Do something that the server or the carrier may do next."""
    await pass_time(chance.choice([0, 31, 31, 61, 700]))
    step = chance.choice(STEPS)
    if step == "work":
        await do_due_work(shop)
    elif step == "ask":
        await ask_about_lost(shop)
    elif step == "fetch":
        await ask_silent(shop)
    elif step == "report":
        await report_some(shop, office, chance, share=0.3)
    elif chance.random() < 0.5:
        # As if the process had ended with these under way: nobody knows that their answers are lost.
        await get_database().execute_query("UPDATE delivery SET lost_at = NULL, asked_at = NULL WHERE handling = 2")
    else:
        await pass_time(ORPHAN_SECONDS + 1)
        await note_orphans()


async def report_some(shop: Workshop, office: Office, chance: Random, *, share: float) -> None:
    """Let some callbacks arrive, about what was truly accepted."""
    events = [
        office.report(key, sid, chance.choice([S.SMS_SENT, S.SMS_RECEIVED, S.SMS_UNDELIVERED]))
        for texts in office.accepted.values()
        for sid, key in texts
        if chance.random() < share
    ]
    if events:
        await shop.writer.keep(events)


async def come_to_rest(shop: Workshop) -> None:
    """Go on in calm weather until nothing is planned or being sent."""
    for _ in range(60):
        await pass_time(ORPHAN_SECONDS + 1)
        await note_orphans()
        await do_due_work(shop)
        await ask_about_lost(shop)
        if not await Delivery.filter(handling__in=[Handling.PLANNED, Handling.SENDING]).count():
            return
    raise AssertionError("something never comes to an end")


async def live_through(seed: int, *, citizens: int, steps: int, shared: bool) -> None:
    chance = Random(seed)
    town = await found_town(f"town-{uuid4().hex[:10]}")
    await settle_citizens(town, citizens)
    if shared:
        await get_database().execute_query("UPDATE contact_point SET address = left(address, -1) || '0'")
    communication = await draft(town)
    await send_now(communication)
    weather = Weather(chance)
    office = Office(answer=weather.answer, know=weather.know)
    async with open_shop(office) as shop:
        for _ in range(steps):
            await do_step(shop, office, chance)
        weather.calm = True
        await come_to_rest(shop)
        await check(communication, office, shared=shared)
        await report_some(shop, office, chance, share=1)
        await pass_time(48 * 3600)
        shop.announce(await expire_deliveries())
    assert (await Communication.get(id=communication.id)).state is CommunicationState.COMPLETED
    await Communication.all().delete()


async def check(communication: Communication, office: Office, *, shared: bool) -> None:
    """Compare what the server says with what the carrier truly accepted."""
    deliveries = await Delivery.filter(communication_id=communication.id)
    tally = await Tally.get(communication_id=communication.id)
    for address, texts in office.accepted.items():
        assert len(texts) <= sum(each.address == address for each in deliveries), "more than was ever planned for it"
    for each in deliveries:
        if not shared:
            assert office.count(each.id) <= 1
        if each.handling is Handling.TAKEN and each.status is not S.SMS_FAILED:
            assert each.carrier_id in {sid for sid, _ in office.accepted[each.address]}
        if each.status is S.SMS_FAILED:
            assert each.carrier_id is None
    assert tally.uncertain == sum(each.handling is Handling.UNCERTAIN for each in deliveries)
    assert tally.contacted == sum(each.status is S.SMS_RECEIVED for each in deliveries)
    assert tally.contacted + tally.in_progress + tally.not_contacted == tally.total == len(deliveries)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), shared=st.booleans())
async def test_whatever_is_lost_nothing_goes_out_twice_and_nothing_is_forgotten(seed: int, shared: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "PER_SECOND", 10_000.0)
        await live_through(seed, citizens=6, steps=12, shared=shared)


@pytest.mark.proof
@pytest.mark.timeout(900)
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), shared=st.booleans())
async def test_it_holds_over_400_longer_histories(seed: int, shared: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "PER_SECOND", 10_000.0)
        await live_through(seed, citizens=10, steps=30, shared=shared)
