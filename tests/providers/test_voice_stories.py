"""Nine calls and what becomes of them, whatever the order in which they are told: all orders, on the real ledger.

A story is told once for each order, each time about a delivery of its own, so that all of them go through together;
some of them are then told again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import factorial
from random import Random
from uuid import UUID, uuid4

import pytest
from providers.twilio_forms import DELIVERY, change
from providers.voice_forms import (
    CALL,
    GATHER_FORM,
    MACHINE_FORM,
    STATUS_FORM,
    open_voice,
    post_gather,
    post_machine,
    post_status,
    read_events,
)
from stage.cast import ACCOUNT, Alert, found_town, send_and_assess, settle_citizens

from tocsin.due import Work
from tocsin.events import Event
from tocsin.expiry import measure_expiries
from tocsin.ledger import apply_events
from tocsin.records.communications import Delivery, Recipient, Tally
from tocsin.records.work import Due
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus, Switches
from tocsin.words import AnsweredBy, Channel, Outcome, OutcomeReason
from tocsin_providers.twilio_voice import TwilioVoice
from tocsin_providers.twilio_voice_events import read_resource

S, O = DeliveryStatus, OutcomeReason  # noqa: E741 - the stories are read by column
LASTS = measure_expiries(read_settings())
SAMPLE = 120

REGULAR = Switches()
CONFIRMING = Switches(confirmation_required=True)
WITHOUT_MAILBOXES = Switches(voicemail_counts=False)

pytestmark = pytest.mark.usefixtures("database")


@dataclass(frozen=True)
class Story:
    """What is told of one call, and how it ends: `missed` says why, under the switches where it does not reach."""

    told: tuple[str, ...]
    status: DeliveryStatus
    missed: dict[Switches, OutcomeReason]
    answered_by: AnsweredBy | None = None
    duration: int | None = None
    error_code: str | None = None
    dead: bool = False


RANG = ("queued", "initiated", "ringing", "in-progress")
ALWAYS = (REGULAR, CONFIRMING, WITHOUT_MAILBOXES)

STORIES = {
    "a human who presses 1": Story(
        (*RANG, "by human", "digit 1", "completed 37"), S.CALL_CONFIRMED, {}, AnsweredBy.HUMAN, 37
    ),
    "one who doesn't": Story(
        (*RANG, "by human", "digit", "completed 37"),
        S.CALL_COMPLETED,
        {CONFIRMING: O.UNCONFIRMED},
        AnsweredBy.HUMAN,
        37,
    ),
    "voicemail": Story(
        (*RANG, "by machine_end_beep", "completed 37"),
        S.CALL_VOICEMAIL,
        {CONFIRMING: O.VOICEMAIL, WITHOUT_MAILBOXES: O.VOICEMAIL},
        AnsweredBy.MACHINE,
        37,
    ),
    "fax": Story(
        (*RANG, "by fax", "completed 9"), S.CALL_FAX, dict.fromkeys(ALWAYS, O.FAX), AnsweredBy.FAX, 9, dead=True
    ),
    "a false machine who presses 1": Story(
        (*RANG, "by machine_end_other", "digit 1", "completed 37"), S.CALL_CONFIRMED, {}, AnsweredBy.MACHINE, 37
    ),
    "no answer": Story(
        ("queued", "initiated", "ringing", "no-answer sip 487"),
        S.CALL_NO_ANSWER,
        dict.fromkeys(ALWAYS, O.NO_ANSWER),
        error_code="sip-487",
    ),
    "busy": Story(
        ("queued", "initiated", "busy sip 486"), S.CALL_BUSY, dict.fromkeys(ALWAYS, O.BUSY), error_code="sip-486"
    ),
    "failed": Story(
        ("queued", "initiated", "failed sip 404"),
        S.CALL_FAILED,
        dict.fromkeys(ALWAYS, O.FAILED),
        error_code="sip-404",
        dead=True,
    ),
    "hang-up before the message": Story(
        (*RANG, "completed 1"), S.CALL_COMPLETED, {CONFIRMING: O.UNCONFIRMED}, duration=1
    ),
    "switched off": Story(
        ("queued", "initiated", "failed sip 480"),
        S.CALL_NO_ANSWER,
        dict.fromkeys(ALWAYS, O.NO_ANSWER),
        error_code="sip-480",
    ),
    "withdrawn": Story(("queued", "canceled"), S.CALL_FAILED, dict.fromkeys(ALWAYS, O.FAILED)),
}


async def tell(voice: TwilioVoice, told: str) -> Event:
    """Have Twilio tell one thing about the call, signed, and read it."""
    word, _, rest = told.partition(" ")
    if told == "queued":
        (event,) = read_resource(ACCOUNT, DELIVERY, {"sid": CALL, "status": "queued"})
        return event
    if word == "by":
        webhook = post_machine(change(MACHINE_FORM, AnsweredBy=rest))
    elif word == "digit":
        webhook = post_gather(change(GATHER_FORM, Digits=rest))
    else:
        sip = rest.removeprefix("sip ") if rest.startswith("sip") else None
        seconds = rest if word == "completed" else None
        webhook = post_status(change(STATUS_FORM, CallStatus=word, SipResponseCode=sip, CallDuration=seconds))
    (event,) = await read_events(voice, webhook)
    return event


def retell(event: Event, delivery_id: UUID) -> Event:
    """The same, about another call."""
    sid = f"CA{delivery_id.hex}"
    return replace(
        event, delivery_id=delivery_id, carrier_id=sid, event_key=event.event_key.replace(CALL, sid), account=ACCOUNT
    )


def choose_orders(count: int, sample: int | None) -> list[tuple[int, ...]]:
    """All orders, or as many as asked for by chance, the one that things happen in and its reverse among them."""
    if sample is None or factorial(count) <= sample:
        return list(permutations(range(count)))
    random, plain = Random(count), tuple(range(count))
    return [plain, plain[::-1], *(tuple(random.sample(plain, count)) for _ in range(sample - 2))]


async def stage(switches: Switches, count: int) -> Alert:
    town = await found_town(f"town-{uuid4().hex[:12]}", switches)
    await settle_citizens(town, count, [Channel.CALL])
    return await send_and_assess(town, channel=Channel.CALL)


async def check_story(story: Story, switches: Switches, sample: int | None) -> None:
    events = [await tell(open_voice(), told) for told in story.told]
    orders = choose_orders(len(events), sample)
    alert = await stage(switches, len(orders))
    ids = [delivery.id for delivery in alert.deliveries]
    for step in range(len(events)):
        await apply_events([retell(events[order[step]], key) for order, key in zip(orders, ids, strict=True)], LASTS)
        known = dict(await Delivery.filter(communication_id=alert.id).values_list("id", "status"))
        for order, key in zip(orders, ids, strict=True):
            assert known[key] == max(events[place].status or 0 for place in order[: step + 1])
    await apply_events([retell(event, key) for event in events for key in ids[::7]], LASTS)
    await check_deliveries(alert, story, events)
    await check_outcome(alert, story, switches)
    beeps = sum(event.after_beep for event in events)
    assert await Due.filter(kind=Work.RESTART, subject_id__in=ids).count() == beeps * len(orders)


async def check_deliveries(alert: Alert, story: Story, events: Sequence[Event]) -> None:
    facts = ("status", "answered_by", "duration", "error_code", "dead", "ended_at", "expires_at", "status_key")
    rows = await Delivery.filter(communication_id=alert.id).values(*facts, "carrier_id", "confirmed_at")
    (ended_at,) = {event.occurred_at for event in events if event.ended}
    pressed = any(event.status is S.CALL_CONFIRMED for event in events)
    for row in rows:
        sid, key = row.pop("carrier_id"), row.pop("status_key")
        assert sid in key
        assert (row.pop("confirmed_at") is not None) is pressed
        assert row == {
            "status": story.status,
            "answered_by": story.answered_by,
            "duration": story.duration,
            "error_code": story.error_code,
            "dead": story.dead,
            "ended_at": ended_at,
            "expires_at": None,
        }


async def check_outcome(alert: Alert, story: Story, switches: Switches) -> None:
    reason = story.missed.get(switches)
    outcome = Outcome.CONTACTED if reason is None else Outcome.NOT_CONTACTED
    rows = await Recipient.filter(communication_id=alert.id).values_list("outcome", "reason", "unconfirmed", "pending")
    assert Counter(rows) == {(outcome, reason, reason is O.UNCONFIRMED, 0): len(alert.recipients)}
    tally = await Tally.get(communication_id=alert.id)
    contacted, missed = (len(rows), 0) if reason is None else (0, len(rows))
    assert (tally.contacted, tally.in_progress, tally.not_contacted) == (contacted, 0, missed)


def list_cases(switches: Iterable[Switches]) -> list[tuple[str, Switches]]:
    return [(name, choice) for name in STORIES for choice in switches]


@pytest.mark.parametrize(("name", "switches"), list_cases((REGULAR, CONFIRMING)))
async def test_a_call_ends_where_it_should_in_many_orders(name: str, switches: Switches) -> None:
    await check_story(STORIES[name], switches, SAMPLE)


async def test_a_mailbox_that_does_not_count_is_missed_in_many_orders() -> None:
    await check_story(STORIES["voicemail"], WITHOUT_MAILBOXES, SAMPLE)


@pytest.mark.proof
@pytest.mark.parametrize(("name", "switches"), list_cases(ALWAYS))
async def test_a_call_ends_where_it_should_in_all_orders(name: str, switches: Switches) -> None:
    await check_story(STORIES[name], switches, None)
