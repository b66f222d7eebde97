"""A line between a server and who talks to it, or what it talks to, that a test may delay, cut, or close at one end only."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Proxy:
    """What goes through a port; `delay` are seconds for which every piece is held."""

    open: Callable[[], Awaitable[Ends]]
    port: int = 0
    delay: float = 0.0
    broken: bool = False
    """Whether whoever comes is cut off at once."""
    seen: int = 0
    """How many lines have been opened so far."""
    _lines: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> int:
        """Cut every line at both ends in one moment, as a router does that was restarted; return how many there were."""
        lines = list(self._lines)
        for line in lines:
            for end in line:
                end.transport.abort()
        return len(lines)

    def break_down(self) -> None:
        """Cut every line, and let none through until `mend`."""
        self.broken = True
        self.cut()

    def mend(self) -> None:
        self.broken = False

    def half_close(self) -> int:
        """Say to every client that nothing more will come, while its requests still go through; return how many."""
        lines = list(self._lines)
        for client, _ in lines:
            with suppress(OSError):
                client.write_eof()
        return len(lines)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.broken:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await self.open()
        except OSError:
            writer.transport.abort()
            return
        self.seen += 1
        line = writer, far_writer
        self._lines.add(line)
        try:
            await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))
        finally:
            self._lines.discard(line)
            for end in line:
                end.transport.abort()

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError, RuntimeError):  # RuntimeError: written to after it was half closed
            while piece := await source.read(65_536):
                await asyncio.sleep(self.delay)
                target.write(piece)
                await target.drain()
            target.write_eof()

    async def close(self) -> None:
        self.cut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def open_proxy(open_far: Callable[[], Awaitable[Ends]]) -> AsyncIterator[Proxy]:
    """Listen on a loopback port until left."""
    proxy = Proxy(open_far)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()


def open_relay(port: int) -> AbstractAsyncContextManager[Proxy]:
    """Let a port of this machine be reached by another, as by a network that breaks down."""
    return open_proxy(partial(asyncio.open_connection, "127.0.0.1", port))
