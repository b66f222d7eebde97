"""Promises about addresses that can never be reached: the newest verdict decides, whatever the order and whoever writes."""

import asyncio
from collections.abc import Iterable
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage.cast import ACCOUNT, Alert, Town, assess_all, found_town, link_points, send_by_hand, settle_citizens
from stage.polling import PATIENCE

from tocsin.assessment import lock_tallies
from tocsin.database import get_database
from tocsin.dead_addresses import REACHING
from tocsin.events import Event
from tocsin.expiry import measure_expiries
from tocsin.ledger import apply_events, raise_deliveries
from tocsin.records.communications import Delivery
from tocsin.records.people import ContactPoint
from tocsin.settings import read_settings
from tocsin.statuses import FINAL, DeliveryStatus
from tocsin.transactions import in_transaction
from tocsin.words import Channel

S = DeliveryStatus
LASTS = measure_expiries(read_settings())
BOTH = [Channel.CALL, Channel.SMS]

pytestmark = pytest.mark.usefixtures("database")


def report(delivery_id: UUID, status: DeliveryStatus, *, dead: bool = False) -> Event:
    return Event(
        event_key=f"{delivery_id}:{status.name}:{dead}",
        provider="twilio_voice",
        account=ACCOUNT,
        delivery_id=delivery_id,
        provider_word=status.name.lower(),
        status=status,
        dead=dead,
    )


async def stage_town(citizens: int) -> Town:
    town = await found_town(f"town-{uuid4().hex[:12]}")
    await settle_citizens(town, citizens, BOTH)
    return town


async def stage_alert(town: Town, channel: Channel, *, waves: int = 1) -> Alert:
    alert = await send_by_hand(town, channel=channel, waves=waves)
    await link_points(alert)
    await assess_all(alert)
    return alert


async def read_dead(town: Town) -> list[list[int]]:
    """The dead channels of each citizen's point."""
    rows = await ContactPoint.filter(citizen_id__in=[each.id for each in town.citizens]).order_by("address")
    return [list(row.dead_channels) for row in rows]


async def test_a_fax_is_dead_for_calls_alone() -> None:
    town = await stage_town(2)
    alert = await stage_alert(town, Channel.CALL)
    await apply_events([report(alert.deliveries[0].id, S.CALL_FAX, dead=True)], LASTS)
    assert await read_dead(town) == [[Channel.CALL], []]
    assert (await Delivery.get(id=alert.deliveries[0].id)).dead


async def test_a_landline_is_dead_for_texts_alone_and_both_can_be_dead() -> None:
    town = await stage_town(1)
    call, text = await stage_alert(town, Channel.CALL), await stage_alert(town, Channel.SMS)
    await apply_events([report(text.deliveries[0].id, S.SMS_UNDELIVERED, dead=True)], LASTS)
    assert await read_dead(town) == [[Channel.SMS]]
    await apply_events([report(call.deliveries[0].id, S.CALL_FAILED, dead=True)], LASTS)
    assert await read_dead(town) == [[Channel.CALL, Channel.SMS]]


async def test_both_channels_may_die_and_live_in_one_batch() -> None:
    town = await stage_town(1)
    call, text = await stage_alert(town, Channel.CALL), await stage_alert(town, Channel.SMS)
    deaths = [
        report(call.deliveries[0].id, S.CALL_FAX, dead=True),
        report(text.deliveries[0].id, S.SMS_UNDELIVERED, dead=True),
    ]
    await apply_events(deaths, LASTS)
    assert await read_dead(town) == [BOTH]
    later_call, later_text = await stage_alert(town, Channel.CALL), await stage_alert(town, Channel.SMS)
    lives = [report(later_call.deliveries[0].id, S.CALL_BUSY), report(later_text.deliveries[0].id, S.SMS_RECEIVED)]
    await apply_events(lives, LASTS)
    assert await read_dead(town) == [[]]


async def test_an_attempt_that_is_still_pending_is_no_verdict() -> None:
    town = await stage_town(1)
    first, second = await stage_alert(town, Channel.CALL), await stage_alert(town, Channel.CALL)
    await apply_events([report(first.deliveries[0].id, S.CALL_FAX, dead=True)], LASTS)
    await apply_events([report(second.deliveries[0].id, S.CALL_RINGING)], LASTS)
    assert await read_dead(town) == [[Channel.CALL]]
    await apply_events([report(second.deliveries[0].id, S.CALL_NO_ANSWER)], LASTS)
    assert await read_dead(town) == [[]]


async def test_who_presses_1_after_a_false_fax_is_alive_in_either_order() -> None:
    town = await stage_town(2)
    alert = await stage_alert(town, Channel.CALL)
    first, second = (delivery.id for delivery in alert.deliveries)
    for event in (
        report(first, S.CALL_FAX, dead=True),
        report(first, S.CALL_CONFIRMED),
        report(second, S.CALL_CONFIRMED),
        report(second, S.CALL_FAX, dead=True),
    ):
        await apply_events([event], LASTS)
    assert await read_dead(town) == [[], []]
    assert (await Delivery.get(id=first)).dead
    assert (await Delivery.get(id=second)).dead


async def test_an_address_that_was_changed_meanwhile_does_not_die_of_the_old_one() -> None:
    town = await stage_town(1)
    alert = await stage_alert(town, Channel.CALL)
    await ContactPoint.filter(citizen_id=town.citizens[0].id).update(address="+14185559999")
    await apply_events([report(alert.deliveries[0].id, S.CALL_FAX, dead=True)], LASTS)
    assert await read_dead(town) == [[]]


async def test_an_old_attempt_that_is_reported_late_does_not_bring_the_address_back() -> None:
    town = await stage_town(1)
    first, second = await stage_alert(town, Channel.CALL), await stage_alert(town, Channel.CALL)
    await apply_events([report(second.deliveries[0].id, S.CALL_FAILED, dead=True)], LASTS)
    await apply_events([report(first.deliveries[0].id, S.CALL_COMPLETED)], LASTS)
    assert await read_dead(town) == [[Channel.CALL]]


CALLS = [(S.CALL_RINGING, False), (S.CALL_NO_ANSWER, False), (S.CALL_FAILED, True), (S.CALL_FAILED, False),
         (S.CALL_COMPLETED, False), (S.CALL_FAX, True), (S.CALL_CONFIRMED, False)]  # fmt: skip
TEXTS = [(S.SMS_SENT, False), (S.SMS_UNDELIVERED, True), (S.SMS_UNDELIVERED, False), (S.SMS_RECEIVED, False)]


def judge(deliveries: Iterable[UUID], events: Iterable[Event]) -> bool:
    """The meaning in plain words: of the attempts with a verdict the newest is dead, and has reached nothing."""
    told = list(events)
    for key in sorted(deliveries, reverse=True):
        mine = [event for event in told if event.delivery_id == key]
        status = max((event.status for event in mine if event.status), default=None)
        if status in FINAL:
            return any(event.dead for event in mine) and status not in REACHING
    return False


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
async def test_in_whatever_order_and_batches_the_newest_verdict_decides(data: st.DataObject) -> None:
    town = await stage_town(2)
    alerts = [
        await stage_alert(town, Channel.CALL, waves=2),
        await stage_alert(town, Channel.SMS),
        await stage_alert(town, Channel.CALL),
    ]
    deliveries = [delivery for alert in alerts for delivery in alert.deliveries]
    events = [
        report(delivery.id, status, dead=dead)
        for delivery in deliveries
        for status, dead in data.draw(
            st.sets(st.sampled_from(CALLS if delivery.channel is Channel.CALL else TEXTS), max_size=3)
        )
    ]
    told = data.draw(st.permutations(events + events[::3]))
    size = data.draw(st.integers(1, 6))
    for start in range(0, len(told), size):
        await apply_events(told[start : start + size], LASTS)
    by_point = await Delivery.all().values_list("contact_point__citizen_id", "channel", "id")
    expected = [
        [
            channel
            for channel in BOTH
            if judge((key for owner, used, key in by_point if (owner, used) == (citizen.id, channel)), events)
        ]
        for citizen in town.citizens
    ]
    assert await read_dead(town) == expected


async def wait_for_lock_or(task: "asyncio.Task[object]") -> None:
    """Return when the task is over, or waits for somebody else's lock."""
    waiting = (
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(PATIENCE):
        while not task.done() and (await get_database().execute_query_dict(waiting))[0]["n"] == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("slow", ["the death", "the life"])
async def test_a_death_and_a_later_life_that_are_written_at_once_end_in_life(slow: str) -> None:
    town = await stage_town(1)
    first, second = await stage_alert(town, Channel.CALL), await stage_alert(town, Channel.CALL)
    death = (first.id, report(first.deliveries[0].id, S.CALL_FAX, dead=True))
    life = (second.id, report(second.deliveries[0].id, S.CALL_COMPLETED))
    (held, early), (_, late) = (death, life) if slow == "the death" else (life, death)
    written, over = asyncio.Event(), asyncio.Event()
    holding = asyncio.create_task(hold(held, early, written, over=over))
    await written.wait()
    other = asyncio.create_task(apply_events([late], LASTS))
    await wait_for_lock_or(other)
    over.set()
    await asyncio.gather(holding, other)
    assert await read_dead(town) == [[]]


async def hold(communication_id: UUID, event: Event, written: asyncio.Event, *, over: asyncio.Event) -> None:
    """Write an event, and commit it only when told."""
    async with in_transaction() as connection:
        await lock_tallies(connection, [communication_id])
        await raise_deliveries(connection, [event], LASTS)
        written.set()
        await over.wait()


async def test_two_writers_on_many_points_end_alike() -> None:
    town = await stage_town(60)
    alerts = [await stage_alert(town, Channel.CALL) for _ in range(3)]
    histories = [
        [report(d.id, S.CALL_FAX, dead=True) for d in alerts[0].deliveries],
        [report(d.id, S.CALL_FAILED, dead=True) for d in alerts[1].deliveries],
        [report(d.id, S.CALL_NO_ANSWER) for d in alerts[2].deliveries[::2]],
    ]
    await asyncio.gather(*(write_in_parts(history) for history in histories))
    assert await read_dead(town) == [[] if index % 2 == 0 else [Channel.CALL] for index in range(60)]


async def write_in_parts(history: list[Event]) -> None:
    for start in range(0, len(history), 7):
        await apply_events(history[start : start + 7], LASTS)
