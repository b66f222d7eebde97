"""Status callbacks as Twilio makes them, signed by its own library, for the tests that receive them."""

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tocsin.events import Event
from tocsin.settings import read_settings
from tocsin_providers.twilio_messaging import TwilioMessaging
from tocsin_providers.webhook import Webhook

ACCOUNT = "AC" + "1" * 32
TOKEN, PREVIOUS = "token-of-today", "token-of-yesterday"
SID = "SM" + "0b7e" * 8
DELIVERY = UUID("0198c0de-0000-7000-8000-000000000001")
QUERY = f"delivery=delivery-{DELIVERY.hex}"
PATH = "/webhooks/twilio/messaging"
SETTINGS = read_settings(
    public_url="https://alerts.exemple.test/",
    twilio_account_sid=ACCOUNT,
    twilio_auth_token=TOKEN,
    twilio_auth_token_previous=PREVIOUS,
)
FORM = [
    ("AccountSid", ACCOUNT),
    ("MessageSid", SID),
    ("SmsSid", SID),
    ("MessageStatus", "undelivered"),
    ("ErrorCode", "30003"),
    ("To", "+14185550142"),
    ("From", "+14185550100"),
    ("ToCity", ""),
]


def post(
    form: Sequence[tuple[str, str]] = FORM, *, token: str = TOKEN, query: str = QUERY, path: str = PATH
) -> Webhook:
    """A callback as Twilio makes it, signed by Twilio's own library."""
    url = f"https://alerts.exemple.test{path}" + (f"?{query}" if query else "")
    grouped: dict[str, list[str]] = {}
    for name, value in form:
        grouped.setdefault(name, []).append(value)

    class Values(dict[str, list[str]]):
        def getlist(self, name: str) -> list[str]:
            return self[name]

    signature = RequestValidator(token).compute_signature(url, Values(grouped))
    headers = {b"content-type": b"application/x-www-form-urlencoded", b"x-twilio-signature": str(signature).encode()}
    return Webhook(path, query.encode(), urlencode(form).encode(), headers)


def change(form: Sequence[tuple[str, str]], **fields: str | None) -> list[tuple[str, str]]:
    """The form with other values; None leaves a field out."""
    kept = [(name, fields.get(name, value)) for name, value in form]
    return [(name, value) for name, value in kept if value is not None]


def read(messaging: TwilioMessaging, webhook: Webhook) -> list[Event]:
    return messaging.parse(messaging.verify(webhook), webhook.raw_query)
