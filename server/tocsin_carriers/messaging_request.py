"""Reads a request to send a text and refuses it as Twilio does.
Imports settings, addresses, Twilio's errors; no state.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from tocsin_carriers.settings import CarrierSettings
from tocsin_carriers.twilio_addresses import Address, read_address
from tocsin_carriers.twilio_errors import TwilioError

NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{5,6}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_LONGEST_BODY = 1_600
_LONGEST_VALIDITY = 36_000
_SCHEDULING_SECONDS = (300.0, 35 * 86_400.0)


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A sound request. `sender` is None where a Messaging Service chooses."""

    to: str
    body: str
    sender: str | None
    service: str | None
    callback: Address | None
    validity_seconds: float
    send_at: datetime | None

    @property
    def consent_scope(self) -> str:
        return self.service or self.sender or ""


def read_text_request(form: dict[str, str], settings: CarrierSettings) -> TextRequest:
    to = _read_to(form)
    service, sender = _read_service(form, settings), _read_sender(form, settings)
    return TextRequest(
        to=to,
        body=_read_body(form),
        sender=sender,
        service=service,
        callback=read_address(form.get("StatusCallback", ""), refusal=21609),
        validity_seconds=_read_validity(form.get("ValidityPeriod")),
        send_at=_read_send_at(form),
    )


def _read_to(form: dict[str, str]) -> str:
    to = form.get("To", "")
    if not to:
        raise TwilioError(21604)
    if not NUMBER.fullmatch(to):
        raise TwilioError(21211, to)
    return to


def _read_service(form: dict[str, str], settings: CarrierSettings) -> str | None:
    service = form.get("MessagingServiceSid", "")
    if not service:
        return None
    known = service in settings.messaging_services or not settings.messaging_services
    if not (known and _SERVICE.fullmatch(service)):
        raise TwilioError(21701, service)
    return service


def _read_sender(form: dict[str, str], settings: CarrierSettings) -> str | None:
    sender = form.get("From", "")
    if not sender:
        if form.get("MessagingServiceSid"):
            return None
        raise TwilioError(21603)
    if not _SENDER.fullmatch(sender):
        raise TwilioError(21212, sender)
    if settings.senders and sender not in settings.senders:
        raise TwilioError(21606, sender)
    return sender


def _read_body(form: dict[str, str]) -> str:
    body = form.get("Body", "")
    if not body:
        raise TwilioError(21602)
    if len(body) > _LONGEST_BODY:
        raise TwilioError(21617)
    return body


def _read_validity(text: str | None) -> float:
    if text is None:
        return float(_LONGEST_VALIDITY)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _LONGEST_VALIDITY):
        raise TwilioError(21624)
    return float(text)


def _read_send_at(form: dict[str, str]) -> datetime | None:
    if form.get("ScheduleType") != "fixed":
        return None
    if not form.get("MessagingServiceSid"):
        raise TwilioError(35118)
    try:
        send_at = datetime.fromisoformat(form.get("SendAt", ""))
    except ValueError as error:
        raise TwilioError(35111) from error
    send_at = send_at if send_at.tzinfo else send_at.replace(tzinfo=UTC)
    nearest, farthest = _SCHEDULING_SECONDS
    if not nearest <= (send_at - datetime.now(UTC)).total_seconds() <= farthest:
        raise TwilioError(35114)
    return send_at
