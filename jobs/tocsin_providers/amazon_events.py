"""What Amazon reports about an e-mail, in our words, and who has had enough. Imports words, events and identifiers.

An event has one key however often, in whatever envelope and in which of its two shapes it arrives.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any
from uuid import UUID

import structlog

from tocsin.events import Consent, Event
from tocsin.identifiers import recognise
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel
from tocsin_providers.amazon_letter import TAG
from tocsin_providers.amazon_words import DETAILS, Meaning, name_word
from tocsin_providers.twilio_answers import read_text
from tocsin_providers.webhook import MalformedWebhook, Report

NAME = "amazon_ses"
ACCEPTED = "accepted"
"""Our word for the answer by which Amazon takes an e-mail."""

GREETING = "Successfully validated SNS topic for Amazon SES event publishing."
GREETED = "AmazonSnsSubscriptionSucceeded"
"""Amazon's first word on a topic, of the configuration set and of an identity."""

COUNTED = frozenset({"Delivery", "DeliveryDelay", "Bounce", "Complaint", "Subscription"})
"""Types of which each event counts; others say the same each time, and an e-mail may be opened without end."""

CARRIER_ID = re.compile(r"[0-9A-Za-z._@=+-]{1,80}", re.ASCII)
CODE = re.compile(r"[0-9A-Za-z.]{1,64}", re.ASCII)
ADDRESS = re.compile(r"[!-~]+@[^@\s]+")
MOST_ADDRESSES, LONGEST_ADDRESS = 50, 320

log = structlog.get_logger(__name__)

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    """Whose events are read: Amazon's account, and the address that its e-mails come from."""

    id: str
    sender: str


def read_report(message: str, account: Account) -> Report:
    """Return what a verified notification says; MalformedWebhook where it says nothing about an e-mail."""
    if message.strip() == GREETING:
        return Report()
    fields = read_fields(message)
    kind = fields.get("eventType") or fields.get("notificationType")
    if kind == GREETED:
        return Report()
    mail = read_mapping(fields.get("mail"))
    if not isinstance(kind, str) or not kind or read_text(mail.get("messageId"), CARRIER_ID) is None:
        raise MalformedWebhook("The notification names no type of event, or no e-mail that it is about.")
    detail = read_mapping(fields.get(DETAILS.get(kind, "")))
    event = make_event(kind, detail, mail, account)
    return Report(events=[event], consents=find_consents(event, detail, mail, account.sender))


def make_event(kind: str, detail: Fields, mail: Fields, account: Account) -> Event:
    """Return the event; without a tag it follows the answer to its hand-over, which bound the carrier's id."""
    word, meaning = name_word(kind, detail)
    if meaning is None:
        log.warning("unknown word", provider=NAME, word=word)
    known = meaning or Meaning()
    carrier_id, delivery_id = str(mail["messageId"]), find_delivery(mail)
    mark = (detail.get("feedbackId") or detail.get("timestamp")) if kind in COUNTED else None
    return Event(
        event_key=make_key(carrier_id, word, mark),
        provider=NAME,
        account=account.id,
        delivery_id=delivery_id,
        provider_word=word,
        status=known.status,
        occurred_at=read_instant(detail.get("timestamp")) or read_instant(mail.get("timestamp")),
        error_code=find_code(kind, detail),
        carrier_id=carrier_id,
        ended=known.ended,
        dead=known.dead,
        follows=None if delivery_id else make_answer_key(carrier_id),
    )


def make_key(carrier_id: str, word: str, mark: object) -> str:
    """Return the key of an event: the same for every envelope that it comes in."""
    if not isinstance(mark, str):
        return f"{NAME}:{carrier_id}:{word}"
    digest = hashlib.sha256(mark.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{NAME}:{carrier_id}:{word}:{digest[:16]}"


def make_answer_key(carrier_id: str) -> str:
    """Return the key of the answer by which Amazon took an e-mail."""
    return f"{NAME}:{carrier_id}:rest:{ACCEPTED}"


def find_delivery(mail: Fields) -> UUID | None:
    """Return the key of the delivery that an e-mail is tagged with, or nothing where it is not."""
    values = read_mapping(mail.get("tags")).get(TAG)
    if not isinstance(values, list) or len(values) != 1 or not isinstance(values[0], str):
        return None
    found = recognise(values[0])
    return found[1] if found and found[0] == "delivery" else None


def find_code(kind: str, detail: Fields) -> str | None:
    """Return why: the receiving server's status of a bounce, such as 5.1.1, or the kind of a delay."""
    code = detail.get("delayType")
    if kind == "Bounce":
        recipients = detail.get("bouncedRecipients")
        first = recipients[0] if isinstance(recipients, list) and recipients else None
        code = read_mapping(first).get("status")
    return read_text(code, CODE)


def find_consents(event: Event, detail: Fields, mail: Fields, sender: str) -> Sequence[Consent]:
    """Return who wants no more e-mails: whoever complains, and whoever unsubscribes; none about somebody else's e-mails."""
    if event.delivery_id is None and read_address(mail.get("source")).lower() != sender.lower():
        return ()
    if event.status is DeliveryStatus.EMAIL_SPAM:
        complained = read_list(detail.get("complainedRecipients"))
        addresses: Sequence[object] = [read_mapping(recipient).get("emailAddress") for recipient in complained]
    elif event.provider_word == "Subscription" and is_opt_out(read_mapping(detail.get("newTopicPreferences"))):
        addresses = read_list(mail.get("destination"))
    else:
        return ()
    wanted = dict.fromkeys(address for address in map(read_address, addresses[:MOST_ADDRESSES]) if address)
    return [
        Consent(f"{event.event_key}:{index}", Channel.EMAIL, sender, address, stopped=True)
        for index, address in enumerate(wanted)
    ]


def is_opt_out(preferences: Fields) -> bool:
    """Whether somebody has left everything, or some topic."""
    topics = [
        read_mapping(topic).get("subscriptionStatus") for topic in read_list(preferences.get("topicSubscriptionStatus"))
    ]
    return preferences.get("unsubscribeAll") is True or "OptOut" in topics


def read_fields(message: str) -> Fields:
    try:
        fields = json.loads(message)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise MalformedWebhook("The notification has to be a JSON object.")
    return fields


def read_mapping(value: object) -> Fields:
    return value if isinstance(value, dict) else {}


def read_list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def read_address(value: object) -> str:
    """Return the bare address of a mailbox such as `Name <address>`, empty where there is none."""
    address = parseaddr(value)[1] if isinstance(value, str) else ""
    sound = ADDRESS.fullmatch(address) and address.isprintable() and len(address) <= LONGEST_ADDRESS
    return address if sound else ""


def read_instant(value: object) -> datetime | None:
    """Return an instant in UTC, or nothing where it is none."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        return instant.astimezone(UTC) if instant and instant.tzinfo else None
    except (ValueError, OverflowError):
        return None
