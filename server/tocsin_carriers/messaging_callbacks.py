"""The status callback of a text as Twilio posts it: its fields. Imports message, ledger, clock, post."""

from datetime import datetime

from tocsin_carriers.clock import Clock
from tocsin_carriers.ledger import Callback, Outgoing
from tocsin_carriers.messaging_message import Message
from tocsin_carriers.settings import CarrierSettings
from tocsin_carriers.twilio_account import API_VERSION
from tocsin_carriers.twilio_post import signed_post

_FAILURES = frozenset({"failed", "undelivered"})
_RECEIPTS = frozenset({"delivered", "undelivered"})


def contrary(final: str) -> tuple[str, int | None]:
    """What a forged callback claims: always something else than the truth."""
    return ("undelivered", 30003) if final == "delivered" else ("delivered", None)


def compose_status(callback: Callback, message: Message, settings: CarrierSettings, clock: Clock) -> Outgoing:
    form = {
        "AccountSid": message.account_sid,
        "ApiVersion": API_VERSION,
        "From": message.sender,
        "MessageSid": message.sid,
        "MessageStatus": callback.word,
        "SmsSid": message.sid,
        "SmsStatus": callback.word,
        "To": message.to,
    }
    if message.service is not None:
        form["MessagingServiceSid"] = message.service
    if callback.error_code is not None and callback.word in _FAILURES:
        form["ErrorCode"] = str(callback.error_code)
    if callback.word in _RECEIPTS:
        happened = message.accepted_at + message.reported[callback.position].at
        form["RawDlrDoneDate"] = _carrier_date(clock.calendar(happened))
    return signed_post(message.callback_url or "", form, callback, settings)


def _carrier_date(moment: datetime) -> str:
    return moment.strftime("%y%m%d%H%M")
