"""The promises of automatic reminders: due once, to whoever is not reached, whatever was down meanwhile."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from stage.cast import Town, assess, found_town, send_by_hand, settle_citizens

from tocsin.assessment import lock_tallies
from tocsin.cancellation import cancel_communication, skip_planned
from tocsin.database import get_database
from tocsin.pictures import TallyPicture, read_tally
from tocsin.planning import plan_chunk
from tocsin.records.communications import Communication, Delivery, Recipient, Reminder, Wave
from tocsin.records.people import ContactPoint
from tocsin.records.work import Due
from tocsin.reminders import remind, schedule_reminders
from tocsin.statuses import DeliveryStatus as S
from tocsin.times import tell_time
from tocsin.transactions import in_transaction
from tocsin.words import Channel, CommunicationState, Handling, OutcomeReason, ReminderFate, SkipReason, WaveKind

ACCOUNTS = dict.fromkeys(Channel, "AC" + "1" * 32)
PAUSES = (timedelta(minutes=30), timedelta(minutes=60))


class Evening:
    """A text that went to Sainte-Rive a while ago, with its two reminders noted."""

    def __init__(self, town: Town, communication: Communication, deliveries: list[Delivery]) -> None:
        self.town = town
        self.id: UUID = communication.id
        self.deliveries = deliveries

    async def report(self, **statuses: S) -> None:
        """Let the carrier have reported, citizen by citizen (a0, a1 …), and count anew."""
        for name, status in statuses.items():
            delivery = self.deliveries[int(name[1:])]
            await Delivery.filter(id=delivery.id).update(status=status, handling=Handling.TAKEN)
        await assess(self.id)

    async def wait(self, minutes: float) -> None:
        """Let the reminders come closer by so many minutes."""
        await get_database().execute_query("UPDATE reminder SET due_at = due_at - $1 * interval '1 minute'", [minutes])

    async def remind(self, number: int = 1) -> None:
        await remind((await Reminder.get(communication_id=self.id, number=number)).id)

    async def plan(self, **options: Any) -> None:
        for wave in await Wave.filter(communication_id=self.id, planned_at=None).order_by("ordinal"):
            while not (await plan_chunk(wave.id, ACCOUNTS, tell_time(), **options)).over:
                continue

    async def fates(self) -> list[ReminderFate]:
        return [each.fate for each in await Reminder.filter(communication_id=self.id).order_by("number")]

    async def waves(self) -> list[tuple[WaveKind, int, int]]:
        found = await Wave.filter(communication_id=self.id).order_by("ordinal")
        return [(wave.kind, wave.number, wave.targets) for wave in found]

    async def repeated(self) -> list[tuple[int, Handling, SkipReason | None]]:
        """Whom later waves try: the citizen's number, and what became of it."""
        numbers = {each.recipient_id: number for number, each in enumerate(self.deliveries)}  # type: ignore[attr-defined]
        rows = await Delivery.filter(communication_id=self.id, wave__ordinal__gt=1).order_by("recipient_id", "id")
        found = [(numbers[row.recipient_id], row.handling, row.skip_reason) for row in rows]  # type: ignore[attr-defined]
        return sorted(found, key=lambda row: (row[0], -row[1]))

    async def picture(self) -> TallyPicture:
        seen = await read_tally(get_database(), self.id)
        assert seen is not None
        return seen


@pytest.fixture
async def evening(database: str) -> Evening:
    town = await found_town()
    await settle_citizens(town, 4)
    alert = await send_by_hand(town, handling=Handling.TAKEN)
    points = {point.citizen_id: point.id for point in await ContactPoint.all()}  # type: ignore[attr-defined]
    recipients = {each.id: each.citizen_id for each in await Recipient.all()}  # type: ignore[attr-defined]
    for delivery in alert.deliveries:
        point = points[recipients[delivery.recipient_id]]  # type: ignore[attr-defined]
        address = (await ContactPoint.get(id=point)).address
        await Delivery.filter(id=delivery.id).update(contact_point_id=point, address=address)
    async with in_transaction() as connection:
        await lock_tallies(connection, [alert.id])
        await schedule_reminders(connection, alert.id, PAUSES)
    await assess(alert.id)
    return Evening(town, alert.communication, alert.deliveries)


async def test_a_reminder_goes_to_whoever_is_not_reached_and_to_nobody_else(evening: Evening) -> None:
    await evening.report(a0=S.SMS_RECEIVED, a1=S.SMS_UNDELIVERED, a2=S.SMS_FAILED, a3=S.SMS_RECEIVED)
    await evening.wait(30)
    await evening.remind()
    await evening.plan()
    assert await evening.waves() == [(WaveKind.INITIAL, 1, 0), (WaveKind.AUTO_REMINDER, 1, 2)]
    assert await evening.repeated() == [(1, Handling.PLANNED, None), (2, Handling.PLANNED, None)]
    assert await evening.fates() == [ReminderFate.SENT, ReminderFate.PENDING]
    seen = await evening.picture()
    assert (seen.contacted, seen.in_progress, seen.not_contacted) == (2, 2, 0)


async def test_each_reminder_is_due_by_the_databases_clock_alone(evening: Evening) -> None:
    dues = await Due.filter(kind="REMIND").order_by("due_at")
    sent_at = (await Communication.get(id=evening.id)).sent_at
    assert sent_at is not None
    assert [due.due_at - sent_at for due in dues] == list(PAUSES)
    await evening.report(a0=S.SMS_FAILED)
    await evening.remind()
    assert await evening.fates() == [ReminderFate.PENDING, ReminderFate.PENDING]
    assert len(await evening.waves()) == 1


async def test_both_overdue_after_an_outage_are_one_wave_numbered_2(evening: Evening) -> None:
    await evening.report(a0=S.SMS_RECEIVED, a1=S.SMS_FAILED, a2=S.SMS_FAILED, a3=S.SMS_FAILED)
    await evening.wait(75)
    await evening.remind(1)
    await evening.remind(2)
    await evening.plan()
    assert await evening.waves() == [(WaveKind.INITIAL, 1, 0), (WaveKind.AUTO_REMINDER, 2, 3)]
    assert [number for number, _, _ in await evening.repeated()] == [1, 2, 3]
    assert await evening.fates() == [ReminderFate.COALESCED, ReminderFate.SENT]


async def test_a_reminder_that_is_asked_for_twice_is_sent_once(evening: Evening) -> None:
    await evening.report(a1=S.SMS_FAILED)
    await evening.wait(30)
    for _ in range(3):
        await evening.remind()
    await evening.plan()
    await evening.plan()
    assert len(await evening.waves()) == 2


async def test_where_an_attempt_is_still_open_nobody_is_tried_twice(evening: Evening) -> None:
    await evening.report(a0=S.SMS_SENT, a1=S.SMS_QUEUED, a2=S.SMS_FAILED, a3=S.SMS_RECEIVED)
    await evening.wait(30)
    await evening.remind()
    await evening.plan()
    assert (await evening.waves())[1] == (WaveKind.AUTO_REMINDER, 1, 3)
    assert await evening.repeated() == [(2, Handling.PLANNED, None)]


async def test_an_expired_attempt_is_made_again(evening: Evening) -> None:
    await evening.report(a0=S.SMS_SENT, a1=S.SMS_RECEIVED, a2=S.SMS_RECEIVED, a3=S.SMS_RECEIVED)
    await Delivery.filter(id=evening.deliveries[0].id).update(expired=True)
    await assess(evening.id)
    await evening.wait(30)
    await evening.remind()
    await evening.plan()
    assert await evening.repeated() == [(0, Handling.PLANNED, None)]


async def test_a_number_that_was_corrected_is_the_one_that_is_tried(evening: Evening) -> None:
    await evening.report(a0=S.SMS_SENT, a1=S.SMS_FAILED, a2=S.SMS_RECEIVED, a3=S.SMS_RECEIVED)
    addresses = ["+14185559990", "+14185559991"]
    for delivery, address in zip(evening.deliveries, addresses, strict=False):
        row = await Delivery.get(id=delivery.id)
        await ContactPoint.filter(id=row.contact_point_id).update(address=address)  # type: ignore[attr-defined]
    await evening.wait(30)
    await evening.remind()
    await evening.plan()
    later = await Delivery.filter(wave__ordinal=2).order_by("address")
    assert [each.address for each in later] == addresses


async def test_who_refused_us_or_has_a_better_address_is_skipped_with_the_reason(evening: Evening) -> None:
    await evening.report(a0=S.SMS_FAILED, a1=S.SMS_FAILED, a2=S.SMS_FAILED, a3=S.SMS_RECEIVED)
    points = [(await Delivery.get(id=each.id)).contact_point_id for each in evening.deliveries]  # type: ignore[attr-defined]
    await ContactPoint.filter(id=points[0]).update(suppressed_channels=[int(Channel.SMS)])
    await ContactPoint.filter(id__in=points[1:3]).update(dead_channels=[int(Channel.SMS)])
    citizen = (await ContactPoint.get(id=points[1])).citizen_id  # type: ignore[attr-defined]
    await ContactPoint.create(citizen_id=citizen, address="+14185558888", channels=[int(Channel.SMS)])
    await evening.wait(30)
    await evening.remind()
    await evening.plan()
    assert await evening.repeated() == [
        (0, Handling.SKIPPED, SkipReason.SUPPRESSED),
        (1, Handling.SKIPPED, SkipReason.DEAD_ADDRESS),
        (1, Handling.PLANNED, None),
        (2, Handling.PLANNED, None),
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
async def test_chunks_of_any_size_make_the_same_deliveries(evening: Evening, size: int) -> None:
    await evening.report(a0=S.SMS_FAILED, a1=S.SMS_RECEIVED, a2=S.SMS_FAILED, a3=S.SMS_FAILED)
    await evening.wait(30)
    await evening.remind()
    await evening.plan(size=size)
    assert [number for number, _, _ in await evening.repeated()] == [0, 2, 3]


async def test_whoever_is_reached_between_two_chunks_is_left_alone(evening: Evening) -> None:
    await evening.report(a0=S.SMS_FAILED, a1=S.SMS_FAILED, a2=S.SMS_FAILED, a3=S.SMS_FAILED)
    await evening.wait(30)
    await evening.remind()
    [wave] = await Wave.filter(communication_id=evening.id, planned_at=None)
    citizens = sorted([each.citizen_id for each in await Recipient.all()])  # type: ignore[attr-defined]
    await plan_chunk(wave.id, ACCOUNTS, tell_time(), size=2)
    last = (await Recipient.get(citizen_id=citizens[3])).id
    number = next(n for n, each in enumerate(evening.deliveries) if each.recipient_id == last)  # type: ignore[attr-defined]
    await evening.report(**{f"a{number}": S.SMS_RECEIVED})
    await evening.plan(size=2)
    assert number not in [each for each, _, _ in await evening.repeated()]
    assert len(await evening.repeated()) == 3


async def test_everybody_reached_there_is_nothing_to_come_and_it_is_completed(evening: Evening) -> None:
    await evening.report(a0=S.SMS_RECEIVED, a1=S.SMS_RECEIVED, a2=S.SMS_RECEIVED)
    seen = await evening.picture()
    assert (seen.reminders_left, seen.state) == (2, CommunicationState.IN_PROGRESS)
    assert seen.next_reminder_at is not None
    await evening.report(a3=S.SMS_RECEIVED)
    seen = await evening.picture()
    assert (seen.reminders_left, seen.next_reminder_at, seen.state) == (0, None, CommunicationState.COMPLETED)
    await evening.wait(30)
    await evening.remind()
    assert await evening.fates() == [ReminderFate.DROPPED, ReminderFate.PENDING]
    assert len(await evening.waves()) == 1


async def test_whoever_is_lost_again_is_reminded_although_it_was_completed(evening: Evening) -> None:
    await evening.report(a0=S.SMS_RECEIVED, a1=S.SMS_RECEIVED, a2=S.SMS_RECEIVED, a3=S.SMS_RECEIVED)
    await evening.report(a2=S.SMS_FAILED)
    await evening.wait(30)
    await evening.remind()
    seen = await evening.picture()
    assert (seen.state, seen.completed_at) == (CommunicationState.IN_PROGRESS, None)
    await evening.plan()
    assert await evening.repeated() == [(2, Handling.PLANNED, None)]


async def test_it_is_completed_only_after_its_last_reminder_has_settled(evening: Evening) -> None:
    await evening.report(a0=S.SMS_FAILED, a1=S.SMS_RECEIVED, a2=S.SMS_RECEIVED, a3=S.SMS_RECEIVED)
    for number in (1, 2):
        assert (await evening.picture()).state is CommunicationState.IN_PROGRESS
        await evening.wait(30)
        await evening.remind(number)
        await evening.plan()
        assert not (await evening.picture()).first_attempts_over
        await Delivery.filter(wave__number=number, wave__kind="AUTO_REMINDER").update(
            handling=Handling.TAKEN, status=S.SMS_FAILED
        )
        await assess(evening.id)
    seen = await evening.picture()
    assert (seen.state, seen.first_attempts_over, seen.eligible) == (CommunicationState.COMPLETED, True, 1)
    assert (await Recipient.get(id=evening.deliveries[0].recipient_id)).reason is OutcomeReason.FAILED  # type: ignore[attr-defined]


async def test_a_cancelled_communication_reminds_nobody(evening: Evening) -> None:
    await evening.report(a0=S.SMS_FAILED, a1=S.SMS_FAILED)
    await Delivery.filter(id=evening.deliveries[2].id).update(handling=Handling.PLANNED)
    await assess(evening.id)
    await cancel_communication(evening.town.operator, evening.id)
    skipped = await skip_planned(evening.id)
    assert skipped.over
    await evening.wait(75)
    await evening.remind()
    assert await evening.fates() == [ReminderFate.DROPPED, ReminderFate.DROPPED]
    seen = await evening.picture()
    assert (seen.state, seen.reminders_left, seen.not_contacted) == (CommunicationState.CANCELLED, 0, 3)
    reasons = [row.reason for row in await Recipient.filter(id=evening.deliveries[2].recipient_id)]  # type: ignore[attr-defined]
    assert reasons == [OutcomeReason.CANCELLED]
