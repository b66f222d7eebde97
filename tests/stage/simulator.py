"""The carriers' simulator as a real server on a loopback port, and what a test asks it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from stage.cast import ACCOUNT
from stage.house import TOKEN
from stage.serving import open_listener, serving
from tocsin_carriers.command import create_server
from tocsin_carriers.knobs import Knobs
from tocsin_carriers.settings import CarrierSettings
from tocsin_carriers.stage import Stage

SPEED = 2_000.0
KEY, SECRET_KEY = "AKIA" + "1" * 16, "s" * 39 + "7"


@dataclass(frozen=True)
class Carriers:
    """The simulator's address and a client for its control paths."""

    url: str
    topic_arn: str
    client: httpx2.AsyncClient
    stage: Stage

    def urls(self) -> list[str | None]:
        """The callback URLs that the carriers were given, as they were given."""
        return [entry.callback_url for entry in self.stage.ledger.entries]

    async def settle(self) -> None:
        """Wait until the carriers owe no report."""
        answer = await self.client.get(f"{self.url}/simulator/settled?timeout=30")
        assert answer.json()["settled"], answer.text

    async def ledger(self) -> list[dict[str, Any]]:
        """What the carriers accepted, a line each."""
        text = (await self.client.get(f"{self.url}/simulator/ledger")).text
        return [json.loads(line) for line in text.splitlines()]


@asynccontextmanager
async def open_carriers(**knobs: Any) -> AsyncIterator[Carriers]:
    """Carriers who lose and delay nothing, unless a test turns their knobs."""
    calm = {"speed": SPEED, "duplicates": 0.0, "delayed": 0.0, "receipts_never": 0.0, "receipts_slow": 0.0}
    settings = CarrierSettings(
        account_sid=ACCOUNT, auth_token=TOKEN, aws_access_key_id=KEY, aws_secret_access_key=SECRET_KEY,
        knobs=Knobs(**{**calm, **knobs}),
    )  # fmt: skip
    server = create_server(settings, on_start=lambda: None)
    async with serving(server, open_listener()) as port, httpx2.AsyncClient(trust_env=False, timeout=40) as client:
        yield Carriers(f"http://127.0.0.1:{port}", settings.topic_arn, client, server.application.state.stage)
