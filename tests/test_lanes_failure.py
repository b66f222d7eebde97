"""Promises of FAILED: said when nothing could be handed over for long, and taken back as soon as something is."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest
from stage.cast import ACCOUNT, Alert, Town, draft, found_town, settle_citizens
from stage.lane import (
    Carrier,
    age,
    choose_settings,
    count_handlings,
    open_carrier,
    open_shop,
    plan,
    report,
    work,
)
from structlog.testing import capture_logs

from tocsin.assessment import Moved
from tocsin.database import get_database
from tocsin.expiry import measure_expiries
from tocsin.ledger import apply_events
from tocsin.planning import plan_chunk
from tocsin.records.communications import Communication, Delivery, Tally, Wave
from tocsin.records.people import Municipality
from tocsin.records.work import Lane
from tocsin.sending import open_first_wave
from tocsin.standstill import judge_standstill
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.transactions import in_transaction
from tocsin.words import Channel, CommunicationState, Handling

pytestmark = pytest.mark.usefixtures("database")

HALF_AN_HOUR = 1_800


async def stage(citizens: int) -> tuple[Town, Alert]:
    town = await found_town()
    return town, await plan(town, await settle_citizens(town, citizens))


async def fail_first(carrier: Carrier, turn: Callable[[], Awaitable[None]]) -> None:
    """Bring a communication to the point where it counts as failed."""
    carrier.always = 401
    await turn()
    await age(paused_at=HALF_AN_HOUR + 60, sent_at=HALF_AN_HOUR + 60)
    await turn()


async def test_after_half_an_hour_of_refusals_nothing_handed_over_is_a_failure_and_said_so() -> None:
    town, alert = await stage(2)
    moved: list[Moved] = []
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS, announce=moved.append) as shop:
        carrier.always = 401
        await work(shop)
        assert (await Communication.get(id=alert.id)).state is CommunicationState.IN_PROGRESS
        before = (await Tally.get(communication_id=alert.id)).version
        with capture_logs() as said:
            await fail_first(carrier, lambda: work(shop))
    assert (await Communication.get(id=alert.id)).state is CommunicationState.FAILED
    assert [line["state"] for line in said if line["event"] == "communication stands"] == ["FAILED"]
    tally = await Tally.get(communication_id=alert.id)
    assert tally.version > before
    assert (tally.contacted, tally.in_progress, tally.not_contacted) == (0, 2, 0)
    assert moved[-1].versions == {alert.id: tally.version}
    assert moved[-1].listings == [town.municipality.id]
    assert (await Municipality.get(id=town.municipality.id)).version > 0


async def test_what_failed_is_in_progress_again_as_soon_as_something_is_handed_over() -> None:
    _, alert = await stage(3)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:
        await fail_first(carrier, lambda: work(shop))
        assert (await Communication.get(id=alert.id)).state is CommunicationState.FAILED
        await work(shop)
        assert (await Communication.get(id=alert.id)).state is CommunicationState.FAILED, (
            "a refused try changes nothing"
        )
        carrier.always = 200
        await work(shop)
    assert (await Communication.get(id=alert.id)).state is CommunicationState.IN_PROGRESS
    assert await count_handlings() == {Handling.TAKEN: 3}
    assert len(set(carrier.taken)) == 3


@pytest.mark.parametrize(("column", "seconds"), [("paused_at", HALF_AN_HOUR - 60), ("sent_at", HALF_AN_HOUR - 60)])
async def test_neither_a_short_pause_nor_a_late_sending_is_a_failure(column: str, seconds: float) -> None:
    _, alert = await stage(1)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:
        carrier.always = 401
        await work(shop)
        await age(**{"paused_at": HALF_AN_HOUR + 60, "sent_at": HALF_AN_HOUR + 60, column: seconds})
        await work(shop)
    assert (await Communication.get(id=alert.id)).state is CommunicationState.IN_PROGRESS


async def test_a_communication_of_which_one_was_handed_over_has_not_failed() -> None:
    _, alert = await stage(3)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS, lane_concurrency=1) as shop:
        carrier.answers = [200]
        await fail_first(carrier, lambda: work(shop))
    assert await count_handlings() == {Handling.TAKEN: 1, Handling.PLANNED: 2}
    assert (await Communication.get(id=alert.id)).state is CommunicationState.IN_PROGRESS


async def test_a_communication_with_another_lane_that_works_has_not_failed() -> None:
    _, alert = await stage(2)
    await get_database().execute_query(f"UPDATE delivery SET channel = 3 WHERE id = '{alert.deliveries[0].id}'")
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:
        await fail_first(carrier, lambda: work(shop))
        assert (await Communication.get(id=alert.id)).state is CommunicationState.IN_PROGRESS
    await Lane.create(
        account=alert.deliveries[0].account, channel=Channel.EMAIL, paused_at=datetime(2026, 1, 1).astimezone()
    )
    moved, changes = await judge_standstill(HALF_AN_HOUR)
    assert changes == {alert.id: CommunicationState.FAILED}
    assert set(moved.versions) == {alert.id}


async def test_what_failed_is_completed_like_any_other_once_all_of_it_is_settled() -> None:
    _, alert = await stage(1)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:
        await fail_first(carrier, lambda: work(shop))
    event = report(alert.deliveries[0].id, DeliveryStatus.SMS_RECEIVED)
    applied = await apply_events([event], measure_expiries(choose_settings()))
    assert applied.moved.completed == [alert.id]
    assert (await Communication.get(id=alert.id)).state is CommunicationState.COMPLETED
    assert (await judge_standstill(HALF_AN_HOUR))[1] == {}


async def test_each_that_failed_moves_again_when_its_own_turn_has_come_in_whatever_shift() -> None:
    town, first = await stage(1)
    second = await plan(town, await settle_citizens(town, 1))
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:
        await fail_first(carrier, lambda: work(shop))
        assert await Communication.filter(state=CommunicationState.FAILED).count() == 2
        carrier.always = 200
        await Delivery.filter(id=second.deliveries[0].id).update(account="somebody else's")
        await work(shop)
        assert (await Communication.get(id=first.id)).state is CommunicationState.IN_PROGRESS
        assert (await Communication.get(id=second.id)).state is CommunicationState.FAILED
        await Delivery.filter(id=second.deliveries[0].id).update(account=first.deliveries[0].account)
        await plan(town, await settle_citizens(town, 1))
        await work(shop)
    assert (await Communication.get(id=second.id)).state is CommunicationState.IN_PROGRESS


async def test_a_wave_is_planned_to_its_end_whether_or_not_it_counts_as_failed() -> None:
    town = await found_town()
    await settle_citizens(town, 3)
    communication = await draft(town)
    async with in_transaction() as connection:
        await open_first_wave(connection, communication.id, "Olivier", reminders=())
    await Communication.filter(id=communication.id).update(state=CommunicationState.FAILED)
    wave = await Wave.get(communication_id=communication.id)
    await plan_chunk(wave.id, {Channel.SMS: ACCOUNT}, tell_time())
    assert await count_handlings() == {Handling.PLANNED: 3}
