"""Reads a request to send an e-mail and refuses it as SES does. Imports settings and errors; no state."""

import json
import re
from dataclasses import dataclass
from sys import intern
from typing import Any

from tocsin_carriers.amazon_errors import AmazonError
from tocsin_carriers.settings import CarrierSettings

_ADDRESS = re.compile(r"[!-?A-~]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_NAMED = re.compile(r".*<([^<>]+)>\s*", re.DOTALL)
_TAG_PART = re.compile(r"[A-Za-z0-9_-]{1,256}")
_MOST_TAGS = 50


@dataclass(frozen=True, slots=True)
class EmailRequest:
    """A sound request: one Simple message to one address."""

    to: str
    sender: str
    configuration_set: str
    subject: str
    text: str
    headers: tuple[tuple[str, str], ...]
    tags: dict[str, str]

    @property
    def delivery(self) -> str | None:
        """The customer's own id, which it puts into the tags."""
        return self.tags.get("delivery")


def read_email_request(body: bytes, settings: CarrierSettings) -> EmailRequest:
    content = _object(_parse(body), "The body")
    simple = _object(_object(content.get("Content"), "Content").get("Simple"), "Content.Simple (nothing else is sent)")
    return EmailRequest(
        to=_read_to(content),
        sender=_read_sender(content, settings),
        configuration_set=_read_configuration_set(content, settings),
        subject=_text(_object(simple.get("Subject"), "Subject").get("Data"), "Subject.Data"),
        text=_read_body(simple),
        headers=tuple(
            (_text(each.get("Name"), "Name"), _text(each.get("Value"), "Value")) for each in _headers(simple)
        ),
        tags=_read_tags(content),
    )


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise AmazonError("BadRequestException", "The body is not JSON.") from error


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise AmazonError("BadRequestException", f"{name} must be an object.")
    return value


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise AmazonError("BadRequestException", f"{name} must be a list.")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise AmazonError("BadRequestException", f"{name} must be a text that is not empty.")
    return value


def _read_to(content: dict[str, Any]) -> str:
    """One address: an Open would not say whose it is."""
    destination = _object(content.get("Destination"), "Destination")
    to = _list(destination.get("ToAddresses"), "Destination.ToAddresses")
    if len(to) != 1 or destination.get("CcAddresses") or destination.get("BccAddresses"):
        raise AmazonError("BadRequestException", "The simulator sends to exactly one address in ToAddresses.")
    return _read_address(to[0], "ToAddresses")


def _read_address(value: Any, name: str) -> str:
    """The bare address; domains beyond ASCII have to be encoded before."""
    text = _text(value, name)
    named = _NAMED.fullmatch(text)
    address = named[1] if named else text
    if not _ADDRESS.fullmatch(address):
        raise AmazonError("BadRequestException", f"{name}: illegal address.")
    return address


def _read_sender(content: dict[str, Any], settings: CarrierSettings) -> str:
    sender = _text(content.get("FromEmailAddress"), "FromEmailAddress")
    address = _read_address(sender, "FromEmailAddress")
    if settings.email_senders and not {address, address.rpartition("@")[2]} & settings.email_senders:
        raise AmazonError(
            "MessageRejected",
            "Email address is not verified. The following identities failed the check in region "
            f"{settings.region.upper()}: {address}",
        )
    return sender


def _read_configuration_set(content: dict[str, Any], settings: CarrierSettings) -> str:
    name = _text(content.get("ConfigurationSetName"), "ConfigurationSetName (events are published by it)")
    if settings.configuration_sets and name not in settings.configuration_sets:
        raise AmazonError("NotFoundException", name)
    return name


def _read_tags(content: dict[str, Any]) -> dict[str, str]:
    tags = [_object(tag, "A tag") for tag in _list(content.get("EmailTags"), "EmailTags")]
    pairs = {_text(tag.get("Name"), "Name"): _text(tag.get("Value"), "Value") for tag in tags}
    if not 1 <= len(tags) <= _MOST_TAGS or len(pairs) != len(tags):
        raise AmazonError("BadRequestException", f"EmailTags must be 1 to {_MOST_TAGS} tags with different names.")
    if not all(_TAG_PART.fullmatch(part) for pair in pairs.items() for part in pair):
        raise AmazonError(
            "BadRequestException", "Tags are made of up to 256 ASCII letters, digits, underscores and dashes."
        )
    return pairs


def _read_body(simple: dict[str, Any]) -> str:
    """The plain text, or where there is none the page; the same one is kept once, however many it goes to."""
    body = _object(simple.get("Body"), "Body")
    parts = [part for part in (body.get("Text"), body.get("Html")) if part is not None]
    if not parts:
        raise AmazonError("BadRequestException", "Body needs Text or Html.")
    texts = [_text(_object(part, "Text and Html").get("Data"), "Data") for part in parts]
    return intern(texts[0])


def _headers(simple: dict[str, Any]) -> list[dict[str, Any]]:
    return [_object(each, "A header") for each in _list(simple.get("Headers", []), "Headers")]
