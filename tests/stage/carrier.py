"""Twilio's simulator on a loopback port of its own, with its ledger as the truth about what was accepted."""

import json
from collections import Counter
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

CALM = {"duplicates": 0.0, "receipts_never": 0.0, "receipts_slow": 0.0}


@dataclass
class Carrier:
    """The simulator's address, and what a test asks it for."""

    url: str
    client: httpx2.AsyncClient

    async def turn(self, **knobs: float) -> None:
        (await self.client.post(f"{self.url}/simulator/knobs", json=knobs)).raise_for_status()

    async def ledger(self) -> list[dict[str, Any]]:
        text = (await self.client.get(f"{self.url}/simulator/ledger")).text
        return [json.loads(line) for line in text.splitlines()]

    async def count_accepted(self) -> Counter[str]:
        """Return how many messages were accepted for each delivery, by its public id."""
        return Counter(entry["delivery"] for entry in await self.ledger() if entry["direction"] == "outbound")

    async def settle(self) -> None:
        """Wait until no callback is owed any more."""
        state = (await self.client.get(f"{self.url}/simulator/settled?timeout=30")).json()
        assert state["settled"], state

    async def write(self, body: str, *, url: str, number: str, **fields: str) -> dict[str, Any]:
        """Let a citizen write a text; the answer says how we took it."""
        order = {"from": number, "body": body, "url": url, **fields}
        answer = await self.client.post(f"{self.url}/simulator/inbound", json=order)
        assert answer.status_code == 200, answer.text
        written: dict[str, Any] = answer.json()
        return written


@asynccontextmanager
async def open_carrier(speed: float = 600, **knobs: float) -> AsyncIterator[Carrier]:
    """Serve the account of the cast in this loop until left."""
    chosen = Knobs(**{"speed": speed, **CALM, **knobs})  # type: ignore[arg-type]  # the knobs check themselves
    server = create_server(CarrierSettings(account_sid=ACCOUNT, auth_token=TOKEN, knobs=chosen), on_start=lambda: None)
    async with serving(server, open_listener()) as port, httpx2.AsyncClient(trust_env=False, timeout=60) as client:
        yield Carrier(f"http://127.0.0.1:{port}", client)
