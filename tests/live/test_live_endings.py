"""Promises of the connection below the protocol: it ends with a code that arrives, and it ends even for who reads nothing."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from live.control_room import PATIENCE, PROTOCOL, STATISTICS, Console, Room, open_console, open_room, variables_of
from stage.cast import Alert, Town
from websockets.exceptions import ConnectionClosed

from tocsin.database import get_database

Talk = Callable[[Console], Awaitable[None]]
FEW_BYTES = 4_096
LARGEST = 65_536
MASKED = b"\0\0\0\0"


async def say_bytes_as_text(console: Console) -> None:
    await console.connection.send(b"\xc3\x28", text=True)


async def say_one_byte_more(console: Console) -> None:
    await console.say("x" * (LARGEST + 1))


async def say_much_in_parts(console: Console) -> None:
    await console.connection.send(["x" * 30_000] * 3)


async def send_pings(console: Console) -> None:
    for number in range(5_000):
        await console.connection.ping(str(number).rjust(125))


async def send_pongs(console: Console) -> None:
    for _ in range(5_000):
        await console.connection.pong(b"x" * 125)


async def send_empty_parts(console: Console) -> None:
    console.connection.transport.write(b"\x01\x80" + MASKED + (b"\x00\x80" + MASKED) * 5_000)


async def send_an_unknown_frame(console: Console) -> None:
    console.connection.transport.write(b"\x83\x80" + MASKED)


async def send_without_a_mask(console: Console) -> None:
    console.connection.transport.write(b"\x81\x01x")


@pytest.mark.parametrize(
    ("talk", "code", "reason"),
    [
        (say_bytes_as_text, 1007, "UTF-8"),
        (say_one_byte_more, 1009, "65537 bytes exceeds limit of 65536"),
        (say_much_in_parts, 1009, "exceeds limit of 65536"),
        (send_pings, 1008, "Too many pings"),
        (send_pongs, 1008, "Too many pongs"),
        (send_empty_parts, 1008, "Too many parts of messages"),
        (send_an_unknown_frame, 1002, "invalid opcode"),
        (send_without_a_mask, 1002, "incorrect masking"),
    ],
)
@pytest.mark.parametrize("greeted", [True, False])
async def test_what_breaks_the_rules_below_the_protocol_is_told_which(
    room: Room, town: Town, caplog: pytest.LogCaptureFixture, talk: Talk, code: int, reason: str, greeted: bool
) -> None:
    async with open_console(room, await room.admit(town) if greeted else None) as console:
        with suppress(ConnectionClosed):
            await talk(console)
        told_code, told_reason = await console.wait_closed()
        assert (told_code, reason in told_reason) == (code, True), told_reason
    assert not caplog.records, caplog.text
    async with open_console(room, await room.admit(town)):
        pass


async def test_who_still_talks_hears_why_it_is_closed(room: Room) -> None:
    """Read by hand: the client of websockets stumbles over a connection that is closed while it sends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    writer.write(
        f"GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}"
        f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n".encode()
    )
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        length = 8_000_000
        writer.write(b"\x81\xff" + length.to_bytes(8, "big") + MASKED + b"x" * length)
        await writer.drain()
        frame = await reader.read()
    assert (frame[0], int.from_bytes(frame[2:4], "big")) == (0x88, 1009)
    writer.close()


async def test_a_message_of_64_kb_is_read_and_so_are_pings_and_parts_in_moderation(room: Room, town: Town) -> None:
    async with open_console(room, await room.admit(town)) as console:
        begin, end = '{"type":"ping","payload":{"x":"', '"}}'
        ping = begin + "x" * (LARGEST - len(begin + end)) + end
        await console.say(ping)
        assert await console.hear() == {"type": "pong"}
        await console.connection.send([ping[start : start + 1_024] for start in range(0, LARGEST, 1_024)])
        assert await console.hear() == {"type": "pong"}
        for _ in range(40):
            await (await console.connection.ping())


async def test_a_handshake_that_is_too_long_is_refused_in_words(room: Room) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    headers = "".join(f"X-{number}: 1\r\n" for number in range(200))
    writer.write(
        f"GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{headers}\r\n".encode()
    )
    async with asyncio.timeout(PATIENCE):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 431 ")
    writer.close()


@asynccontextmanager
async def open_stalled(room: Room, town: Town, *, lifetime: float = 3600) -> AsyncIterator[str]:
    """Connect, ask for more than any buffer takes, and read none of it; return the authorization."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, FEW_BYTES)
    reader.connect(("127.0.0.1", room.port))
    authorization = await room.admit(town, lifetime=lifetime)
    async with open_console(room, authorization, sock=reader, ping_interval=None, close_timeout=0.1) as console:
        console.connection.transport.pause_reading()
        for number in range(20):
            await console.subscribe("{ viewer { id } }", f"{number}" + "x" * 50_000)
        async with asyncio.timeout(PATIENCE):
            while not is_stalled(room):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        yield authorization


def connections(room: Room) -> list[Any]:
    assert room.server is not None, "the room is open"
    return list(room.server.server_state.connections)


def is_stalled(room: Room) -> bool:
    return any(not connection.writable.is_set() for connection in connections(room))


async def wait_until_alone(room: Room) -> None:
    """Wait until neither a place nor a connection is left."""
    async with asyncio.timeout(PATIENCE):
        while room.view.places.addresses or connections(room):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_a_peer_that_answers_no_ping_and_reads_nothing_is_dropped(database: str, town: Town) -> None:
    pings = {"ws_ping_interval": 0.2, "ws_ping_timeout": 0.2}
    async with open_room(send_buffer=FEW_BYTES, uvicorn_options=pings) as room, open_stalled(room, town):
        await wait_until_alone(room)


async def test_a_peer_that_reads_nothing_is_revoked_all_the_same(database: str, town: Town) -> None:
    unasked = {"ws_ping_interval": None}
    async with (
        open_room(send_buffer=FEW_BYTES, uvicorn_options=unasked) as room,
        open_stalled(room, town) as authorization,
    ):
        principal = room.viewers[authorization].principal_id
        await get_database().execute_query("UPDATE principal SET epoch = now() WHERE id = $1", [principal])
        await wait_until_alone(room)


async def test_a_peer_that_reads_nothing_does_not_outlive_its_token(database: str, town: Town) -> None:
    unasked = {"ws_ping_interval": None}
    async with open_room(send_buffer=FEW_BYTES, uvicorn_options=unasked) as room, open_stalled(room, town, lifetime=3):
        await wait_until_alone(room)


async def test_a_peer_that_says_goodbye_and_reads_nothing_is_dropped(database: str, town: Town) -> None:
    async with open_room(send_buffer=FEW_BYTES, uvicorn_options={"ws_ping_interval": None}) as room:
        async with open_stalled(room, town):
            for connection in connections(room):
                connection.close_timeout = 0.5
        # The console has said goodbye by now, and has gone without reading.
        await wait_until_alone(room)


async def test_a_slow_reader_that_reads_at_last_gets_everything(database: str, town: Town, alert: Alert) -> None:
    async with open_room(send_buffer=FEW_BYTES) as room, open_console(room, await room.admit(town)) as console:
        console.connection.transport.pause_reading()
        for number in range(20):
            await console.subscribe(STATISTICS, f"{number}" + "x" * 3_000, **variables_of(alert))
        console.connection.transport.resume_reading()
        assert len({(await console.hear())["id"] for _ in range(20)}) == 20
