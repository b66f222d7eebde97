"""A simulator and a receiver of callbacks, both real servers on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest
import uvicorn
from stage.serving import open_listener, serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tocsin_carriers.command import create_server
from tocsin_carriers.knobs import Knobs
from tocsin_carriers.settings import CarrierSettings

ACCOUNT = "AC" + "1" * 32
TOKEN = "a token of the tests"
SPEED = 20_000.0
MESSAGE = '<Response><Say language="fr-CA">Ceci est un exercice.</Say><Say language="en-CA">A drill.</Say></Response>'


@dataclass(frozen=True)
class Received:
    """One callback as it arrived: path and query as they were on the wire."""

    target: str
    headers: dict[str, str]
    form: dict[str, str]

    @property
    def word(self) -> str:
        return self.form.get("MessageStatus") or self.form["CallStatus"]

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Reply:
    """What the receiver answers to a call's question."""

    body: str = ""
    status: int = 200
    content_type: str = "text/xml"


@dataclass
class Receiver:
    """Answers 204, or what `statuses` holds for the next requests; a status of 0 never answers. Paths in
    `replies` are answered with theirs in turn, the last one for ever.
    """

    port: int
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def words(self) -> list[str]:
        """Return what was said of a status; that a machine was detected is said between any two of these."""
        return [each.word for each in self.received if {"MessageStatus", "CallStatus"} & each.form.keys()]

    def at(self, path: str) -> list[Received]:
        """What came to one path."""
        return [received for received in self.received if received.path == path]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until what has arrived fulfils it."""
        async with asyncio.timeout(30):
            while not condition():
                self.arrived.clear()
                await self.arrived.wait()

    def is_signed(self, received: Received) -> bool:
        """Whether Twilio's own library says so."""
        validator, signature = RequestValidator(TOKEN), received.headers["x-twilio-signature"]
        return bool(validator.validate(self.url + received.target, received.form, signature))

    async def take(self, request: Request) -> Response:
        body = (await request.body()).decode("ascii")
        target = request.scope["raw_path"].decode("ascii")
        target += "?" + request.scope["query_string"].decode("ascii") if request.scope["query_string"] else ""
        form = dict(parse_qsl(body, keep_blank_values=True))
        received = Received(target, dict(request.headers), form)
        self.received.append(received)
        self.arrived.set()
        if received.path in self.replies:
            replies = self.replies[received.path]
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
            return Response(reply.body, reply.status, media_type=reply.content_type)
        status = self.statuses.pop(0) if self.statuses else 204
        if status == 0:
            await request.receive()
        return Response(status_code=status or 204)


@dataclass
class Simulation:
    """The simulator's address, and what a test asks it for."""

    url: str
    client: httpx2.AsyncClient
    receiver: Receiver

    @property
    def messages_url(self) -> str:
        return f"{self.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"

    async def send(
        self, to: str, fragment: str = "", *, fields: dict[str, str] | None = None, **more: str
    ) -> httpx2.Response:
        """An empty field is left out."""
        callback = f"{self.receiver.url}/status?delivery=d{to[-4:]}{fragment}"
        form = {"To": to, "From": "+14185550100", "Body": "Avis", "StatusCallback": callback}
        given = {name: value for name, value in (form | (fields or {}) | more).items() if value}
        return await self.client.post(self.messages_url, data=given, auth=(ACCOUNT, TOKEN))

    @property
    def calls_url(self) -> str:
        return f"{self.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"

    async def call(
        self, to: str, document: str = MESSAGE, *, fields: Mapping[str, str | list[str]] | None = None, **more: str
    ) -> httpx2.Response:
        """Reports every event to /status, detection to /detection. An empty field is left out."""
        delivery = f"delivery=d{to[-4:]}"
        form: dict[str, str | list[str]] = {
            "To": to,
            "From": "+14185550100",
            "Twiml": document,
            "StatusCallback": f"{self.receiver.url}/status?{delivery}",
            "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
            "MachineDetection": "DetectMessageEnd",
            "AsyncAmd": "true",
            "AsyncAmdStatusCallback": f"{self.receiver.url}/detection?{delivery}",
        }
        given = {name: value for name, value in (form | dict(fields or {}) | more).items() if value}
        return await self.client.post(self.calls_url, data=given, auth=(ACCOUNT, TOKEN))

    async def change(self, sid: str, **fields: str) -> httpx2.Response:
        url = self.calls_url.replace(".json", f"/{sid}.json")
        return await self.client.post(url, data=fields, auth=(ACCOUNT, TOKEN))

    async def fetch(self, sid: str) -> dict[str, Any]:
        url = self.calls_url.replace(".json", f"/{sid}.json")
        resource: dict[str, Any] = (await self.client.get(url, auth=(ACCOUNT, TOKEN))).json()
        return resource

    async def settle(self) -> dict[str, Any]:
        """Wait until nothing is owed."""
        answer = await self.client.get(f"{self.url}/simulator/settled?timeout=30")
        state: dict[str, Any] = answer.json()
        assert state["settled"], state
        return state

    async def ledger(self) -> list[dict[str, Any]]:
        text = (await self.client.get(f"{self.url}/simulator/ledger")).text
        return [json.loads(line) for line in text.splitlines()]

    async def turn(self, **knobs: float) -> httpx2.Response:
        return await self.client.post(f"{self.url}/simulator/knobs", json=knobs)


OpenSimulation = Callable[..., Awaitable[Simulation]]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    listener = open_listener()
    receiver = Receiver(listener.getsockname()[1])
    application = Starlette(routes=[Route("/{path:path}", receiver.take, methods=["POST"])])
    config = uvicorn.Config(application, lifespan="off", ws="none", log_level="warning", timeout_graceful_shutdown=1)
    async with serving(uvicorn.Server(config), listener):
        yield receiver


@asynccontextmanager
async def simulating(receiver: Receiver, settings: CarrierSettings) -> AsyncIterator[Simulation]:
    server = create_server(settings, on_start=lambda: None)
    listener = open_listener()
    client = httpx2.AsyncClient(trust_env=False, timeout=30)
    async with serving(server, listener) as port, client:
        yield Simulation(f"http://127.0.0.1:{port}", client, receiver)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def open_simulation(receiver: Receiver) -> AsyncIterator[OpenSimulation]:
    """Opens simulators: undisturbed ones, unless the test turns knobs or changes settings."""
    async with AsyncExitStack() as stack:

        async def open_one(settings: dict[str, Any] | None = None, **knobs: Any) -> Simulation:
            calm = {"speed": SPEED, "duplicates": 0.0, "receipts_never": 0.0, "receipts_slow": 0.0, **knobs}
            chosen = {"account_sid": ACCOUNT, "auth_token": TOKEN, **(settings or {})}
            made = CarrierSettings(knobs=Knobs(**calm), **chosen)
            return await stack.enter_async_context(simulating(receiver, made))

        yield open_one


@pytest.fixture
async def simulation(open_simulation: OpenSimulation) -> Simulation:
    """An undisturbed one."""
    return await open_simulation()
