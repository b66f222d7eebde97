"""Web and worker processes as an installation runs them: the real commands, their own environment, loopback only."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from stage.cast import ACCOUNT
from stage.house import SECRET, TOKEN
from stage.polling import until
from stage.valkey import find_port

PROGRAM = [sys.executable, "-c", "from tocsin_server.cli import main; main()"]


@dataclass
class Installation:
    """What its processes share, and where they may write."""

    database_url: str
    redis_url: str
    public_port: int
    carriers_url: str
    directory: Path

    @property
    def environment(self) -> dict[str, str]:
        """The same for every process, and nothing of this machine's own settings."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "PUBLIC_URL": f"http://127.0.0.1:{self.public_port}",
            "TOCSIN_SECRET": SECRET,
            "TOCSIN_DATA_DIR": str(self.directory),
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_BASE_URL": self.carriers_url,
            "TWILIO_FROM": "+14185550100",
            "TWILIO_MESSAGES_PER_SECOND": "200",
            "SOCKET_ADDRESS_LIMIT": "10000",
            "SOCKET_PRINCIPAL_LIMIT": "10000",
        }

    @asynccontextmanager
    async def run(self, *arguments: str, **more: str) -> AsyncIterator["subprocess.Popen[bytes]"]:
        """Run a command until left; what it logs lies in the directory, and a person in it fails the test."""
        log = self.directory / f"{'-'.join(arguments)}-{find_port()}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(  # noqa: ASYNC220 - started in no time
                [*PROGRAM, *arguments], env={**self.environment, **more}, stderr=file, stdout=file
            )
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                await asyncio.to_thread(process.wait, 40)
        print(log.read_text())  # noqa: T201 - a test that leaves a person here fails

    @asynccontextmanager
    async def serve(self, port: int, **more: str) -> AsyncIterator[str]:
        """Run a web process until left; return its address once it is ready."""
        async with self.run("serve", "--port", str(port), **more):
            await wait_until_ready(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"


async def wait_until_ready(url: str) -> None:
    """Return once the process says that it is ready."""
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:

        async def ready() -> bool:
            try:
                return (await client.get(f"{url}/readyz")).status_code == 200
            except httpx2.HTTPError:
                return False

        await until(ready)
