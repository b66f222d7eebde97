"""The envelope in which Amazon's notification service delivers: its form, its rules, what is signed. Imports webhook.

Everything that can be refused without asking anybody is refused here, before a certificate is fetched.
"""

import base64
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tocsin.arns import Topic
from tocsin_providers.webhook import ForgedWebhook, MalformedWebhook, StaleWebhook

LARGEST = 262_144
"""Bytes of the service's largest message."""

OLDEST, NEWEST = timedelta(minutes=75), timedelta(minutes=15)
"""It repeats for an hour; clocks differ."""

TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z", re.ASCII)
CERTIFICATE = re.compile(r"SimpleNotificationService-[0-9a-f]{1,64}\.pem", re.ASCII)


class Kind(StrEnum):
    """What an envelope is for, in Amazon's words."""

    NOTIFICATION = "Notification"
    SUBSCRIPTION = "SubscriptionConfirmation"
    UNSUBSCRIPTION = "UnsubscribeConfirmation"


HANDSHAKE = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED: Mapping[Kind, tuple[str, ...]] = {
    Kind.NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    Kind.SUBSCRIPTION: HANDSHAKE,
    Kind.UNSUBSCRIPTION: HANDSHAKE,
}
"""The fields that are signed, in the order in which they are; `Subject` alone may be missing."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope that obeys all rules, its signature not yet checked. `token` is empty in a notification."""

    kind: Kind
    topic: Topic
    message: str
    token: str
    certificate_url: str
    signature: bytes
    signed: bytes


def open_envelope(
    body: bytes, now: datetime, topics: Mapping[str, Topic], origins: Collection[str] = ()
) -> Envelope:  # fmt: skip
    """Return the envelope in a body; MalformedWebhook, ForgedWebhook or StaleWebhook where it breaks a rule.

    Certificates are believed from `origins`, or where there are none from the topic's own.
    """
    fields = read_fields(body)
    kind = read_kind(fields)
    if read_line(fields, "SignatureVersion") != "2":
        raise ForgedWebhook("Only signature version 2 is believed; set SignatureVersion to 2 on the topic.")
    topic = topics.get(read_line(fields, "TopicArn"))
    if topic is None:
        raise ForgedWebhook("The topic is not among SNS_TOPIC_ARNS.")
    url = read_line(fields, "SigningCertURL")
    if not is_certificate(url, origins or (topic.origin,)):
        raise ForgedWebhook("The certificate is not at the address where Amazon keeps those of the topic's region.")
    check_age(read_line(fields, "Timestamp"), now)
    return Envelope(
        kind=kind,
        topic=topic,
        message=read_field(fields, "Message"),
        token=read_line(fields, "Token") if kind is not Kind.NOTIFICATION else "",
        certificate_url=url,
        signature=read_signature(fields),
        signed=list_signed(fields, kind),
    )


def read_fields(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body in UTF-8, whatever its content type says."""
    try:
        fields = json.loads(body.decode("utf-8")) if len(body) <= LARGEST else None
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise MalformedWebhook(f"The body has to be a JSON object in UTF-8 of at most {LARGEST} bytes.")
    return fields


def read_kind(fields: Mapping[str, Any]) -> Kind:
    try:
        return Kind(read_line(fields, "Type"))
    except ValueError:
        raise MalformedWebhook("The type is none of those that the notification service sends.") from None


def read_field(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise MalformedWebhook(f"The field {name} has to be a text.")
    return value


def read_line(fields: Mapping[str, Any], name: str) -> str:
    """Return a field of one line: a line more could pass for the next field in what is signed."""
    value = read_field(fields, name)
    if not value or "\n" in value:
        raise MalformedWebhook(f"The field {name} has to be one line.")
    return value


def is_certificate(url: str, origins: Collection[str]) -> bool:
    """Whether a URL is one of the origins, letter for letter, and right below it a certificate."""
    origin, _, name = url.rpartition("/")
    return origin in origins and CERTIFICATE.fullmatch(name) is not None


def check_age(stamp: str, now: datetime) -> None:
    """Refuse what was signed too long ago to be a repetition, or will be signed only later."""
    try:
        signed_at = datetime.fromisoformat(stamp) if TIMESTAMP.fullmatch(stamp) else None
    except ValueError:
        signed_at = None
    if signed_at is None:
        raise MalformedWebhook("The field Timestamp has to be an instant in UTC.")
    if not -NEWEST <= now - signed_at <= OLDEST:
        raise StaleWebhook(
            "It was signed more than 75 minutes ago, or 15 minutes ahead; check the clock of this machine."
        )


def read_signature(fields: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(read_line(fields, "Signature"), validate=True)
    except ValueError:
        raise MalformedWebhook("The field Signature has to be in base 64.") from None


def list_signed(fields: Mapping[str, Any], kind: Kind) -> bytes:
    """Return the bytes that Amazon signs: each field's name and value, a line each."""
    names = [name for name in SIGNED[kind] if name != "Subject" or fields.get(name) is not None]
    lines = [
        f"{name}\n{read_field(fields, name) if name == 'Message' else read_line(fields, name)}\n" for name in names
    ]
    try:
        return "".join(lines).encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedWebhook("A field holds half a character.") from None
