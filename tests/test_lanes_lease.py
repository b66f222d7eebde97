"""Promises of the lease on a lane: one worker at a time, and one who slept past it hands nothing over."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from stage.cast import Alert, found_town, lose_answer, settle_citizens
from stage.lane import (
    count_handlings,
    find_due,
    hold_lane,
    open_carrier,
    open_shop,
    plan,
    report,
    work,
)

from tocsin.assessment import Moved
from tocsin.database import get_database
from tocsin.due import renew_lease, take_work
from tocsin.expiry import measure_expiries
from tocsin.handover import give_back, take_deliveries
from tocsin.ledger import apply_events
from tocsin.records.communications import Delivery
from tocsin.records.work import Due
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.turns import Turns
from tocsin.waiting import Waiting
from tocsin.words import Channel, Handling
from tocsin_jobs.performance import perform

pytestmark = pytest.mark.usefixtures("database")


async def stage(citizens: int, slug: str = "sainte-rive", channel: Channel = Channel.SMS) -> Alert:
    town = await found_town(slug)
    return await plan(town, await settle_citizens(town, citizens, list(Channel)), channel=channel)


async def end_lease() -> None:
    """Let half a minute pass for whoever holds the lane, without waiting for it."""
    await get_database().execute_query("UPDATE due SET leased_until = now() - interval '1 second'")


async def test_a_lane_is_held_by_one_worker_at_a_time() -> None:
    await stage(1)
    _, lease = await hold_lane()
    assert await take_work(lease.id) is None
    await end_lease()
    later = await take_work(lease.id)
    assert later is not None
    assert later.fence > lease.fence
    assert (await renew_lease(lease), await renew_lease(later)) == (False, True)


async def test_a_fence_never_comes_twice_even_for_work_that_was_done_and_asked_for_again() -> None:
    alert = await stage(1)
    _, first = await hold_lane()
    await Due.all().delete()
    await give_back([])
    await Delivery.filter(id=alert.deliveries[0].id).update(handling=Handling.SENDING)
    await give_back([alert.deliveries[0].id])
    _, second = await hold_lane()
    assert (second.id != first.id, second.fence > first.fence) == (True, True)


async def test_whoever_has_lost_the_lease_takes_nothing() -> None:
    alert = await stage(3)
    lane, lease = await hold_lane()
    await end_lease()
    assert (await take_deliveries(lane, lease, 2, turns=Turns())).hand_overs == []
    assert await count_handlings() == {Handling.PLANNED: 3}
    later = await take_work(lease.id)
    assert later is not None
    assert (await take_deliveries(lane, lease, 2, turns=Turns())).hand_overs == []
    taken = await take_deliveries(lane, later, 2, turns=Turns())
    assert [each.delivery_id for each in taken.hand_overs] == [each.id for each in alert.deliveries[:2]]


async def test_a_worker_stalled_in_a_request_hands_over_nothing_more_when_it_wakes() -> None:
    alert = await stage(6)
    awake, stalled = asyncio.Event(), asyncio.Event()

    async def stall() -> None:
        stalled.set()
        await awake.wait()

    async with (
        open_carrier() as slow,
        open_carrier() as quick,
        open_shop(slow, Channel.SMS, lane_concurrency=1) as first,
        open_shop(quick, Channel.SMS, lane_concurrency=1) as second,
    ):
        slow.hold = stall
        sleeping = asyncio.create_task(work(first))
        await stalled.wait()
        await end_lease()
        await work(second)
        assert await count_handlings() == {Handling.SENDING: 1, Handling.TAKEN: 5}
        awake.set()
        await sleeping
    assert (len(slow.taken), len(quick.taken)) == (1, 5)
    assert {UUID(key) for key in slow.taken + quick.taken} == {each.id for each in alert.deliveries}
    assert await count_handlings() == {Handling.TAKEN: 6}


async def test_a_worker_that_sleeps_between_taking_and_sending_sends_nothing_and_gives_back() -> None:
    alert = await stage(4)
    clock = [0.0]

    def fall_asleep(moved: Moved) -> None:
        """Whoever is told that a delivery was taken comes just before it would be sent."""
        clock[0] += 31
        sleepy.stopping.set()

    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:
        sleepy = replace(shop, announce=fall_asleep, measure_time=lambda: clock[0], stopping=asyncio.Event())
        await work(sleepy)
        assert (clock[0] > 30, carrier.taken) == (True, [])
        assert await count_handlings() == {Handling.PLANNED: 4}
        await work(shop)
    assert sorted(UUID(key) for key in carrier.taken) == [each.id for each in alert.deliveries]


async def test_what_somebody_else_has_taken_since_is_not_given_back() -> None:
    alert = await stage(1)
    lane, old = await hold_lane()
    await take_deliveries(lane, old, 1, turns=Turns())
    await lose_answer(alert.deliveries[0].id)
    assert await count_handlings() == {Handling.UNCERTAIN: 1}
    await Delivery.filter(id=alert.deliveries[0].id).update(handling=Handling.PLANNED)
    lane, new = await hold_lane()
    await take_deliveries(lane, new, 1, turns=Turns())
    await give_back([alert.deliveries[0].id], fence=old.fence)
    assert await count_handlings() == {Handling.SENDING: 1}
    await give_back([alert.deliveries[0].id], fence=new.fence)
    assert await count_handlings() == {Handling.PLANNED: 1}


async def test_what_is_given_back_as_planned_asks_for_its_lane_again() -> None:
    alert = await stage(1)
    lane, lease = await hold_lane()
    await take_deliveries(lane, lease, 1, turns=Turns())
    await Due.all().delete()
    await give_back([alert.deliveries[0].id])
    assert (await find_due()).subject_id == lane.id


async def test_two_lanes_are_worked_by_two_workers_at_once() -> None:
    texts, calls = await stage(3, "one"), await stage(3, "two", Channel.CALL)
    meeting = asyncio.Barrier(2)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS, Channel.CALL, lane_concurrency=1) as first:
        carrier.hold = meeting.wait
        dues = [due.id for due in await Due.all()]
        # Each request waits for one of the other lane: neither could end if one lane waited for the other.
        async with asyncio.timeout(30):
            await asyncio.gather(*(perform(first, due) for due in dues))
    assert {UUID(key) for key in carrier.taken} == {each.id for each in [*texts.deliveries, *calls.deliveries]}


async def test_no_more_requests_are_under_way_than_are_allowed() -> None:
    await stage(12)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS, lane_concurrency=3) as shop:
        carrier.hold = asyncio.Barrier(3).wait
        async with asyncio.timeout(30):
            await work(shop)
    assert (len(carrier.taken), carrier.most_at_once) == (12, 3)


async def test_a_process_that_ends_leaves_the_lane_to_the_next_at_once() -> None:
    await stage(5)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS, lane_concurrency=1) as first:

        async def stop() -> None:
            first.stopping.set()

        carrier.hold = stop
        await work(first)
        assert await count_handlings() == {Handling.PLANNED: 4, Handling.TAKEN: 1}
        carrier.hold = None
        due = await find_due()
        async with open_shop(carrier, Channel.SMS) as second:
            await perform(second, due.id)
    assert await count_handlings() == {Handling.TAKEN: 5}


async def test_a_lane_that_is_dry_leaves_no_work_behind_unless_more_was_planned_meanwhile() -> None:
    town = await found_town()
    await plan(town, await settle_citizens(town, 1))
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:

        async def plan_more() -> None:
            carrier.hold = None
            await plan(town, await settle_citizens(town, 2))

        carrier.hold = plan_more
        await work(shop)
        assert await count_handlings() == {Handling.TAKEN: 3}
        await work(shop)
    assert await Due.all().count() == 0


async def test_a_lane_without_anything_free_says_why() -> None:
    alert = await stage(1)
    lane, lease = await hold_lane()
    [hand_over] = (await take_deliveries(lane, lease, 1, turns=Turns())).hand_overs
    assert hand_over.delivery_id == alert.deliveries[0].id
    assert (await take_deliveries(lane, lease, 1, turns=Turns())).waiting is Waiting.NOTHING


async def test_an_event_that_comes_before_the_answer_leaves_the_delivery_taken() -> None:
    alert = await stage(1)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:

        async def report_first() -> None:
            event = report(alert.deliveries[0].id, DeliveryStatus.SMS_RECEIVED)
            await apply_events([event], measure_expiries(read_settings()))

        carrier.hold, carrier.always = report_first, 500
        await work(shop)
    row = await Delivery.get(id=alert.deliveries[0].id)
    assert (row.handling, row.status) == (Handling.TAKEN, DeliveryStatus.SMS_RECEIVED)
