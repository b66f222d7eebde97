"""What a carrier posted, byte for byte, and the two ways of refusing it. Imports nothing of ours."""

from collections.abc import Mapping
from dataclasses import dataclass


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
    """Not a form that the carrier sends."""
