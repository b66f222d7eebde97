"""Connections to receivers that stay open between posts. Imports the loopback rule and what goes out.

Only what a callback needs: the bytes of the target untouched, a short answer back. A general client costs a
millisecond of computing for each post, which would keep the simulator below a thousand callbacks a second.
"""

import asyncio
import base64
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from urllib.parse import unquote

import httptools

from tocsin_carriers.ledger import Answer, Outgoing
from tocsin_carriers.loopback import split_loopback_url

# Shorter than common servers keep an idle connection, so that a reused one is rarely closed under a callback.
_IDLE_SECONDS = 2.0
_LARGEST_ANSWER = 256 * 1024


class NoConnection(Exception):
    """The receiver does not listen, or not in time."""


class NoAnswer(Exception):
    """The receiver took the request and gave no whole answer, or not in time."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a URL leads: what to connect to, and the request's first lines as the receiver sees them."""

    host: str
    port: int
    secure: bool
    head: bytes


class Connections:
    """As many connections as there are posts under way: whoever posts bounds that. No redirect is followed."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int, bool], list[_Connection]] = {}

    async def post(self, outgoing: Outgoing, *, connect_seconds: float, read_seconds: float) -> Answer:
        """NoConnection or NoAnswer without a status; ValueError for a place that may not be called."""
        place = _locate(outgoing.url)
        idle = self._idle.setdefault((place.host, place.port, place.secure), [])
        connection = _take(idle) or await _connect(place, connect_seconds)
        try:
            async with asyncio.timeout(read_seconds):
                return await connection.ask(_write(place, outgoing))
        except TimeoutError:
            raise NoAnswer from None
        finally:
            if connection.reusable:
                connection.idle_since = time.monotonic()
                idle.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        """Close what is idle; what is under way closes by being cancelled."""
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()


class _Connection(asyncio.Protocol):
    """One request after the other. The methods that start with `on_` are the parser's."""

    def __init__(self) -> None:
        self.reusable = False
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None

    def ask(self, request: bytes) -> "asyncio.Future[Answer]":
        self.reusable = False
        self._status, self._endless, self._content_type, self._body = 0, True, "", bytearray()
        self._parser = httptools.HttpResponseParser(self)
        self._answer = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_closing():
            self._answer.set_exception(NoAnswer())
        else:
            self._transport.write(request)
        return self._answer

    def close(self) -> None:
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.close()  # nobody asked
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail()

    def connection_lost(self, error: Exception | None) -> None:
        """Without a length, an answer ends with its connection."""
        self.reusable = False
        if error is None and self._status and self._endless:
            self._succeed()
        else:
            self._fail()

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in {b"content-length", b"transfer-encoding"}:
            self._endless = False
        elif name == b"content-type":
            self._content_type = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_body(self, part: bytes) -> None:
        self._body += part
        if len(self._body) > _LARGEST_ANSWER:
            self._fail()

    def on_message_complete(self) -> None:
        if self._status >= 200:  # lower ones announce another
            self.reusable = self._parser.should_keep_alive()
            self._succeed()

    def _succeed(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Answer(self._status, self._content_type, bytes(self._body)))

    def _fail(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(NoAnswer())


def _take(idle: list[_Connection]) -> _Connection | None:
    """The freshest that is still open; the others are closed on the way."""
    while idle:
        connection = idle.pop()
        if connection.reusable and time.monotonic() - connection.idle_since < _IDLE_SECONDS:
            return connection
        connection.close()
    return None


async def _connect(place: _Place, seconds: float) -> _Connection:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            _, connection = await loop.create_connection(
                _Connection, place.host, place.port, ssl=True if place.secure else None
            )
    except (OSError, TimeoutError) as error:
        raise NoConnection from error
    return connection


@lru_cache(maxsize=1_024)
def _locate(url: str) -> _Place:
    """Path and query byte for byte, for signatures cover them. User and password become a header."""
    parts = split_loopback_url(url)
    if parts is None:
        raise ValueError("A callback may go to a loopback address only.")
    target = url.partition(f"//{parts.netloc}")[2].partition("#")[0]
    target = target if target.startswith("/") else f"/{target}"
    user, _, authority = parts.netloc.rpartition("@")
    head = f"POST {target} HTTP/1.1\r\nHost: {authority}\r\n"
    if user:
        head += f"Authorization: Basic {base64.b64encode(unquote(user).encode()).decode('ascii')}\r\n"
    secure = parts.scheme == "https"
    return _Place(parts.hostname or "", parts.port or (443 if secure else 80), secure, head.encode("ascii"))


def _write(place: _Place, outgoing: Outgoing) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in outgoing.headers.items())
    head = f"{lines}Content-Length: {len(outgoing.body)}\r\n\r\n"
    return place.head + head.encode("latin-1") + outgoing.body
