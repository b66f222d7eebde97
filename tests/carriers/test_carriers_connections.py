"""The connections that carry callbacks: kept open, byte for byte, and honest about every way an answer can fail."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from tocsin_carriers.connections import Connections, NoAnswer, NoConnection
from tocsin_carriers.ledger import Answer, Outgoing

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Server:
    """Answers each request of a connection in turn with the bytes of `answers`; an empty one closes."""

    answers: list[bytes]
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/a?b=c"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        while self.answers:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            self.requests.append(head + await reader.readexactly(length))
            answer = self.answers.pop(0)
            writer.write(answer)
            if not answer or answer.endswith(b"!"):
                break
        writer.close()


@asynccontextmanager
async def serving(*answers: bytes) -> AsyncIterator[Server]:
    server = Server(list(answers))
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server
        for writer in server.writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def post(connections: Connections, url: str, body: bytes = b"x", seconds: float = 5.0) -> Answer:
    outgoing = Outgoing(url, {"Content-Type": "text/plain"}, body)
    return await connections.post(outgoing, connect_seconds=seconds, read_seconds=seconds)


async def test_a_connection_is_used_again_and_each_request_is_whole() -> None:
    connections = Connections()
    async with serving(NO_CONTENT, NO_CONTENT) as server:
        answers = [await post(connections, server.url, body) for body in (b"first", "deuxième".encode())]
        connections.close()
    assert ([answer.status for answer in answers], server.connections) == ([204, 204], 1)
    host = f"Host: 127.0.0.1:{server.port}".encode()
    assert server.requests[1] == (
        b"POST /a?b=c HTTP/1.1\r\n" + host + b"\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\ndeuxi\xc3\xa8me"
    )


async def test_posts_at_the_same_time_have_a_connection_each() -> None:
    connections = Connections()
    async with serving(*[NO_CONTENT] * 5) as server:
        await asyncio.gather(*(post(connections, server.url) for _ in range(5)))
        connections.close()
    assert server.connections == 5


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 3\r\n\r\nabc", (200, "text/xml", b"abc")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", (200, "", b"abc")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + NO_CONTENT, (204, "", b"")),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", (503, "", b"")),
        (b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", (302, "", b"")),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end!", (200, "", b"to the end!")),
        (b"HTTP/1.0 204 No Content\r\n\r\n", (204, "", b"")),
    ],
)
async def test_every_form_of_an_answer_is_understood(answer: bytes, expected: tuple[int, str, bytes]) -> None:
    connections = Connections()
    async with serving(answer) as server:
        assert await post(connections, server.url) == Answer(*expected)
        connections.close()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort!",
        b"HTTP/1.1 200 OK\r\nContent-Le!",
        b"nonsense\r\n\r\n!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"a" * 300_000,
    ],
    ids=["closed", "cut short", "no whole head", "no http", "endless"],
)
async def test_an_answer_that_is_not_whole_is_none(answer: bytes) -> None:
    connections = Connections()
    async with serving(answer) as server:
        with pytest.raises(NoAnswer):
            await post(connections, server.url)
        connections.close()


async def test_an_answer_that_comes_too_late_is_none_and_its_connection_is_not_used_again() -> None:
    connections = Connections()
    async with serving(b"HTTP/1.1 200 OK\r\n", NO_CONTENT) as server:
        with pytest.raises(NoAnswer):
            await post(connections, server.url, seconds=0.05)
        assert (await post(connections, server.url)).status == 204
        connections.close()
    assert server.connections == 2


async def test_a_connection_that_was_closed_meanwhile_is_replaced() -> None:
    connections = Connections()
    async with serving(NO_CONTENT) as server:
        await post(connections, server.url)
        server.answers.append(NO_CONTENT)
        (idle,) = (connection for each in connections._idle.values() for connection in each)
        idle.connection_lost(None)
        assert (await post(connections, server.url)).status == 204
        connections.close()
    assert server.connections == 2


async def test_where_nobody_listens_there_is_no_connection() -> None:
    with pytest.raises(NoConnection):
        await post(Connections(), "http://127.0.0.1:1/")


@pytest.mark.parametrize("url", ["http://exemple.test/", "http://192.168.0.1/", "ftp://127.0.0.1/"])
async def test_nothing_leaves_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        await post(Connections(), url)


@pytest.mark.parametrize(
    ("address", "target"),
    [("/a%20b?c=%7e|x|", "/a%20b?c=%7e|x|"), ("?x=1", "/?x=1"), ("", "/"), ("/a//b/../c#rc=5", "/a//b/../c")],
)
async def test_a_target_is_sent_byte_for_byte_and_without_its_fragment(address: str, target: str) -> None:
    connections = Connections()
    async with serving(NO_CONTENT) as server:
        await post(connections, f"http://127.0.0.1:{server.port}{address}")
        connections.close()
    assert server.requests[0].startswith(f"POST {target} HTTP/1.1\r\n".encode())


async def test_user_and_password_become_a_header() -> None:
    connections = Connections()
    async with serving(NO_CONTENT) as server:
        await post(connections, f"http://ville:mot%20de%20passe@127.0.0.1:{server.port}/")
        connections.close()
    expected = base64.b64encode(b"ville:mot de passe")
    assert b"Authorization: Basic " + expected + b"\r\n" in server.requests[0]
    assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in server.requests[0]
