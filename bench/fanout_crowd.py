"""The load client of fanout.py: many sockets that cost next to nothing, counted together. Imports nothing of ours."""

import asyncio
import base64
import os
import struct
from typing import cast

WAYS = ("groups", "generators")
SELECTED = "version total contacted inProgress notContacted state channels { channel total reached pending missed }"
SMALLEST_VALUE = 100
"""Bytes: a frame shorter than that is no value but an acknowledgement or a ping."""
PATIENCE = 60


class Crowd:
    """All subscribers of one way, counted together."""

    def __init__(self, path: str, communication_id: str) -> None:
        self.path = path
        query = f'subscription {{ statistics(communicationId: "{communication_id}") {{ {SELECTED} }} }}'
        self.greeting = mask('{"type":"connection_init"}')
        self.subscribing = mask(f'{{"id":"1","type":"subscribe","payload":{{"query":{quote(query)}}}}}')
        self.values = 0
        self.awaited = 0
        self.reached = asyncio.Event()

    def expect(self, values: int) -> None:
        self.values, self.awaited = 0, values
        self.reached.clear()

    def count(self, values: int) -> None:
        self.values += values
        if self.values >= self.awaited:
            self.reached.set()

    async def wait(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.reached.wait()


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
        self.open = False

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
            self.transport.write(self.crowd.greeting + self.crowd.subscribing)
        self._count_frames()

    def _count_frames(self) -> None:
        values, position, buffer = 0, 0, self.buffer
        while len(buffer) >= position + 4:
            short = buffer[position + 1]
            start = position + (4 if short == 126 else 2)
            length = int.from_bytes(buffer[position + 2 : position + 4], "big") if short == 126 else short
            if len(buffer) < start + length:
                break
            values += length >= SMALLEST_VALUE
            position = start + length
        self.buffer = buffer[position:]
        if values:
            self.crowd.count(values)


async def gather_crowd(crowd: Crowd, port: int, size: int) -> list[asyncio.Transport]:
    """Connect everybody and wait for the first value of each."""
    crowd.expect(size)
    loop = asyncio.get_running_loop()
    transports = []
    for _ in range(size):
        transport, _protocol = await loop.create_connection(lambda: Subscriber(crowd), "127.0.0.1", port)
        transports.append(transport)
    await crowd.wait()
    return transports
