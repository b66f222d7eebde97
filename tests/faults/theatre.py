"""A server as a process of its own over carriers that outlive it, and a subscriber who comes back: for faults of every kind."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from stage.cast import ACCOUNT, Town
from stage.house import SECRET, TOKEN
from stage.polling import until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tocsin.identifiers import expose
from tocsin.records.communications import Communication, Tally
from tocsin.settings import read_settings
from tocsin.times import tell_time
from tocsin.words import Role
from tocsin_server.authentication import issue_token

PROGRAM = [sys.executable, "-c", "from tocsin_server.cli import main; main()"]
SLICES = ("total", "contacted", "inProgress", "notContacted")
FOLLOW = f"""subscription($id: ID!, $rate: Int!) {{
  statistics(communicationId: $id, maxPerSecond: $rate) {{ version {" ".join(SLICES)} }} }}"""
RETURN_SECONDS = 0.1


@dataclass
class Server:
    """One address behind which processes come and go."""

    port: int
    database_url: str
    carrier_url: str
    directory: Path
    settings: dict[str, str] = field(default_factory=dict)
    command: str = "serve"
    program: list[str] = field(default_factory=lambda: PROGRAM)
    output: int | None = None
    """Where it logs, if not where the test does."""
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, **more: str) -> "subprocess.Popen[bytes]":
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "TOCSIN_"))}
        settings = {
            "DATABASE_URL": self.database_url, "PORT": str(self.port), "PUBLIC_URL": self.url, "TOCSIN_SECRET": SECRET,
            "TOCSIN_DATA_DIR": str(self.directory), "TOCSIN_LOG_LEVEL": "error", "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_BASE_URL": self.carrier_url, "TWILIO_FROM": "+14185550100",
            "TWILIO_MESSAGES_PER_SECOND": "400", **self.settings, **more,
        }  # fmt: skip
        self.process = subprocess.Popen(
            [*self.program, self.command], env={**inherited, **settings}, stderr=self.output
        )
        return self.process

    async def wait_for_end(self, seconds: float = 60) -> int:
        assert self.process is not None, "start() comes first"
        return await asyncio.to_thread(self.process.wait, seconds)

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            await self.wait_for_end()

    async def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            await self.wait_for_end()

    async def wait_until_ready(self, seconds: float = 60) -> None:
        async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:

            async def ready() -> bool:
                with suppress(httpx2.HTTPError):
                    return (await client.get(f"{self.url}/readyz")).status_code == 200
                return False

            await until(ready, seconds=seconds)


@dataclass
class Onlooker:
    """A subscriber who comes back whenever the line is cut; keeps every picture that it was shown."""

    name: str
    url: str
    bearer: str
    communication: Communication
    rate: int = 20
    connected: bool = False
    """Whether a picture has come over the line that is open now."""
    visits: int = 0
    pictures: list[dict[str, Any]] = field(default_factory=list)
    _line: ClientConnection | None = None

    async def hang_up(self) -> None:
        """Cut the line, and come back over another one as after any cut."""
        if self._line is not None:
            await self._line.close()

    async def follow(self) -> None:
        """Look on until cancelled."""
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                await self._look()
            self.connected = False
            await asyncio.sleep(RETURN_SECONDS)

    async def _look(self) -> None:
        address = f"{self.url.replace('http', 'ws')}/graphql"
        protocols: Any = ["graphql-transport-ws"]
        async with connect(address, subprotocols=protocols, proxy=None, compression=None) as line:
            self._line = line
            payload = {"authorization": f"Bearer {self.bearer}"}
            await line.send(json.dumps({"type": "connection_init", "payload": payload}))
            await line.recv()
            variables = {"id": expose("communication", self.communication.id), "rate": self.rate}
            asked = {"id": "1", "type": "subscribe", "payload": {"query": FOLLOW, "variables": variables}}
            await line.send(json.dumps(asked))
            async for text in line:
                message = json.loads(text)
                if message["type"] in ("error", "complete"):
                    return  # not sent yet, or the server is leaving
                if message["type"] == "next":
                    assert "errors" not in message["payload"], message
                    shown = message["payload"]["data"]["statistics"]
                    self.visits += not self.connected
                    self.connected = True
                    self.pictures.append({"client": self.name, "communication": self.communication.id.hex, **shown})

    async def is_current(self) -> bool:
        tally = await Tally.get_or_none(communication_id=self.communication.id)
        return tally is not None and bool(self.pictures) and self.pictures[-1]["version"] == tally.version


@asynccontextmanager
async def look_on(onlookers: list[Onlooker]) -> AsyncIterator[None]:
    """Let them look on until left."""
    tasks = [asyncio.create_task(onlooker.follow()) for onlooker in onlookers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        # Who stopped looking on by himself would otherwise pass for somebody whose picture stands still.
        assert [end for end in ends if not isinstance(end, asyncio.CancelledError)] == []


def choose_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def make_bearer(town: Town) -> str:
    return issue_token(
        read_settings(tocsin_secret=SECRET), municipality=town.municipality.slug, subject="odile", name="Odile",
        role=Role.OPERATOR, now=tell_time(), lifetime=timedelta(hours=1),
    )  # fmt: skip
