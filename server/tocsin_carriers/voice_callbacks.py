"""What Twilio posts about a call: its fields, for statuses, detection and documents.
Imports call, ledger, clock, post.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime

from tocsin_carriers.clock import Clock
from tocsin_carriers.ledger import Answer, Callback, Kind, Outgoing
from tocsin_carriers.retries import RetryPolicy
from tocsin_carriers.settings import CarrierSettings
from tocsin_carriers.twilio_account import API_VERSION
from tocsin_carriers.twilio_addresses import Address
from tocsin_carriers.twilio_post import signed_post
from tocsin_carriers.voice_call import Call, moment_of
from tocsin_carriers.voice_timeline import FINAL_WORDS

_PLACES = {
    f"{side}{part}": "" for side in ("From", "To", "Caller", "Called") for part in ("City", "State", "Zip", "Country")
}
"""The places numbers stand for are unknown, so they are sent blank, as Twilio does."""


@dataclass(slots=True, kw_only=True)
class Post(Callback):
    """A request with an address and a form of its own. `hear`: who waits for the answer."""

    address: Address
    form: Mapping[str, str]
    hear: "Callable[[Post, Answer], None] | None" = None

    @property
    def retry_policy(self) -> RetryPolicy:
        return self.address.policy

    def conclude(self, answer: Answer) -> None:
        if self.hear is not None:
            self.hear(self, answer)


def compose_callback(callback: Callback, call: Call, settings: CarrierSettings, clock: Clock) -> Outgoing:
    if isinstance(callback, Post):
        return signed_post(callback.address.url, callback.form, callback, settings)
    return signed_post(call.callback_url or "", _status_form(callback, call, clock), callback, settings)


def contrary(final: str) -> str:
    """What a forged callback claims: always something else than the truth."""
    return "no-answer" if final == "completed" else "completed"


def contrary_verdict(verdict: str) -> str:
    return "human" if verdict == "fax" else "fax"


def call_form(call: Call, status: str) -> dict[str, str]:
    """The fields of every request but detection's."""
    form = {
        "AccountSid": call.account_sid,
        "ApiVersion": API_VERSION,
        "CallSid": call.sid,
        "CallStatus": status,
        "Called": call.to,
        "Caller": call.sender,
        "Direction": "outbound-api",
        "From": call.sender,
        "To": call.to,
        **_PLACES,
    }
    if call.tells_answered_by and call.answered_by:
        form["AnsweredBy"] = call.answered_by
    return form


def detection_form(call: Call, verdict: str) -> dict[str, str]:
    return {
        "AccountSid": call.account_sid,
        "AnsweredBy": verdict,
        "CallSid": call.sid,
        "MachineDetectionDuration": str(call.detection_milliseconds),
    }


def _status_form(callback: Callback, call: Call, clock: Clock) -> dict[str, str]:
    happening = call.reported[callback.position]
    form = call_form(call, callback.word) | {
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(callback.position),
        "Timestamp": format_datetime(moment_of(clock, call, happening)),
    }
    if callback.word in FINAL_WORDS:
        seconds = call.duration or 0
        form |= {"CallDuration": str(seconds), "Duration": str(-(-seconds // 60))}
        if callback.kind is not Kind.FORGED and happening.sip is not None:
            form["SipResponseCode"] = str(happening.sip)
    return form
