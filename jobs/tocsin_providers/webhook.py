"""What a carrier posted, byte for byte, what it comes to, and the ways of refusing it. Imports events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tocsin.events import Consent, Event


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request as it arrived: `path` still percent-encoded, header names in lower case as ASGI gives them."""

    path: str
    raw_query: bytes
    body: bytes
    headers: Mapping[bytes, bytes]


class RefusedWebhook(Exception):
    """A request that changes nothing; the sentence holds no value of the request. `status` is the HTTP answer."""

    status = 400


class ForgedWebhook(RefusedWebhook):
    """The carrier's account has not signed this."""

    status = 403


class MalformedWebhook(RefusedWebhook):
    """Nothing that the carrier sends looks like this."""


class StaleWebhook(RefusedWebhook):
    """Too old, or too new, to be the carrier's own sending or a repetition of it: somebody replays it."""


class UnreadableWebhook(RefusedWebhook):
    """It can't be judged just now (a certificate is out of reach): the carrier shall send it again."""

    status = 503


@dataclass(frozen=True, slots=True)
class Reply:
    """A body that a carrier acts on."""

    body: bytes
    media_type: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """What a webhook says: events and consents, all to be kept before it is answered.

    Without `reply` the answer is empty. With `meanwhile` it may be given before the commit, while the database is slow:
    a reply that makes the carrier come back.
    """

    events: Sequence[Event] = ()
    consents: Sequence[Consent] = ()
    reply: Reply | None = None
    meanwhile: Reply | None = None


class Reader(Protocol):
    """Checks who posted a webhook and reads it; RefusedWebhook where it changes nothing."""

    async def __call__(self, webhook: Webhook) -> Report: ...
