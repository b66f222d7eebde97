"""The webhook route: cap, read, keep, answer. A raw ASGI callable, as it is the busiest path.

The answer says whether the carrier should send again: 2xx kept, 503 try later, everything else never.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.types import Message, Receive, Scope, Send

from tocsin.errors import Unavailable
from tocsin.measures import Measures
from tocsin.tracing import begin_walk
from tocsin_providers.webhook import Reader, RefusedWebhook, Reply, Report, Webhook

PATIENCE_SECONDS = 12.0
MEANWHILE_SECONDS = 3.0

log = structlog.get_logger(__name__)

Keep = Callable[[Report], Awaitable[None]]
"""Returns once all that a report says is committed; UNAVAILABLE where that can't be done now."""


class Oversized(Exception):
    """More bytes than any carrier sends."""


class Webhooks:
    """Takes POST requests by path and answers 2xx only after what they say is committed."""

    def __init__(
        self, readers: Mapping[str, Reader], keep: Keep, *, body_limit: int, measures: Measures | None = None
    ) -> None:
        self._measures = measures or Measures()
        self._readers = readers
        self._keep = keep
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reader = self._readers.get(scope["path"])
        if reader is None:
            return await answer(send, 404)
        if scope["method"] != "POST":
            return await answer(send, 405, (b"allow", b"POST"))

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._measures.webhooks.labels(scope["path"], str(message["status"])).inc()
            await send(message)

        with begin_walk("webhook", path=scope["path"]):
            return await self._take(reader, scope, receive, send_counted)

    async def _take(self, reader: Reader, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            report = await reader(await read_webhook(scope, receive, self._body_limit))
            reply = await self._keep_patiently(report)
        except Oversized:
            await answer(send, 413, (b"connection", b"close"))
        except RefusedWebhook as refused:
            kind = type(refused).__name__
            log.warning("webhook refused", path=scope["path"], status=refused.status, kind=kind, reason=str(refused))
            await answer(send, refused.status, *([RETRY] if refused.status == 503 else []))
        except (Unavailable, TimeoutError):
            await answer(send, 503, RETRY)
        except Exception:
            # The database refused this one event; sending it again would end the same way.
            log.exception("webhook not kept", path=scope["path"])
            await answer(send, 400)
        else:
            await (answer_with(send, reply) if reply else answer(send, 204))

    async def _keep_patiently(self, report: Report) -> Reply | None:
        """Keep what is reported, and return what is answered: where the report has a reply for it, before the commit.

        Such a reply is also the answer where the database refuses what is reported: somebody is on the telephone.
        """
        seconds = PATIENCE_SECONDS if report.meanwhile is None else MEANWHILE_SECONDS
        try:
            async with asyncio.timeout(seconds):
                await self._keep(report)
        except Exception as error:
            if report.meanwhile is None:
                raise
            log.warning("webhook answered meanwhile", error=type(error).__name__)
            return report.meanwhile
        return report.reply


RETRY = (b"retry-after", b"1")


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


async def answer_with(send: Send, reply: Reply) -> None:
    """Answer what the carrier is to do next."""
    headers = [(b"content-type", reply.media_type), (b"content-length", b"%d" % len(reply.body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
