"""What SNS posts: the envelope's fields, the text that is signed, the guises of forgeries.
Imports the ledger only.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from tocsin_carriers.ledger import Outgoing

USER_AGENT = "Amazon Simple Notification Service Agent"
_FOREIGN_ACCOUNT = "999999999999"
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class MessageType(StrEnum):
    NOTIFICATION = "Notification"
    SUBSCRIPTION = "SubscriptionConfirmation"
    UNSUBSCRIPTION = "UnsubscribeConfirmation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guise:
    """How a message comes dressed. `age`: how long before it is sent it claims to have been published."""

    foreign_key: bool = False
    foreign_certificate: bool = False
    foreign_topic: bool = False
    version: str = "2"
    age: timedelta = timedelta(0)


GENUINE = Guise()
FORGERIES: dict[str, Guise] = {
    "wrong_key": Guise(foreign_key=True),
    "signature_version_1": Guise(version="1"),
    "foreign_topic": Guise(foreign_topic=True),
    "foreign_certificate": Guise(foreign_key=True, foreign_certificate=True),
    "old_timestamp": Guise(age=timedelta(minutes=80)),
}
"""Each is otherwise flawless: whoever does not look at the one thing believes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One message of a topic. With a token it also has a URL that would confirm."""

    type: MessageType
    message_id: str
    message: str
    published_at: datetime
    subject: str | None = None
    token: str | None = None
    guise: Guise = GENUINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Where messages come from: the topic, our own origin, the subscription they go to."""

    topic_arn: str
    origin: str
    subscription_arn: str


def foreign_topic(topic_arn: str) -> str:
    """A topic of the same name that somebody else owns."""
    parts = topic_arn.split(":")
    return ":".join((*parts[:4], _FOREIGN_ACCOUNT, *parts[5:]))


def foreign_origin(origin: str) -> str:
    """Another name of this machine: whoever compares origins sees it, whoever follows it gets an answer."""
    return origin.replace("//127.0.0.1", "//localhost")


def subscribe_url(origin: str, topic_arn: str, token: str) -> str:
    return f"{origin}/?Action=ConfirmSubscription&TopicArn={topic_arn}&Token={token}"


def fields_of(publication: Publication, sender: Sender, certificate_path: str) -> dict[str, str]:
    """Everything but the signature, in Amazon's order."""
    guise = publication.guise
    topic = foreign_topic(sender.topic_arn) if guise.foreign_topic else sender.topic_arn
    certificates = foreign_origin(sender.origin) if guise.foreign_certificate else sender.origin
    fields: dict[str, str | None] = {
        "Type": publication.type,
        "MessageId": publication.message_id,
        "Token": publication.token,
        "TopicArn": topic,
        "Subject": publication.subject,
        "Message": publication.message,
        "SubscribeURL": publication.token and subscribe_url(sender.origin, topic, publication.token),
        "Timestamp": format_instant(publication.published_at - guise.age),
        "SignatureVersion": guise.version,
        "SigningCertURL": certificates + certificate_path,
    }
    if publication.type is MessageType.NOTIFICATION:
        fields["UnsubscribeURL"] = f"{sender.origin}/?Action=Unsubscribe&SubscriptionArn={sender.subscription_arn}"
    return {name: value for name, value in fields.items() if value is not None}


def signed_text(fields: dict[str, str]) -> bytes:
    """Name and value of each field that counts, each on a line of its own."""
    names = [name for name in _SIGNED[fields["Type"]] if name in fields]
    return "".join(f"{name}\n{fields[name]}\n" for name in names).encode()


def write_post(url: str, fields: dict[str, str], signature: str, subscription_arn: str) -> Outgoing:
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "gzip,deflate",
        "x-amz-sns-message-type": fields["Type"],
        "x-amz-sns-message-id": fields["MessageId"],
        "x-amz-sns-topic-arn": fields["TopicArn"],
    }
    if fields["Type"] != MessageType.SUBSCRIPTION:
        headers["x-amz-sns-subscription-arn"] = subscription_arn
    return Outgoing(url, headers, _write_body(fields, signature))


def _write_body(fields: dict[str, str], signature: str) -> bytes:
    ordered: dict[str, str] = {}
    for name, value in fields.items():
        ordered[name] = value
        if name == "SignatureVersion":
            ordered["Signature"] = signature
    lines = (f"  {json.dumps(name)} : {json.dumps(value, ensure_ascii=False)}" for name, value in ordered.items())
    return ("{\n" + ",\n".join(lines) + "\n}").encode()


def format_instant(moment: datetime) -> str:
    """As Amazon writes instants: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
