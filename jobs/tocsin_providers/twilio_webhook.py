"""What the webhooks of all Twilio products share: form, signer and fields. Imports webhook and signature."""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote_plus
from uuid import UUID

from tocsin.identifiers import recognise
from tocsin.settings import Settings
from tocsin_providers.twilio_signature import is_signed
from tocsin_providers.webhook import ForgedWebhook, MalformedWebhook, Webhook

FORM = b"application/x-www-form-urlencoded"
MOST_FIELDS = 200
LONGEST = 64

Pairs = Sequence[tuple[str, str]]


def verify_form(webhook: Webhook, settings: Settings) -> Pairs:
    """Return the fields of a request that our account signed, else raise ForgedWebhook or MalformedWebhook.

    What was signed is the URL that we gave to Twilio: the configured one, never what a Host header claims.
    """
    signature = webhook.headers.get(b"x-twilio-signature")
    if not signature:
        raise ForgedWebhook("The request carries no X-Twilio-Signature header.")
    pairs = read_form(webhook)
    tokens = (settings.twilio_auth_token, settings.twilio_auth_token_previous or "")
    if not is_signed(rebuild_url(webhook, settings.public_url), pairs, signature, tokens):
        raise ForgedWebhook("The signature does not fit; check TWILIO_AUTH_TOKEN and PUBLIC_URL.")
    if find_values(pairs, "AccountSid") != {settings.twilio_account_sid}:
        raise ForgedWebhook("The request speaks for another account than TWILIO_ACCOUNT_SID.")
    return pairs


def rebuild_url(webhook: Webhook, public_url: str) -> str:
    """Return the URL as given to Twilio; the query is not decoded, since its bytes are what was signed."""
    query = f"?{webhook.raw_query.decode('latin-1')}" if webhook.raw_query else ""
    return f"{public_url.rstrip('/')}{webhook.path}{query}"


def read_form(webhook: Webhook) -> Pairs:
    """Return the fields in their order, blank ones too; MalformedWebhook where the bytes are no such form."""
    media_type = webhook.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type != FORM:
        raise MalformedWebhook("The content type has to be application/x-www-form-urlencoded.")
    try:
        return split_fields(webhook.body.decode("utf-8"))
    except ValueError:
        raise MalformedWebhook(f"The body has to be a form in UTF-8 of at most {MOST_FIELDS} fields.") from None


def split_fields(text: str) -> Pairs:
    """Return what the standard library's `parse_qsl` does, in half of its time; ValueError where it is no such text."""
    parts = text.split("&")
    if len(parts) > MOST_FIELDS:
        raise ValueError("too many fields")
    return [(decode(name), decode(value)) for name, _, value in (part.partition("=") for part in parts if part)]


def decode(text: str) -> str:
    """Decode the few fields in which something is encoded."""
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text


def find_values(pairs: Iterable[tuple[str, str]], name: str) -> set[str]:
    return {value for key, value in pairs if key == name}


def read_field(pairs: Pairs, name: str) -> str:
    """Return the one value of a field that is kept, or an empty text; MalformedWebhook where it could not be kept."""
    values = find_values(pairs, name) or {""}
    if len(values) > 1:
        raise MalformedWebhook(f"The field {name} has more than one value.")
    value = values.pop()
    if len(value) > LONGEST or not value.isprintable():
        raise MalformedWebhook(f"The field {name} has to be at most {LONGEST} printable characters.")
    return value


def read_query(raw_query: bytes) -> Mapping[str, str]:
    """Return what the query of a callback URL says once; it is signed with the rest, and we made it."""
    try:
        pairs = [(name, value) for name, value in split_fields(raw_query.decode("ascii")) if value]
    except ValueError:
        return {}
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1}


def find_delivery(raw_query: bytes) -> UUID | None:
    """Return the key of the delivery that the callback URL names, or nothing where it names none."""
    found = recognise(read_query(raw_query).get("delivery", ""))
    return found[1] if found and found[0] == "delivery" else None
