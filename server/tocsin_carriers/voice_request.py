"""Reads a request to call, or to change a call, and refuses it as Twilio does.
Imports settings, addresses, Twilio's errors; no state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tocsin_carriers.messaging_request import NUMBER
from tocsin_carriers.settings import CarrierSettings
from tocsin_carriers.twilio_addresses import Address, read_address
from tocsin_carriers.twilio_errors import TwilioError
from tocsin_carriers.voice_timeline import FINAL_WORDS

LONGEST_TWIML = 4_000
EVENTS: dict[str, frozenset[str]] = {
    "initiated": frozenset({"initiated"}),
    "ringing": frozenset({"ringing"}),
    "answered": frozenset({"in-progress"}),
    "completed": FINAL_WORDS,
}
_MODES = {"Enable": False, "DetectMessageEnd": True}
_METHODS = ("Method", "FallbackMethod", "StatusCallbackMethod", "AsyncAmdStatusCallbackMethod")


@dataclass(frozen=True, slots=True)
class Document:
    """What is to be executed: TwiML, or where it is fetched; and where instead, if that goes wrong."""

    twiml: str | None
    address: Address | None
    fallback: Address | None


@dataclass(frozen=True, slots=True)
class Detection:
    """Of answering machines. `message_end`: the verdict waits for the end of the greeting."""

    message_end: bool
    asynchronous: bool
    address: Address | None
    timeout: float


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A sound request. `words`: the statuses that are to be reported. `timeout`: seconds of ringing.
    `time_limit`: seconds after the answer.
    """

    to: str
    sender: str
    document: Document
    callback: Address | None
    words: frozenset[str]
    timeout: float
    time_limit: float
    detection: Detection | None

    @property
    def delivery(self) -> str | None:
        addresses = (self.callback, self.document.address, self.detection and self.detection.address)
        return next((address.delivery for address in addresses if address and address.delivery), None)


def read_call_request(fields: Sequence[tuple[str, str]], settings: CarrierSettings) -> CallRequest:
    form = dict(fields)
    to, sender = _read_to(form), _read_sender(form, settings)
    document = read_document(form)
    if document is None:
        raise TwilioError(21205, "none")
    _refuse_get(form)
    return CallRequest(
        to=to,
        sender=sender,
        document=document,
        callback=read_address(form.get("StatusCallback", ""), refusal=21609),
        words=_read_events([value for name, value in fields if name == "StatusCallbackEvent"]),
        timeout=_read_seconds(form, "Timeout", 60, 1, 600),
        time_limit=_read_seconds(form, "TimeLimit", 14_400, 1, 86_400),
        detection=_read_detection(form),
    )


def read_document(form: Mapping[str, str]) -> Document | None:
    """Url goes before Twiml, as at Twilio."""
    address = read_address(form.get("Url", ""), refusal=21205)
    twiml = form.get("Twiml") or None
    if address is None and twiml is None:
        return None
    if twiml is not None and len(twiml) > LONGEST_TWIML:
        raise TwilioError(32018)
    fallback = read_address(form.get("FallbackUrl", ""), refusal=21205)
    return Document(None if address else twiml, address, fallback)


def _read_to(form: Mapping[str, str]) -> str:
    to = form.get("To", "")
    if not to:
        raise TwilioError(21201)
    if not NUMBER.fullmatch(to):
        raise TwilioError(21211, to)
    return to


def _read_sender(form: Mapping[str, str], settings: CarrierSettings) -> str:
    sender = form.get("From", "")
    if not sender:
        raise TwilioError(21213)
    if not NUMBER.fullmatch(sender):
        raise TwilioError(21212, sender)
    if settings.senders and sender not in settings.senders:
        raise TwilioError(21210, sender)
    return sender


def _read_events(events: Sequence[str]) -> frozenset[str]:
    """None named: only the end is reported."""
    if not set(events) <= set(EVENTS):
        raise TwilioError(20001, f"StatusCallbackEvent must be one of {', '.join(EVENTS)}")
    return frozenset().union(*(EVENTS[event] for event in events or ["completed"]))


def _read_detection(form: Mapping[str, str]) -> Detection | None:
    mode = form.get("MachineDetection", "")
    address = read_address(form.get("AsyncAmdStatusCallback", ""), refusal=21502)
    if not mode:
        return None
    if mode not in _MODES:
        raise TwilioError(20001, f"MachineDetection must be one of {', '.join(_MODES)}")
    return Detection(
        message_end=_MODES[mode],
        asynchronous=form.get("AsyncAmd", "").lower() == "true",
        address=address,
        timeout=_read_seconds(form, "MachineDetectionTimeout", 30, 3, 59),
    )


def _read_seconds(form: Mapping[str, str], name: str, usual: int, low: int, high: int) -> float:
    text = form.get(name) or str(usual)
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise TwilioError(20001, f"{name} must be an integer from {low} to {high}")
    return float(text)


def _refuse_get(form: Mapping[str, str]) -> None:
    for name in _METHODS:
        if form.get(name, "POST").upper() != "POST":
            raise TwilioError(20001, f"{name}: the simulator only posts")
