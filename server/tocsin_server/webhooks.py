"""The webhook route: cap, verify, parse, keep, answer. A raw ASGI callable, as it is the busiest path.

The answer says whether the carrier should send again: 204 kept, 503 try later, everything else never.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog
from starlette.types import Receive, Scope, Send

from tocsin.errors import Unavailable
from tocsin.events import Event
from tocsin.words import Channel
from tocsin.writer import Writer
from tocsin_providers.webhook import RefusedWebhook, Webhook

PATIENCE_SECONDS = 12.0

log = structlog.get_logger(__name__)


class Reporter(Protocol):
    """A provider as the webhook route sees it."""

    @property
    def name(self) -> str: ...

    @property
    def channel(self) -> Channel: ...

    def verify(self, webhook: Webhook) -> Any: ...

    def parse(self, pairs: Any, raw_query: bytes) -> Sequence[Event]: ...


class Oversized(Exception):
    """More bytes than any carrier sends."""


class Webhooks:
    """Takes POST requests by path and answers 204 only after their events are committed."""

    def __init__(self, reporters: Mapping[str, Reporter], writer: Writer, *, body_limit: int) -> None:
        self._reporters = reporters
        self._writer = writer
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reporter = self._reporters.get(scope["path"])
        if reporter is None:
            return await answer(send, 404)
        if scope["method"] != "POST":
            return await answer(send, 405, (b"allow", b"POST"))
        return await self._take(reporter, scope, receive, send)

    async def _take(self, reporter: Reporter, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            webhook = await read_webhook(scope, receive, self._body_limit)
            events = reporter.parse(reporter.verify(webhook), webhook.raw_query)
            await asyncio.wait_for(self._writer.keep(events), PATIENCE_SECONDS)
        except Oversized:
            await answer(send, 413, (b"connection", b"close"))
        except RefusedWebhook as refused:
            log.warning("webhook refused", provider=reporter.name, status=refused.status)
            await answer(send, refused.status)
        except (Unavailable, TimeoutError):
            await answer(send, 503, (b"retry-after", b"1"))
        except Exception:
            # The database refused this one event; sending it again would end the same way.
            log.exception("webhook not kept", provider=reporter.name)
            await answer(send, 400)
        else:
            await answer(send, 204)


async def read_webhook(scope: Scope, receive: Receive, limit: int) -> Webhook:
    """Read the request as it came, up to the limit in bytes."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise Oversized
    path = scope.get("raw_path", scope["path"].encode()).partition(b"?")[0].decode("latin-1")
    return Webhook(path=path, raw_query=scope["query_string"], body=bytes(body), headers=dict(scope["headers"]))


async def answer(send: Send, status: int, *headers: tuple[bytes, bytes]) -> None:
    """Answer without a body, which is what carriers want."""
    length = [] if status == 204 else [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": b""})
