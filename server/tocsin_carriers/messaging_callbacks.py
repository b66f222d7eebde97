"""The status callback of a text as Twilio posts it: its fields, its headers, its signature.
Imports message, ledger, clock, signature.
"""

from datetime import datetime
from urllib.parse import urlencode

from tocsin_carriers.clock import Clock
from tocsin_carriers.ledger import Callback, Kind, Outgoing
from tocsin_carriers.messaging_message import Message
from tocsin_carriers.settings import CarrierSettings
from tocsin_carriers.twilio_account import API_VERSION
from tocsin_carriers.twilio_signature import sign

USER_AGENT = "TwilioProxy/1.1"
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


def signed_post(url: str, form: dict[str, str], callback: Callback, settings: CarrierSettings) -> Outgoing:
    """A forged callback is signed with a token that is not the account's."""
    key = settings.auth_token + ("0" if callback.kind is Kind.FORGED else "")
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "I-Twilio-Idempotency-Token": callback.token,
        "User-Agent": USER_AGENT,
        "X-Twilio-Signature": sign(key, url, form),
    }
    return Outgoing(url, headers, urlencode(form).encode("ascii"))


def _carrier_date(moment: datetime) -> str:
    return moment.strftime("%y%m%d%H%M")
