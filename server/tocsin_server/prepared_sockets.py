"""WebSockets that take frames made ready once for many: less work for each than ASGI's send. Imports socket_protocol.

It goes round the library's bookkeeping, so that it is used only where `keep_contract` finds, at start, that nothing has changed there.
"""

import asyncio
import logging
from asyncio import BaseTransport
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from uvicorn import Config
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.uri import parse_uri

from tocsin_graphql.prepared_frames import EXTENSION, Heed, Write, find_writer, head_frame
from tocsin_server.socket_protocol import SocketProtocol

LOGGER = logging.getLogger(__name__)
SOCKETS: Mapping[str, Any] = {"ws": SocketProtocol, "ws_max_size": 65_536, "ws_per_message_deflate": False}
"""How uvicorn serves WebSockets where every frame goes by ASGI's send."""
LENGTHS = (0, 1, 125, 126, 127, 65_535, 65_536)
"""Bytes: on both sides of each border between the three ways to say a length."""


class FrameWriter:
    """Says to whoever heeds it when whole frames may be written to one socket: with the transport's own call, and nothing between."""

    __slots__ = ("_heeding", "_ready", "_write")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._write: Write = transport.write
        self._ready = False
        self._heeding: list[Heed] = []

    def attend(self, heed: Heed) -> None:
        self._heeding.append(heed)
        heed(self._write if self._ready else None)

    def leave(self, heed: Heed) -> None:
        if heed in self._heeding:
            self._heeding.remove(heed)

    def look(self, *, ready: bool) -> None:
        """Tell everybody, where it has changed."""
        if ready is not self._ready:
            self._ready = ready
            for heed in tuple(self._heeding):
                heed(self._write if ready else None)


class PreparedSocket(SocketProtocol):
    """Our protocol, which offers its applications the extension, and says after all that may change it whether it can be used."""

    make_writer = FrameWriter

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._writer = self.make_writer(self.transport)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = {"writer": self._writer}

    def _look(self) -> None:
        self._writer.look(ready=self._is_ready())

    def _is_ready(self) -> bool:
        return (
            self.handshake_complete
            and not self.close_sent
            and not self.disconnected
            and self.conn.state is State.OPEN
            and not self.conn.expect_continuation_frame
            and self.writable.is_set()
            and not self.transport.is_closing()
        )

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def eof_received(self) -> None:
        super().eof_received()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._look()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._look()

    def shutdown(self) -> None:
        super().shutdown()
        self._look()

    async def send(self, message: Any) -> None:
        try:
            await super().send(message)
        finally:
            self._look()

    async def run_asgi(self) -> None:
        try:
            await super().run_asgi()
        finally:
            self._look()


class Pipe(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """Everything has been read already."""

    def resume_reading(self) -> None:
        """Everything has been read already."""

    def take(self) -> bytes:
        written = bytes(self.written)
        self.written.clear()
        return written


class Trial:
    """One connection without a network, spoken by the library's own client."""

    def __init__(self, socket: type[PreparedSocket]) -> None:
        config = Config(
            self._serve, interface="asgi3", ws_per_message_deflate=False, proxy_headers=False, log_config=None
        )
        self.pipe = Pipe()
        self.socket = socket(config, ServerState(), {})
        self.client = ClientProtocol(parse_uri("ws://localhost/"))
        self._write: Write | None = None
        self._ending = asyncio.Event()

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.send = scope, send
        await send({"type": "websocket.accept"})
        self.opened.set()
        await self._ending.wait()

    async def open(self) -> None:
        self.opened = asyncio.Event()
        self.socket.connection_made(self.pipe)
        self.client.send_request(self.client.connect())
        self.socket.data_received(b"".join(self.client.data_to_send()))
        await self.opened.wait()
        self.hear()

    def attend(self) -> None:
        writer = find_writer(self.scope)
        assert writer is not None, "else the contract is broken already"
        writer.attend(self._heed)

    def _heed(self, write: Write | None) -> None:
        self._write = write

    def write(self, frame: bytes) -> bool:
        """Write a prepared frame, where the socket takes any."""
        if self._write is not None:
            self._write(frame)
        return self._write is not None

    def hear(self) -> list[Frame | Response]:
        """Return what the client makes of all that has been written."""
        self.client.receive_data(self.pipe.take())
        return [event for event in self.client.events_received() if isinstance(event, Frame | Response)]

    async def end(self) -> None:
        self._ending.set()
        await asyncio.wait(self.socket.tasks)
        self.socket.connection_lost(None)


async def choose_sockets(*, prepared: bool = True) -> Mapping[str, Any]:
    """Return how uvicorn serves WebSockets: with prepared frames where they are wanted and can be relied on. It is logged."""
    if not prepared:
        LOGGER.info("Frames go by ASGI's send, as is set.")
        return SOCKETS
    if not await keep_contract():
        LOGGER.warning(
            "Frames go by ASGI's send: the installed WebSocket library does not keep to what prepared frames need."
        )
        return SOCKETS
    LOGGER.info("Frames are prepared once for all who follow the same.")
    return {**SOCKETS, "ws": PreparedSocket}


async def keep_contract(socket: type[PreparedSocket] = PreparedSocket) -> bool:
    """Whether a prepared frame is, to the byte, what the library sends, and none goes out when the library would send none."""
    try:
        async with asyncio.timeout(5):
            return await try_out(socket)
    except Exception:  # whatever has changed in there: the plain way needs none of it
        return False


async def try_out(socket: type[PreparedSocket]) -> bool:
    return await holds(socket, keeps_open) and await holds(socket, closes) and await holds(socket, is_left)


async def holds(socket: type[PreparedSocket], clause: Callable[[Trial], Awaitable[bool]]) -> bool:
    """Whether a clause of the contract holds, on a connection of its own."""
    trial = Trial(socket)
    await trial.open()
    try:
        trial.attend()
        return await clause(trial)
    finally:
        await trial.end()


async def keeps_open(trial: Trial) -> bool:
    return all([await are_alike(trial, "x" * length) for length in LENGTHS]) and is_held_back(trial)


async def are_alike(trial: Trial, text: str) -> bool:
    await trial.send({"type": "websocket.send", "text": text})
    plain = bytes(trial.pipe.written)
    told = trial.hear()
    taken = trial.write(head_frame(len(text)) + text.encode())
    prepared = bytes(trial.pipe.written)
    return taken and plain == prepared and told == trial.hear() and len(told) == 1


def is_held_back(trial: Trial) -> bool:
    trial.socket.pause_writing()
    refused = takes_nothing(trial)
    trial.socket.resume_writing()
    return refused and trial.write(head_frame(1) + b"x")


def takes_nothing(trial: Trial) -> bool:
    return not trial.write(head_frame(1) + b"x") and not trial.pipe.written


async def closes(trial: Trial) -> bool:
    await trial.send({"type": "websocket.close", "code": 1000})
    trial.pipe.take()
    return takes_nothing(trial)


async def is_left(trial: Trial) -> bool:
    trial.client.send_close(1001)
    trial.socket.data_received(b"".join(trial.client.data_to_send()))
    trial.pipe.take()
    return takes_nothing(trial)
