"""What Twilio tells about one call, as events: its progress, who answered, which key was pressed. Imports its tables.

An event's key is made of the call's id and what is told, never of when or where: told again, it is the same.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from tocsin.events import Event, HandOver
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel
from tocsin_providers.twilio_answers import DEAD_CODES, read_instant, read_text
from tocsin_providers.twilio_voice_words import (
    ANSWERERS,
    CONFIRMING_DIGIT,
    DEAD_SIP_CODES,
    ENDINGS,
    MISSED_WORDS,
    STATUS_BY_SIP,
    WORDS,
)
from tocsin_providers.twilio_webhook import Pairs, read_field
from tocsin_providers.webhook import MalformedWebhook

NAME = "twilio_voice"

SID = re.compile(r"CA[0-9a-f]{32}", re.ASCII)
WORD = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
DIGITS = re.compile(r"[0-9*#A-Da-d]{1,32}", re.ASCII)

FETCHED = "fetched"
"""Our word for a call that asks for its document: it has been answered."""

REFUSED = "refused"
"""Our word for a request that Twilio answered with an error instead of a call."""


@dataclass(frozen=True, slots=True)
class Call:
    """The call that is told about; without `delivery_id` what is told of it can be parked."""

    account: str
    delivery_id: UUID | None
    carrier_id: str

    def tell(self, key: str, word: str) -> Event:
        """Make an event that moves nothing; `key` tells it from every other of this call."""
        return Event(
            event_key=f"{NAME}:{self.carrier_id}:{key}",
            provider=NAME,
            account=self.account,
            delivery_id=self.delivery_id,
            provider_word=word,
            carrier_id=self.carrier_id,
        )


def read_call(pairs: Pairs, account: str, delivery_id: UUID | None) -> Call:
    """Return the call that a form is about; MalformedWebhook where it is about none."""
    carrier_id = read_field(pairs, "CallSid")
    if not SID.fullmatch(carrier_id):
        raise MalformedWebhook("What Twilio posts about a call has a CallSid (CA and 32 digits).")
    return Call(account, delivery_id, carrier_id)


def read_progress(call: Call, pairs: Pairs) -> list[Event]:
    """Return what a status callback tells: where the call stands, and who answered if it says so."""
    word = read_field(pairs, "CallStatus")
    if not word:
        raise MalformedWebhook("A status callback has a CallStatus.")
    event = tell_progress(
        call,
        word,
        key=f"{word}:{read_field(pairs, 'SequenceNumber')}",
        sip=read_field(pairs, "SipResponseCode"),
        code=read_field(pairs, "ErrorCode"),
        occurred_at=read_instant(read_field(pairs, "Timestamp")),
        duration=read_number(read_field(pairs, "CallDuration")),
    )
    return [event, *read_answerer(call, read_field(pairs, "AnsweredBy"))]


def read_answerer(call: Call, word: str) -> list[Event]:
    """Return that this one took the call; nothing where it is not told."""
    if not word:
        return []
    event = call.tell(f"answered:{word}", word)
    known = ANSWERERS.get(word)
    if known is None:
        return [event]
    return [
        replace(
            event,
            status=known.status,
            answered_by=known.answered_by,
            after_beep=known.after_beep,
            dead=known.dead,
        )
    ]


def read_digits(call: Call, digits: str) -> Event:
    """Return that the citizen pressed a key, or none in time: either way somebody has answered."""
    pressed = digits if DIGITS.fullmatch(digits) else ""
    confirmed = pressed == CONFIRMING_DIGIT
    event = call.tell(f"gather:{pressed}", f"digit {pressed}" if pressed else "no digit")
    return replace(event, status=DeliveryStatus.CALL_CONFIRMED if confirmed else DeliveryStatus.CALL_IN_PROGRESS)


def tell_fetch(call: Call) -> Event:
    """Return that the call has asked for its document."""
    return replace(call.tell(FETCHED, FETCHED), status=DeliveryStatus.CALL_IN_PROGRESS)


def tell_refusal(account: str, hand_over: HandOver, code: str) -> Event:
    """Return that Twilio refuses this call for good: there never was one, so that its end is known too."""
    return Event(
        event_key=f"{NAME}:{hand_over.public_id}:rest:{code}",
        provider=NAME,
        account=account,
        delivery_id=hand_over.delivery_id,
        provider_word=REFUSED,
        status=DeliveryStatus.CALL_FAILED,
        error_code=code,
        ended=True,
        dead=code in DEAD_CODES[Channel.CALL],
    )


def tell_progress(
    call: Call, word: str, *, key: str, sip: str = "", code: str = "",
    occurred_at: datetime | None = None, duration: int | None = None,
) -> Event:  # fmt: skip
    """Return where the call stands; SIP's code and Twilio's own say more about one that was missed."""
    missed = word in MISSED_WORDS
    unknown = word == "failed" and sip in DEAD_SIP_CODES
    return replace(
        call.tell(key, word),
        status=STATUS_BY_SIP.get((word, sip)) or WORDS.get(word),
        occurred_at=occurred_at,
        error_code=(code or (f"sip-{sip}" if sip else None)) if missed else None,
        ended=word in ENDINGS,
        duration=duration if word == "completed" else None,
        dead=unknown or (missed and code in DEAD_CODES[Channel.CALL]),
    )


def read_number(text: str) -> int | None:
    """Return a whole number of a form or an answer; nothing where it is none."""
    return int(text) if NUMBER.fullmatch(text) else None


def read_resource(account: str, delivery_id: UUID, row: Mapping[str, object]) -> list[Event]:
    """Return what a call resource says: where it stands, and who answered; nothing where it is none."""
    carrier_id, word = read_text(row.get("sid"), SID), read_text(row.get("status"), WORD)
    if carrier_id is None or word is None:
        return []
    call = Call(account, delivery_id, carrier_id)
    event = tell_progress(
        call,
        word,
        key=f"rest:{word}",
        occurred_at=read_instant(row.get("end_time")) if word in ENDINGS else None,
        duration=read_number(read_text(row.get("duration"), NUMBER) or ""),
    )
    return [event, *read_answerer(call, read_text(row.get("answered_by"), WORD) or "")]
