"""One call that was accepted: what it is, what has become of it, its REST resource.
Imports ledger, timeline, performance, clock.
"""

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from tocsin_carriers.clock import Clock
from tocsin_carriers.ledger import Entry
from tocsin_carriers.twilio_account import API_VERSION
from tocsin_carriers.twiml import TwimlError
from tocsin_carriers.twiml_performance import Spoken
from tocsin_carriers.voice_timeline import FINAL_WORDS, CallHappening

_SUBRESOURCES = {
    "events": "Events",
    "notifications": "Notifications",
    "payments": "Payments",
    "recordings": "Recordings",
    "siprec": "Siprec",
    "streams": "Streams",
    "transcriptions": "Transcriptions",
    "user_defined_message_subscriptions": "UserDefinedMessageSubscriptions",
    "user_defined_messages": "UserDefinedMessages",
}


@dataclass(slots=True, kw_only=True)
class Call(Entry):
    """`happenings` are those that have come true; `reported` those that its callback tells, by position."""

    account_sid: str
    to: str
    sender: str
    happenings: list[CallHappening]
    queue_milliseconds: int = 0
    reported: list[CallHappening] = field(default_factory=list)
    answered_by: str | None = None
    detection_milliseconds: int | None = None
    tells_answered_by: bool = False
    spoken: list[Spoken] = field(default_factory=list)
    digits: str = ""
    begun_again: bool = False
    twiml_errors: list[TwimlError] = field(default_factory=list)

    @property
    def word(self) -> str:
        return self.happenings[-1].word

    def when(self, *words: str) -> CallHappening | None:
        """The first happening of one of these words."""
        return next((happening for happening in self.happenings if happening.word in words), None)

    @property
    def duration(self) -> int | None:
        """Whole seconds from the answer to the end; none before the end."""
        answered, ended = self.when("in-progress"), self.when(*FINAL_WORDS)
        if ended is None:
            return None
        return round(ended.at - answered.at) if answered else 0

    def details(self) -> dict[str, Any]:
        ended = self.when(*FINAL_WORDS)
        return {
            "answeredBy": self.answered_by,
            "duration": self.duration,
            "sipResponseCode": ended and ended.sip,
            "digits": self.digits,
            "says": len(self.spoken),
            "languages": sorted({spoken.language for spoken in self.spoken}),
            "begunAgain": self.begun_again,
            "twimlErrors": len(self.twiml_errors),
            "twimlErrorCodes": [error.code for error in self.twiml_errors],
            "refusedVerbs": [error.verb for error in self.twiml_errors if error.verb],
        }


def status_of(call: Call) -> str:
    """As the resource has it, which knows no `initiated`."""
    return "queued" if call.word == "initiated" else call.word


def resource_of(call: Call, clock: Clock) -> dict[str, Any]:
    """Twilio's keys, in Twilio's formats."""
    uri = f"/{API_VERSION}/Accounts/{call.account_sid}/Calls/{call.sid}"
    call.tell(status_of(call), call.answered_by)
    return {
        "account_sid": call.account_sid,
        "annotation": None,
        "answered_by": call.answered_by,
        "api_version": API_VERSION,
        "caller_name": None,
        "date_created": _rfc2822(clock, call, call.happenings[0]),
        "date_updated": _rfc2822(clock, call, call.happenings[-1]),
        "direction": "outbound-api",
        "duration": None if call.duration is None else str(call.duration),
        "end_time": _rfc2822(clock, call, call.when(*FINAL_WORDS)),
        "forwarded_from": None,
        "from": call.sender,
        "from_formatted": _formatted(call.sender),
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": str(call.queue_milliseconds),
        "sid": call.sid,
        "start_time": _rfc2822(clock, call, call.when("initiated")),
        "status": status_of(call),
        "subresource_uris": {name: f"{uri}/{path}.json" for name, path in _SUBRESOURCES.items()},
        "to": call.to,
        "to_formatted": _formatted(call.to),
        "trunk_sid": None,
        "uri": f"{uri}.json",
    }


def started(call: Call, clock: Clock) -> datetime:
    """When it was dialled, or else accepted: what the list filters by."""
    return moment_of(clock, call, call.when("initiated") or call.happenings[0])


def moment_of(clock: Clock, call: Call, happening: CallHappening) -> datetime:
    return clock.calendar(call.accepted_at + happening.at)


def _rfc2822(clock: Clock, call: Call, happening: CallHappening | None) -> str | None:
    return None if happening is None else format_datetime(moment_of(clock, call, happening))


def _formatted(number: str) -> str:
    """North American numbers as they are written there."""
    if not (number.startswith("+1") and len(number) == len("+14185550142")):
        return number
    return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
