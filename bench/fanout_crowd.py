"""The load client of fanout.py: many sockets that cost next to nothing, counted together. Imports nothing of ours."""

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias, cast

WAYS = ("groups", "generators")
"""Those of fanout_server.py, which are paths of it as well."""
SELECTED = "version total contacted inProgress notContacted state channels { channel total reached pending missed }"
SMALLEST_VALUE = 100
"""Bytes: a frame shorter than that is no value but an acknowledgement or a ping."""
PING, PONG = 0x89, b"\x8a"
PATIENCE = 60
NUDGES = 10

Followers: TypeAlias = list[asyncio.Transport]


class Crowd:
    """All subscribers of one way, counted together: by values, or, in a burst, by who has heard of its last version."""

    def __init__(self, path: str, communication_id: str, *, more: str = "", authorization: str = "") -> None:
        self.path = path
        query = f'subscription {{ statistics(communicationId: "{communication_id}"{more}) {{ {SELECTED} }} }}'
        payload = f',"payload":{{"authorization":"{authorization}"}}' if authorization else ""
        self.greeting = mask(f'{{"type":"connection_init"{payload}}}')
        self.request = f'{{"id":"1","type":"subscribe","payload":{{"query":{quote(query)}}}}}'
        self.subscribing = mask(self.request)
        self.values = 0
        self.awaited = 0
        self.version = 0
        self.reached = asyncio.Event()

    def expect(self, values: int, *, version: int = 0) -> None:
        """Count so many values from here on; with a version, so many subscribers who have heard of it."""
        self.values, self.awaited, self.version = 0, values, version
        self.reached.clear()

    def hear(self, frames: list[memoryview], subscriber: "Subscriber") -> None:
        """Take what one subscriber has heard."""
        if self.version:
            before, subscriber.version = subscriber.version, read_version(frames[-1])
            self.values += before < self.version <= subscriber.version
        else:
            self.values += len(frames)
        if self.values >= self.awaited:
            self.reached.set()

    async def wait(self, patience: float = PATIENCE) -> None:
        """Wait until all that is expected has been heard; TimeoutError that says how much was missing."""
        try:
            async with asyncio.timeout(patience):
                await self.reached.wait()
        except TimeoutError:
            raise TimeoutError(f"/{self.path}: {self.values} of {self.awaited} came within {patience} s") from None


def read_version(frame: memoryview) -> int:
    """Return the version that a value tells."""
    _, _, rest = bytes(frame).partition(b'"version":')
    return int(rest[: rest.index(b",")])


def quote(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def mask(text: str) -> bytes:
    """Return a client's frame; with a mask of zeros the text stays as it is."""
    body = text.encode()
    length = bytes([0x80 | len(body)]) if len(body) < 126 else bytes([0xFE]) + struct.pack("!H", len(body))
    return b"\x81" + length + bytes(4) + body


class Subscriber(asyncio.Protocol):
    """One socket that looks at nothing but the lengths of frames."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.buffer = b""
        self.open = self.subscribed = False
        self.version = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET /{self.crowd.path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        if not self.open:
            head, found, self.buffer = self.buffer.partition(b"\r\n\r\n")
            if not found:
                self.buffer = head
                return
            self.open = True
            self.transport.write(self.crowd.greeting)
        self._count_frames()

    def _count_frames(self) -> None:
        values: list[memoryview] = []
        position, buffer, view = 0, self.buffer, memoryview(self.buffer)
        while len(buffer) >= position + 2:
            short = buffer[position + 1]
            start = position + (4 if short == 126 else 2)
            length = int.from_bytes(buffer[position + 2 : start], "big") if short == 126 else short
            if len(buffer) < start + length:
                break
            if length >= SMALLEST_VALUE:
                values.append(view[start : start + length])
            elif buffer[position] == PING:
                self.transport.write(PONG + bytes([0x80 | length]) + bytes(4) + buffer[start : start + length])
            elif not self.subscribed:
                self.subscribed = True  # that was the acknowledgement
                self.transport.write(self.crowd.subscribing)
            position = start + length
        self.buffer = buffer[position:]
        if values:
            self.crowd.hear(values, self)


async def gather_crowd(crowd: Crowd, port: int, size: int, *, nudge: Callable[[], None] | None = None) -> Followers:
    """Connect everybody and wait for the first value of each; where there is none without a change, nudge for one."""
    crowd.expect(size)
    loop = asyncio.get_running_loop()
    transports = []
    for _ in range(size):
        transport, _protocol = await loop.create_connection(lambda: Subscriber(crowd), "127.0.0.1", port)
        transports.append(transport)
    for _ in range(NUDGES if nudge else 0):
        crowd.expect(size)
        assert nudge is not None, "asked above"
        nudge()
        with suppress(TimeoutError):
            await crowd.wait(1)
            break
    await crowd.wait()
    return transports
