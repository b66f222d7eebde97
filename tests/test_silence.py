"""Promises about deliveries that the carrier has taken and is silent about: asked in time, seldom, and no more than needed."""

import asyncio
from uuid import UUID

import pytest
from stage.cast import ACCOUNT, Alert, assess, found_town, send_by_hand, settle_citizens
from stage.office import Office, open_shop, pass_time

from tocsin.database import get_database
from tocsin.expiry import HALF_HOUR, expire_deliveries
from tocsin.records.communications import Delivery, Recipient, Tally
from tocsin.settings import read_settings
from tocsin.silence import claim_silent, measure_silences
from tocsin.statuses import FINAL, DeliveryStatus
from tocsin.words import Channel, Handling, Outcome
from tocsin_jobs.asking import BATCH, PER_SECOND, ROUNDS, ask_silent
from tocsin_jobs.workshop import Workshop

S = DeliveryStatus
MINUTE = 60
SILENCES = {status: each for each in measure_silences(read_settings()) for status in each.statuses}

pytestmark = pytest.mark.usefixtures("database")


async def stage_alert(shop: Workshop, office: Office, status: DeliveryStatus = S.SMS_SENT, citizens: int = 1) -> Alert:
    """Put a sent communication on stage whose deliveries the carrier has taken and reported once."""
    town = await found_town()
    await settle_citizens(town, citizens)
    alert = await send_by_hand(town)
    await assess(alert.id)
    await shop.writer.keep(
        [office.report(each.id, f"SM{place:032x}", status) for place, each in enumerate(alert.deliveries)]
    )
    return alert


async def ask_after(shop: Workshop, minutes: float) -> None:
    await pass_time(minutes * MINUTE)
    await ask_silent(shop)


async def test_a_receipt_that_was_dropped_on_the_way_is_fetched() -> None:
    office = Office(says=S.SMS_RECEIVED)
    async with open_shop(office) as shop:
        alert = await stage_alert(shop, office)
        await ask_after(shop, 9.5)
        assert office.fetched == []
        await ask_after(shop, 1)
    assert office.fetched == ["SM" + "0" * 32]
    assert (await Tally.get(communication_id=alert.id)).contacted == 1


async def test_a_text_that_stays_silent_is_asked_about_twice_and_then_missed() -> None:
    office = Office()
    async with open_shop(office) as shop:
        await stage_alert(shop, office)
        for _ in range(29):
            await ask_after(shop, 1)
        assert len(office.fetched) == 2
        assert (await Delivery.get()).expired is False
        await pass_time(2 * MINUTE)
        shop.announce(await expire_deliveries())
        await ask_silent(shop)
    assert len(office.fetched) == 2
    assert (await Recipient.get()).outcome is Outcome.NOT_CONTACTED


async def test_each_new_status_is_asked_about_anew() -> None:
    office = Office(says=S.SMS_SENT)
    async with open_shop(office) as shop:
        await stage_alert(shop, office, S.SMS_SENDING)
        await ask_after(shop, 11)
        assert (await Delivery.get()).asked_at is None, "it has risen"
        await ask_after(shop, 9)
        assert len(office.fetched) == 1
        await ask_after(shop, 2)
    assert len(office.fetched) == 2


@pytest.mark.parametrize("status", [S.SMS_ACCEPTED, S.SMS_QUEUED])
async def test_a_text_in_the_carriers_queue_is_given_as_long_as_it_may_stay_there(status: DeliveryStatus) -> None:
    assert (SILENCES[status].first, SILENCES[status].every) == (40 * MINUTE, 30 * MINUTE)


async def test_a_call_that_waits_at_the_carrier_is_asked_about_every_half_hour_and_given_a_day() -> None:
    office = Office(channel=Channel.CALL, says=S.CALL_QUEUED)
    async with open_shop(office) as shop:
        alert = await stage_alert(shop, office, S.CALL_QUEUED)
        await Delivery.all().update(channel=Channel.CALL)
        for _ in range(24 * 6 - 1):
            await ask_after(shop, 10)
        shop.announce(await expire_deliveries())
        assert 45 <= len(office.fetched) <= 48
        assert (await Tally.get(communication_id=alert.id)).in_progress == 1
        await pass_time(11 * MINUTE)
        shop.announce(await expire_deliveries())
    assert (await Tally.get(communication_id=alert.id)).not_contacted == 1


def test_every_pending_status_of_calls_and_texts_is_asked_about_and_nothing_else() -> None:
    expected = {status for status in S if status not in FINAL and status.channel is not Channel.EMAIL}
    assert set(SILENCES) == expected


@pytest.mark.parametrize("speed", [1, 300])
def test_a_status_is_asked_about_before_it_expires_and_never_more_often_than_it_lasts(speed: float) -> None:
    for silence in measure_silences(read_settings(tocsin_speed=speed)):
        assert 0 < silence.every <= HALF_HOUR / speed
        assert silence.every <= silence.first


@pytest.mark.parametrize(
    "change",
    [
        "handling = 4",
        "carrier_id = NULL",
        "expired = true",
        "ended_at = now()",
        "account = 'AC9'",
        "status = 260, expires_at = NULL",
    ],
)
async def test_what_can_not_be_asked_about_is_not(change: str) -> None:
    office = Office()
    async with open_shop(office) as shop:
        await stage_alert(shop, office)
        await get_database().execute_query(f"UPDATE delivery SET {change}")
        await ask_after(shop, 25)
    assert office.fetched == []


async def test_many_silent_texts_are_asked_about_a_few_at_a_time_the_nearest_to_their_end_first() -> None:
    office = Office()
    async with open_shop(office, tocsin_speed=60) as shop:
        alert = await stage_alert(shop, office, citizens=BATCH * ROUNDS + 20)
        await get_database().execute_query(
            "UPDATE delivery SET expires_at = expires_at - interval '1 second' WHERE id = $1", [alert.deliveries[77].id]
        )
        await pass_time(11)
        await ask_silent(shop)
        assert len(office.fetched) == BATCH * ROUNDS
        assert f"SM{77:032x}" in office.fetched[:BATCH]
        await ask_silent(shop)
    assert len(set(office.fetched)) == BATCH * ROUNDS + 20


async def test_questions_keep_their_pace() -> None:
    office = Office()
    async with open_shop(office) as shop:
        await stage_alert(shop, office, citizens=4)
        await pass_time(11 * MINUTE)
        begun = asyncio.get_running_loop().time()
        await ask_silent(shop)
    assert asyncio.get_running_loop().time() - begun >= 3 / PER_SECOND


async def test_two_processes_do_not_ask_about_the_same_delivery() -> None:
    office = Office()
    async with open_shop(office) as shop:
        await stage_alert(shop, office, citizens=3)
    await pass_time(11 * MINUTE)
    chosen = [await claim_silent(SILENCES[S.SMS_SENT], ACCOUNT, limit=2) for _ in range(3)]
    assert [len(each) for each in chosen] == [2, 1, 0]


async def test_a_silent_delivery_stays_what_it_is_while_it_is_asked_about() -> None:
    office = Office()
    async with open_shop(office) as shop:
        alert = await stage_alert(shop, office)
        before = await Tally.get(communication_id=alert.id).values()
        await ask_after(shop, 11)
    assert await Tally.get(communication_id=alert.id).values() == before
    assert (await read_delivery(alert.deliveries[0].id)).handling is Handling.TAKEN


async def read_delivery(key: UUID) -> Delivery:
    return await Delivery.get(id=key)
