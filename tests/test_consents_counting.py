"""Promises about what STOP and START do to what is planned and to who is eligible: at once, and one step of version."""

import asyncio
from dataclasses import replace

import pytest
from stage.cast import (
    ACCOUNT,
    assess,
    found_town,
    send_by_hand,
    settle_citizens,
)
from stage.consenting import (
    ALINE,
    BRUNO,
    fail_all,
    keep,
    plan_town,
    point_deliveries,
    read_suppressed,
    stage_alert,
    start,
    stop,
)
from stage.office import Office, accept, do_due_work, open_shop, refuse
from stage.polling import until

from tocsin.assessment import Moved
from tocsin.database import connect_alone, get_database
from tocsin.events import Answer, HandOver
from tocsin.planning import plan_chunk
from tocsin.records.communications import Communication, Delivery, Recipient, Tally
from tocsin.records.people import Citizen, ContactPoint
from tocsin.times import tell_time
from tocsin.words import Channel, CommunicationState, Handling, Outcome, OutcomeReason, SkipReason

pytestmark = pytest.mark.usefixtures("database")


async def test_what_is_planned_for_the_number_is_skipped_and_counted_at_once() -> None:
    alert = await stage_alert(handling=Handling.PLANNED)
    before = await Tally.get()
    moved = await keep(stop())
    first, second = [await Delivery.get(id=each.id) for each in alert.deliveries]
    assert (first.handling, first.skip_reason) == (Handling.SKIPPED, SkipReason.SUPPRESSED)
    assert second.handling is Handling.PLANNED
    recipient, tally = await Recipient.get(id=alert.recipients[0].id), await Tally.get()
    assert (recipient.outcome, recipient.reason) == (Outcome.NOT_CONTACTED, OutcomeReason.NO_USABLE_CONTACT_POINT)
    assert (recipient.reachable, recipient.version) == (False, tally.version)
    assert (tally.in_progress, tally.not_contacted, tally.eligible) == (1, 1, 0)
    assert moved.versions == {alert.id: before.version + 1}, "one step for all of it"


async def test_a_communication_whose_last_delivery_is_skipped_is_completed() -> None:
    alert = await stage_alert(1, handling=Handling.PLANNED)
    moved = await keep(stop())
    assert (moved.completed, len(moved.listings)) == ([alert.id], 1)
    assert (await Communication.get()).state is CommunicationState.COMPLETED


async def test_what_is_under_way_or_for_another_number_is_left_alone() -> None:
    alert = await stage_alert(handling=Handling.SENDING)
    await keep(stop())
    assert {each.handling for each in await Delivery.all()} == {Handling.SENDING}
    assert (await Recipient.get(id=alert.recipients[0].id)).outcome is Outcome.IN_PROGRESS


async def test_stop_and_start_move_who_is_eligible_and_the_version_once_each() -> None:
    alert = await stage_alert()
    await fail_all(alert)
    before = await Tally.get()
    assert before.eligible == 2
    for consent, eligible in ((stop(), 1), (start(), 2)):
        moved = await keep(consent)
        tally = await Tally.get()
        assert tally.eligible == eligible
        assert moved.versions == {alert.id: tally.version}
    assert (tally.version, tally.not_contacted) == (before.version + 2, 2)


async def test_who_can_be_reached_otherwise_stays_eligible_and_nothing_moves() -> None:
    town = await found_town()
    [citizen] = await settle_citizens(town, 1)
    await ContactPoint.create(citizen_id=citizen.id, address="+14185550777", channels=[2])
    alert = await send_by_hand(town)
    await point_deliveries(alert)
    await assess(alert.id)
    await fail_all(alert)
    before = await Tally.get().values()
    assert (await keep(stop())).versions == {}
    assert await Tally.get().values() == before


async def test_a_channel_that_the_communication_does_not_use_makes_nobody_eligible() -> None:
    town = await found_town()
    await settle_citizens(town, 1, [Channel.SMS, Channel.EMAIL])
    alert = await send_by_hand(town)
    await point_deliveries(alert)
    await get_database().execute_query("UPDATE delivery SET address = $1", [ALINE])
    await assess(alert.id)
    await fail_all(alert)
    await keep(stop())
    assert (await Tally.get()).eligible == 0


@pytest.mark.parametrize("change", [{"state": CommunicationState.CANCELLED}, {"sent_at": None}])
async def test_what_is_cancelled_or_not_sent_is_not_touched(change: dict[str, object]) -> None:
    alert = await stage_alert()
    await fail_all(alert)
    await Communication.all().update(**change)
    before = await Tally.get().values()
    await keep(stop())
    assert await Tally.get().values() == before


async def test_the_profile_of_whoever_lives_there_has_changed() -> None:
    await settle_citizens(await found_town(), 2)
    before = {each.first_name: each.modified_at for each in await Citizen.all()}
    await keep(stop())
    changed = {each.first_name for each in await Citizen.all() if each.modified_at != before[each.first_name]}
    assert changed == {"Aline"}


async def test_a_stop_between_two_chunks_of_planning_is_seen_by_the_next() -> None:
    wave = await plan_town(3)
    accounts = {Channel.SMS: ACCOUNT}
    await plan_chunk(wave.id, accounts, tell_time(), size=1)
    await keep(stop(BRUNO))
    await plan_chunk(wave.id, accounts, tell_time(), size=5)
    deliveries = {each.address: each for each in await Delivery.all()}
    assert (deliveries[ALINE].handling, deliveries[BRUNO].skip_reason) == (Handling.PLANNED, SkipReason.SUPPRESSED)
    assert [each.reachable for each in await Recipient.all().order_by("phone")] == [True, False, True]


async def test_a_stop_waits_for_the_chunk_that_is_being_planned(database: str) -> None:
    """That chunk has read the number as it was; its rows have to be there before they can be put right."""
    wave = await plan_town(2)
    await plan_chunk(wave.id, {Channel.SMS: ACCOUNT}, tell_time(), size=1)
    planner = await connect_alone(database)
    transaction = planner.transaction()
    await transaction.start()
    await planner.execute("SELECT FROM tally FOR NO KEY UPDATE")
    said = asyncio.create_task(keep(stop(BRUNO)))
    waiting = "SELECT FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
    await until(lambda: planner.fetch(waiting))
    await transaction.rollback()
    await said
    await planner.close()
    assert await read_suppressed(BRUNO) == [[2]]


async def test_a_new_wave_leaves_out_who_said_stop_and_takes_in_who_said_start() -> None:
    await plan_town(2)
    await keep(stop(), stop(BRUNO), start(BRUNO))
    async with open_shop(office := Office()) as shop:
        await do_due_work(shop)
        await do_due_work(shop)
    assert set(office.accepted) == {BRUNO}


async def test_a_refusal_that_tells_of_a_stop_suppresses_the_number() -> None:
    """The carrier knows of a STOP that never reached us."""
    await plan_town(2)

    def refuse_aline(office: Office, hand_over: HandOver) -> Answer:
        if hand_over.address != ALINE:
            return accept(office, hand_over)
        return replace(refuse(office, hand_over), consents=[stop(key="refused")])

    moved: list[Moved] = []
    async with open_shop(Office(answer=refuse_aline), moved) as shop:
        await do_due_work(shop)
        await do_due_work(shop)
    assert (await read_suppressed(), await read_suppressed(BRUNO)) == ([[2]], [[]])
    assert {each.handling for each in await Delivery.all()} == {Handling.TAKEN}
    tally = await Tally.get()
    assert (tally.not_contacted, tally.eligible) == (1, 0)
    assert max(version for each in moved for version in each.versions.values()) == tally.version
