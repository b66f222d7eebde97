"""A carrier on a socket that gives every request the same bytes, for the tests of what is sent and of each way to answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit


@dataclass
class Carrier:
    """Answers every request with the same bytes; an empty answer closes the connection after reading."""

    answer: bytes
    silent: bool = False
    requests: list[bytes] = field(default_factory=list)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [int(line[16:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")]
        self.requests.append(head + await reader.readexactly(sum(lengths)))
        if self.silent:
            await self._over.wait()
        writer.write(self.answer)
        await writer.drain()
        writer.close()

    def end(self) -> None:
        self._over.set()

    @property
    def forms(self) -> list[dict[str, list[str]]]:
        """What was posted, field by field."""
        bodies = [request.partition(b"\r\n\r\n")[2].decode() for request in self.requests]
        return [parse_qs(body, keep_blank_values=True, strict_parsing=True) for body in bodies]

    @property
    def targets(self) -> list[tuple[str, str, dict[str, list[str]]]]:
        """Method, path and query of each request."""
        lines = [request.partition(b"\r\n")[0].decode().split(" ") for request in self.requests]
        urls = [(method, urlsplit(target)) for method, target, _ in lines]
        return [(method, url.path, parse_qs(url.query)) for method, url in urls]


def compose(status: int, body: object = "", **headers: str) -> bytes:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(content)}\r\n{extra}\r\n".encode() + content


def refusal(status: int, code: int | str | None) -> bytes:
    body = {"code": code, "message": "The 'To' number +14185550142 is not valid.", "status": status}
    return compose(status, body)


@asynccontextmanager
async def listen(carrier: Carrier) -> AsyncIterator[int]:
    server = await asyncio.start_server(carrier.serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        carrier.end()
