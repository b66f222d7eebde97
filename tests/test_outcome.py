"""Promises about meaning: the plain cases by hand, then the Python meaning and its SQL twin over random histories."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage.cast import Town, found_town, make_delivery, send_by_hand, settle_citizens

from tocsin.assessment import lock_tallies, reassess
from tocsin.outcome import Assessment, Attempt, assess, make_cell, read_cell
from tocsin.records.communications import Communication, Delivery, Recipient, Tally, Wave
from tocsin.statuses import MEANINGS, DeliveryStatus, Switches
from tocsin.transactions import in_transaction
from tocsin.words import Channel, Handling, Locale, Outcome, OutcomeReason, SkipReason, Standing

S = DeliveryStatus
NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
CONFIRMING = Switches(confirmation_required=True)


def took(status: DeliveryStatus, wave: int = 1, *, expired: bool = False, ended: bool = False) -> Attempt:
    return Attempt(status.channel, wave, Handling.TAKEN, status, expired=expired, ended=ended, reached_at=NOON)


def test_there_are_25_statuses_each_with_words_in_both_languages() -> None:
    assert len(DeliveryStatus) == 25
    assert set(MEANINGS) == set(DeliveryStatus)
    assert Counter(status.channel for status in S) == {Channel.CALL: 11, Channel.SMS: 7, Channel.EMAIL: 7}
    for meaning in MEANINGS.values():
        assert all(meaning.label(locale) and meaning.explanation(locale) for locale in Locale)


def test_a_received_text_contacts_the_citizen() -> None:
    result = assess([took(S.SMS_RECEIVED)], Switches())
    assert (result.outcome, result.reason, result.contacted_via) == (Outcome.CONTACTED, None, Channel.SMS)


def test_a_failed_text_beside_a_ringing_call_is_in_progress() -> None:
    assert assess([took(S.SMS_FAILED), took(S.CALL_RINGING)], Switches()).outcome is Outcome.IN_PROGRESS


def test_an_expired_text_has_no_receipt() -> None:
    result = assess([took(S.SMS_SENT, expired=True)], Switches())
    assert (result.outcome, result.reason) == (Outcome.NOT_CONTACTED, OutcomeReason.NO_RECEIPT)


def test_a_soft_bounce_is_missed_before_it_expires() -> None:
    assert assess([took(S.EMAIL_SENT, ended=True)], Switches()).outcome is Outcome.NOT_CONTACTED


def test_nothing_but_the_key_confirms_where_confirmation_is_required() -> None:
    reached = assess([took(S.CALL_COMPLETED), took(S.SMS_RECEIVED)], CONFIRMING)
    assert (reached.outcome, reached.reason, reached.unconfirmed) == (
        Outcome.NOT_CONTACTED,
        OutcomeReason.UNCONFIRMED,
        True,
    )
    assert assess([took(S.CALL_CONFIRMED)], CONFIRMING).outcome is Outcome.CONTACTED


def test_a_pending_text_does_not_keep_him_in_progress_where_a_call_has_to_be_confirmed() -> None:
    assert assess([took(S.CALL_BUSY), took(S.SMS_SENT)], CONFIRMING).outcome is Outcome.NOT_CONTACTED


def test_without_any_call_a_text_contacts_even_where_confirmation_is_required() -> None:
    assert assess([took(S.SMS_RECEIVED)], CONFIRMING).outcome is Outcome.CONTACTED


@pytest.mark.parametrize(("counts", "outcome"), [(True, Outcome.CONTACTED), (False, Outcome.NOT_CONTACTED)])
def test_voicemail_counts_as_the_category_says(counts: bool, outcome: Outcome) -> None:
    assert assess([took(S.CALL_VOICEMAIL)], Switches(voicemail_counts=counts)).outcome is outcome


def test_nobody_without_a_contact_point_is_contacted() -> None:
    assert assess([], Switches()).reason is OutcomeReason.NO_USABLE_CONTACT_POINT


def test_the_newest_wave_speaks_for_a_channel() -> None:
    result = assess([took(S.SMS_RECEIVED), took(S.SMS_SENT, wave=2)], Switches())
    assert result.cells == {Channel.SMS: make_cell(Standing.PENDING, Channel.SMS, 40)}
    assert result.outcome is Outcome.CONTACTED


@given(st.sampled_from(Standing), st.sampled_from(S))
def test_a_cell_can_be_read_back(standing: Standing, status: DeliveryStatus) -> None:
    assert read_cell(make_cell(standing, status.channel, status.rank)) == (standing, status.channel, status)


@st.composite
def attempts(draw: st.DrawFn) -> Attempt:
    channel = draw(st.sampled_from(Channel))
    handling = draw(st.sampled_from(Handling))
    known = [status for status in S if status.channel is channel]
    status = draw(st.sampled_from(known)) if handling is Handling.TAKEN else None
    if handling is Handling.UNCERTAIN:
        status = draw(st.none() | st.sampled_from(known))
    return Attempt(
        channel=channel,
        wave=draw(st.integers(1, 3)),
        handling=handling,
        status=status,
        skip_reason=draw(st.sampled_from(SkipReason)) if handling is Handling.SKIPPED else None,
        expired=draw(st.booleans()),
        ended=draw(st.booleans()),
        reached_at=NOON + timedelta(seconds=draw(st.integers(0, 5))),
    )


histories = st.lists(st.lists(attempts(), max_size=6), min_size=8, max_size=24)
switches = st.builds(Switches, st.booleans(), st.booleans())


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories, later=histories, choice=switches)
@pytest.mark.usefixtures("database")
async def test_the_database_means_what_python_means(
    history: list[list[Attempt]], later: list[list[Attempt]], choice: Switches
) -> None:
    """Written twice over the same recipients, so that the tally is proved to follow by differences alone."""
    town = await stage_town(len(history), choice)
    alert = await send_by_hand(town, waves=3, each=0)
    for round_ in (history, (later * 3)[: len(history)]):
        await Delivery.filter(communication_id=alert.id).delete()
        rows = [
            write_attempt(recipient, alert.waves[attempt.wave - 1].id, attempt)
            for recipient, tried in zip(alert.recipients, round_, strict=False)
            for attempt in tried
        ]
        await Delivery.bulk_create(rows)
        async with in_transaction() as connection:
            await lock_tallies(connection, [alert.id])
            await reassess(connection, [recipient.id for recipient in alert.recipients])
        expected = [assess(tried, choice) for tried in round_]
        expected += [assess([], choice)] * (len(history) - len(expected))
        assert [await read_back(recipient.id) for recipient in alert.recipients] == expected
        await check_tally(alert.id, expected)
    assert (await Communication.get(id=alert.id)).title
    assert (await Tally.get(communication_id=alert.id)).version == 2


async def stage_town(count: int, choice: Switches) -> Town:
    town = await found_town(f"town-{uuid4().hex[:12]}", choice)
    await settle_citizens(town, count)
    return town


def write_attempt(recipient: Recipient, wave_id: UUID, attempt: Attempt) -> Delivery:
    delivery = make_delivery(recipient, Wave(id=wave_id), attempt.handling, attempt.channel)
    delivery.status = attempt.status  # type: ignore[assignment]  # the field's type leaves out that it may be empty
    delivery.skip_reason = attempt.skip_reason  # type: ignore[assignment]
    delivery.expired = attempt.expired
    delivery.ended_at = NOON if attempt.ended else None
    delivery.reached_at = attempt.reached_at
    return delivery


async def read_back(recipient_id: UUID) -> Assessment:
    row = await Recipient.get(id=recipient_id)
    assert row.outcome is not None
    cells = {Channel.CALL: row.call_best, Channel.SMS: row.sms_best, Channel.EMAIL: row.email_best}
    return Assessment(
        row.outcome, row.reason, row.unconfirmed, row.uncertain, row.pending, row.contacted_at, row.contacted_via,
        {channel: cell for channel, cell in cells.items() if cell is not None},
    )  # fmt: skip


async def check_tally(communication_id: UUID, expected: list[Assessment]) -> None:
    tally = await Tally.get(communication_id=communication_id)
    outcomes = Counter(each.outcome for each in expected)
    assert (tally.contacted, tally.in_progress, tally.not_contacted) == tuple(outcomes[o] for o in Outcome)
    assert tally.total == len(expected)
    assert tally.unconfirmed == sum(each.unconfirmed for each in expected)
    assert tally.uncertain == sum(each.uncertain for each in expected)
    assert tally.pending == sum(each.pending for each in expected)
    cells = Counter(cell for each in expected for cell in each.cells.values())
    assert {int(cell): count for cell, count in tally.counts.items() if count} == cells
