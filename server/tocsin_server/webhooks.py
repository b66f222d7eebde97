"""The webhook route: cap, read, keep, answer. A raw ASGI callable, as it is the busiest path.

The answer says whether the carrier should send again: 2xx kept, 503 try later, everything else never.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from starlette.types import Receive, Scope, Send

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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a carrier is told."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


KEPT = Answer(204)
UNKNOWN = Answer(404)
POST_ONLY = Answer(405, ((b"allow", b"POST"),))
TOO_LARGE = Answer(413, ((b"connection", b"close"),))
LATER = Answer(503, ((b"retry-after", b"1"),))


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
        path = scope["path"]
        reader = self._readers.get(path)
        if reader is None:
            await give(send, UNKNOWN)
        elif scope["method"] != "POST":
            await give(send, POST_ONLY)
        else:
            with begin_walk("webhook", path=path):
                answer = await self._take(reader, scope, receive)
                self._measures.webhooks.labels(path, str(answer.status)).inc()
                await give(send, answer)

    async def _take(self, reader: Reader, scope: Scope, receive: Receive) -> Answer:
        try:
            report = await reader(await read_webhook(scope, receive, self._body_limit))
            reply = await self._keep_patiently(report)
        except Oversized:
            return TOO_LARGE
        except RefusedWebhook as refused:
            kind = type(refused).__name__
            log.warning("webhook refused", path=scope["path"], status=refused.status, kind=kind, reason=str(refused))
            return LATER if refused.status == 503 else Answer(refused.status)
        except (Unavailable, TimeoutError):
            return LATER
        except Exception:
            # The database refused this one event; sending it again would end the same way.
            log.exception("webhook not kept", path=scope["path"])
            return Answer(400)
        return KEPT if reply is None else Answer(200, ((b"content-type", reply.media_type),), reply.body)

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


async def give(send: Send, answer: Answer) -> None:
    """Answer the carrier: without a body, where it is not told what it is to do next."""
    length = [] if answer.status == 204 else [(b"content-length", b"%d" % len(answer.body))]
    headers = [*answer.headers, *length]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
