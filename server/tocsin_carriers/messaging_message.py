"""One text that was accepted: what it is, which status it has at an instant, its REST resource.
Imports ledger, timeline, clock.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from tocsin_carriers.clock import Clock
from tocsin_carriers.ledger import Entry
from tocsin_carriers.messaging_segments import count_segments
from tocsin_carriers.messaging_timeline import Happening
from tocsin_carriers.twilio_account import API_VERSION
from tocsin_carriers.twilio_errors import DELIVERY_ERRORS

_SENT_WORDS = frozenset({"sent", "delivered", "undelivered"})


@dataclass(slots=True, kw_only=True)
class Message(Entry):
    """`sender` is chosen once the Messaging Service queues the text; until then the resource shows none."""

    account_sid: str
    to: str
    sender: str
    service: str | None
    body: str
    happenings: tuple[Happening, ...]

    def happened(self, now: float) -> list[Happening]:
        """Everything up to an instant of simulated time; the acceptance at least."""
        elapsed = now - self.accepted_at
        return [happening for happening in self.happenings if happening.at <= elapsed] or [self.happenings[0]]

    @property
    def reported(self) -> tuple[Happening, ...]:
        """What callbacks tell: everything but the acceptance, by position."""
        return self.happenings[1:]


def resource_of(message: Message, clock: Clock) -> dict[str, Any]:
    """Twilio's keys, in Twilio's formats."""
    past = message.happened(clock.now())
    last = past[-1]
    sent = next((happening for happening in past if happening.word in _SENT_WORDS), None)
    uri = f"/{API_VERSION}/Accounts/{message.account_sid}/Messages/{message.sid}"
    unchosen = message.service is not None and len(past) == 1
    message.tell(last.word)
    return {
        "account_sid": message.account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": _rfc2822(clock, message, message.happenings[0]),
        "date_sent": _rfc2822(clock, message, sent),
        "date_updated": _rfc2822(clock, message, last),
        "direction": "outbound-api",
        "error_code": last.error_code,
        "error_message": DELIVERY_ERRORS.get(last.error_code or 0),
        "from": None if unchosen else message.sender,
        "messaging_service_sid": message.service,
        "num_media": "0",
        "num_segments": "0" if unchosen else str(count_segments(message.body)),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": last.word,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def sent_date(message: Message, clock: Clock) -> datetime:
    """When it was sent, or else accepted: what the list filters by."""
    past = message.happened(clock.now())
    moment = next((happening for happening in past if happening.word in _SENT_WORDS), past[0])
    return clock.calendar(message.accepted_at + moment.at)


def _rfc2822(clock: Clock, message: Message, happening: Happening | None) -> str | None:
    if happening is None:
        return None
    return format_datetime(clock.calendar(message.accepted_at + happening.at))
