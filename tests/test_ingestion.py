"""Promises of the ledger and the group commit: nothing lost, nothing twice, and no order that matters."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage.cast import (
    ACCOUNT,
    Alert,
    assess_all,
    count_rows,
    found_town,
    send_and_assess,
    settle_citizens,
)

from tocsin.assessment import Moved
from tocsin.database import get_database
from tocsin.events import Event
from tocsin.expiry import expire_deliveries, measure_expiries
from tocsin.ledger import apply_events
from tocsin.parking import take_parked
from tocsin.records.communications import Delivery, Recipient, Tally
from tocsin.records.work import DeliveryEvent
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.words import AnsweredBy, Handling, Outcome
from tocsin.writer import MOMENT, Writer

S = DeliveryStatus
LASTS = measure_expiries(read_settings())
TEXTS = [status for status in S if 200 < status < 300]

pytestmark = pytest.mark.usefixtures("database")


def report(
    delivery_id: UUID | None, status: DeliveryStatus | None, key: str | None = None, account: str = ACCOUNT
) -> Event:
    word = status.name if status else "dreaming"
    return Event(
        event_key=key or f"{delivery_id}:{word}",
        provider="twilio_messaging",
        account=account,
        delivery_id=delivery_id,
        provider_word=word,
        status=status,
    )


async def stage_alert(citizens: int, slug: str = "sainte-rive") -> Alert:
    town = await found_town(slug)
    await settle_citizens(town, citizens)
    return await send_and_assess(town)


async def keep_all(events: Sequence[Event], versions: list[Moved] | None = None) -> None:
    """Send events through a writer of its own, each as if by a request of its own."""
    writer = Writer(LASTS, (versions if versions is not None else []).append, limit=100_000)
    await writer.start()
    await asyncio.gather(*(writer.keep([event]) for event in events))
    await writer.stop()


async def test_a_received_report_contacts_the_citizen_and_moves_the_pie() -> None:
    alert = await stage_alert(2)
    moved: list[Moved] = []
    await keep_all([report(alert.deliveries[0].id, S.SMS_RECEIVED)], moved)
    tally = await Tally.get(communication_id=alert.id)
    assert (tally.contacted, tally.in_progress, tally.not_contacted) == (1, 1, 0)
    assert [each.versions for each in moved] == [{alert.id: tally.version}]
    delivery = await Delivery.get(id=alert.deliveries[0].id)
    assert (delivery.handling, delivery.status) == (Handling.TAKEN, S.SMS_RECEIVED)


async def test_a_lower_rank_that_comes_late_moves_nothing() -> None:
    alert = await stage_alert(1)
    await keep_all([report(alert.deliveries[0].id, S.SMS_RECEIVED)])
    before = await Tally.get(communication_id=alert.id)
    await keep_all([report(alert.deliveries[0].id, S.SMS_SENT)])
    assert (await Tally.get(communication_id=alert.id)).version == before.version
    assert await DeliveryEvent.filter(delivery_id=alert.deliveries[0].id).count() == 2


async def test_a_replayed_report_changes_not_a_row() -> None:
    alert = await stage_alert(1)
    event = report(alert.deliveries[0].id, S.SMS_RECEIVED)
    await keep_all([event])
    before = await photograph(alert)
    await keep_all([event, event])
    assert await photograph(alert) == before
    assert await count_rows("delivery_event") == 1


async def test_an_unknown_word_is_kept_and_moves_nothing() -> None:
    alert = await stage_alert(1)
    before = await photograph(alert)
    await keep_all([report(alert.deliveries[0].id, None)])
    assert await photograph(alert) == before
    assert (await DeliveryEvent.get(delivery_id=alert.deliveries[0].id)).provider_word == "dreaming"


async def test_a_report_about_no_delivery_is_parked_once() -> None:
    stray = report(uuid4(), S.SMS_SENT)
    await keep_all([stray, stray])
    await keep_all([stray])
    assert await count_rows("parked_event") == 1
    assert await count_rows("delivery_event") == 0


async def test_a_parked_report_is_offered_again_whole() -> None:
    stray = Event(
        event_key="twilio_voice:CA:answered:machine_end_beep",
        provider="twilio_voice",
        account=ACCOUNT,
        delivery_id=uuid4(),
        provider_word="machine_end_beep",
        status=S.CALL_VOICEMAIL,
        occurred_at=datetime(2026, 11, 23, 22, 41, tzinfo=UTC),
        error_code="sip-480",
        carrier_id="CA",
        ended=True,
        answered_by=AnsweredBy.MACHINE,
        duration=37,
        dead=True,
        after_beep=True,
        follows="twilio_voice:CA:rest:queued",
    )
    await keep_all([stray])
    await get_database().execute_query("UPDATE parked_event SET next_try_at = now()")
    assert await take_parked() == [stray]
    assert set(vars_of(stray)) == {field.name for field in fields(Event)}


def vars_of(event: Event) -> list[str]:
    """The facts that an event tells, those left at their defaults aside."""
    return [field.name for field in fields(event) if getattr(event, field.name) not in (None, False)]


async def test_another_accounts_key_cannot_report_about_a_delivery() -> None:
    alert = await stage_alert(1)
    before = await photograph(alert)
    await keep_all([report(alert.deliveries[0].id, S.SMS_RECEIVED, account="AC" + "2" * 32)])
    assert await photograph(alert) == before
    assert await count_rows("parked_event") == 1


async def test_one_poisonous_event_fails_alone() -> None:
    alert = await stage_alert(3)
    poison = report(alert.deliveries[0].id, S.SMS_SENT, key="nul \x00")
    good = [report(delivery.id, S.SMS_RECEIVED) for delivery in alert.deliveries]
    writer = Writer(LASTS, lambda moved: None)
    await writer.start()
    results = await asyncio.gather(*(writer.keep([e]) for e in [good[0], poison, *good[1:]]), return_exceptions=True)
    await writer.stop()
    assert [isinstance(result, Exception) for result in results] == [False, True, False, False]
    assert (await Tally.get(communication_id=alert.id)).contacted == 3


async def test_reports_that_follow_each_other_closely_share_one_commit() -> None:
    alert = await stage_alert(5)
    moved: list[Moved] = []
    writer = Writer(LASTS, moved.append)
    await writer.start()

    async def keep_later(number: int, delivery: Delivery) -> None:
        await asyncio.sleep(MOMENT * 0.4 * number)
        await writer.keep([report(delivery.id, S.SMS_RECEIVED)])

    await asyncio.gather(*(keep_later(number, delivery) for number, delivery in enumerate(alert.deliveries)))
    await writer.stop()
    assert [list(each.versions) for each in moved] == [[alert.id]]
    assert (await Tally.get(communication_id=alert.id)).contacted == 5


async def test_a_request_that_is_given_up_does_not_take_its_batch_along() -> None:
    alert = await stage_alert(2)
    writer = Writer(LASTS, lambda moved: None)
    await writer.start()
    leaving = asyncio.create_task(writer.keep([report(alert.deliveries[0].id, S.SMS_RECEIVED)]))
    staying = asyncio.create_task(writer.keep([report(alert.deliveries[1].id, S.SMS_RECEIVED)]))
    await asyncio.sleep(0)
    leaving.cancel()
    await staying
    await writer.stop()
    assert (await Tally.get(communication_id=alert.id)).contacted == 2


async def test_silence_expires_and_a_late_receipt_takes_it_back() -> None:
    alert = await stage_alert(1)
    delivery = alert.deliveries[0]
    await keep_all([report(delivery.id, S.SMS_SENT)])
    await get_database().execute_query("UPDATE delivery SET expires_at = now() - interval '1 second'")
    moved = await expire_deliveries()
    assert moved.completed == [alert.id]
    assert (await Recipient.get(id=alert.recipients[0].id)).outcome is Outcome.NOT_CONTACTED
    await keep_all([report(delivery.id, S.SMS_RECEIVED)])
    row = await Delivery.get(id=delivery.id)
    assert (row.expired, row.expires_at) == (False, None)
    assert (await Tally.get(communication_id=alert.id)).contacted == 1
    assert (await expire_deliveries()).versions == {}


async def photograph(alert: Alert) -> tuple[object, ...]:
    """Everything that events may move, versions and instants of reception aside."""
    deliveries = await Delivery.filter(communication_id=alert.id).order_by("id").values_list(
        "id", "handling", "status", "status_key", "error_code", "carrier_id", "second_carrier_id", "expired"
    )  # fmt: skip
    recipients = await Recipient.filter(communication_id=alert.id).order_by("id").values_list(
        "id", "outcome", "reason", "uncertain", "pending", "contacted_via", "sms_best"
    )  # fmt: skip
    tally = await Tally.filter(communication_id=alert.id).values_list(
        "total", "contacted", "in_progress", "not_contacted", "uncertain", "pending", "counts"
    )  # fmt: skip
    counts = {cell: count for cell, count in tally[0][-1].items() if count}
    return deliveries, recipients, tally[0][:-1], counts


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
async def test_any_order_with_any_duplicates_ends_in_the_same_rows(data: st.DataObject) -> None:
    alert = await stage_alert(4, f"town-{uuid4().hex[:10]}")
    history = [
        report(delivery.id, status, f"{delivery.id}:{status}:{extra}")
        for delivery in alert.deliveries
        for status in data.draw(st.lists(st.sampled_from(TEXTS), max_size=4))
        for extra in range(data.draw(st.integers(1, 2)))
    ]
    for event in sorted(history, key=lambda each: each.event_key):
        await apply_events([event], LASTS)
    expected = await photograph(alert)
    await start_over(alert)
    twice = data.draw(st.permutations(history + history[::2]))
    for start in range(0, len(twice), 5):
        await apply_events(twice[start : start + 5], LASTS)
    assert await photograph(alert) == expected
    assert await recount(alert) == (await Tally.get(communication_id=alert.id)).contacted


async def start_over(alert: Alert) -> None:
    """Make the communication forget every report."""
    await DeliveryEvent.filter(delivery_id__in=[each.id for each in alert.deliveries]).delete()
    await get_database().execute_query_dict(
        "UPDATE delivery SET status = NULL, status_key = NULL, status_at = NULL, error_code = NULL, reached_at = NULL,"
        " handling = 2, expires_at = NULL, expired = false WHERE communication_id = $1 RETURNING id",
        [alert.id],
    )
    await assess_all(alert)


async def recount(alert: Alert) -> int:
    """Count the contacted from the ledger alone."""
    rows = await get_database().execute_query_dict(
        "SELECT count(*) AS n FROM (SELECT d.recipient_id FROM delivery_event e JOIN delivery d ON d.id = e.delivery_id"
        " WHERE d.communication_id = $1 GROUP BY d.recipient_id HAVING max(e.status) = 260) reached",
        [alert.id],
    )
    return int(rows[0]["n"])


async def test_two_writers_on_one_communication_lose_and_double_nothing() -> None:
    """Two pools would be two processes; here two writers share one, which contends for the same locks."""
    alert = await stage_alert(200)
    chance = random.Random(7)
    events = [
        report(each.id, status)
        for each in alert.deliveries
        for status in (S.SMS_QUEUED, S.SMS_SENT, chance.choice((S.SMS_RECEIVED, S.SMS_UNDELIVERED)))
    ]
    events += chance.sample(events, len(events) // 5)
    chance.shuffle(events)
    await asyncio.gather(keep_all(events[::2]), keep_all(events[1::2]))
    best = Counter(max(e.status or 0 for e in events if e.delivery_id == each.id) for each in alert.deliveries)
    tally = await Tally.get(communication_id=alert.id)
    assert (tally.contacted, tally.in_progress, tally.not_contacted) == (
        best[S.SMS_RECEIVED],
        0,
        best[S.SMS_UNDELIVERED],
    )
    assert await count_rows("delivery_event") == 600
