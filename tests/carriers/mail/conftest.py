"""A subscriber of the simulated topic, a real server on loopback, and whoever sends e-mails and awaits their events."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from carriers.mail.amazon_words import sign_with_botocore
from stage.serving import open_listener, serving
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import httpx2
    from carriers.conftest import OpenSimulation, Simulation
    from starlette.requests import Request

SENDER = "Alertes <alertes@ville.test>"


@dataclass(frozen=True)
class Delivered:
    """One message of the topic as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        fields: dict[str, str] = json.loads(self.body)
        return fields

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.fields["Message"])
        return event

    @property
    def is_event(self) -> bool:
        return self.fields["Type"] == "Notification" and self.fields["Message"].startswith("{")

    @property
    def word(self) -> str:
        """As the ledger has it, told from the event alone."""
        event = self.event
        kind: str = event.get("eventType") or event["notificationType"]
        bounce, complaint = event.get("bounce", {}), event.get("complaint", {})
        details = [bounce.get("bounceType"), bounce.get("bounceSubType")] if bounce else []
        details += [complaint.get("complaintSubType") or complaint.get("complaintFeedbackType")] if complaint else []
        return ":".join([kind, *details])


@dataclass
class Subscriber:
    """Answers 204, or what `statuses` holds for the next events; 0 never answers. Confirms as `confirming` says:
    by `api`, by `url`, or not at all.
    """

    port: int
    client: httpx2.AsyncClient | None = None
    endpoint: str = ""
    confirming: str = "api"
    received: list[Delivered] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhooks/ses"

    @property
    def events(self) -> list[Delivered]:
        return [delivered for delivered in self.received if delivered.is_event]

    def words(self) -> list[str]:
        return [delivered.word for delivered in self.events]

    def of_type(self, kind: str) -> list[Delivered]:
        return [delivered for delivered in self.received if delivered.fields["Type"] == kind]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until what has arrived fulfils it."""
        async with asyncio.timeout(30):
            while not condition():
                self.arrived.clear()
                await self.arrived.wait()

    async def take(self, request: Request) -> Response:
        delivered = Delivered(dict(request.headers), await request.body())
        self.received.append(delivered)
        self.arrived.set()
        if delivered.fields["Type"] == "SubscriptionConfirmation":
            await self._confirm(delivered.fields)
            return Response(status_code=204)
        status = self.statuses.pop(0) if self.statuses else 204
        if status == 0:
            await request.receive()
        return Response(status_code=status or 204)

    async def _confirm(self, fields: dict[str, str]) -> None:
        if self.client is None or self.confirming not in {"api", "url"}:
            return
        if self.confirming == "url":
            await self.client.get(fields["SubscribeURL"])
        else:
            await confirm(self.client, self.endpoint, fields)


async def confirm(
    client: httpx2.AsyncClient, endpoint: str, fields: dict[str, str], **changes: str | None
) -> httpx2.Response:
    """Ask SNS to confirm, signed, unless the changes say otherwise; a change to None leaves a field out."""
    form = {
        "Action": "ConfirmSubscription",
        "Version": "2010-03-31",
        "TopicArn": fields["TopicArn"],
        "Token": fields["Token"],
        "AuthenticateOnUnsubscribe": "true",
    } | changes
    body = "&".join(f"{name}={value}" for name, value in form.items() if value is not None).encode()
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    signed = sign_with_botocore("POST", f"{endpoint}/", headers, body, service="sns")
    return await client.post(f"{endpoint}/", content=body, headers=signed)


@dataclass
class Mail:
    """A simulator and who is subscribed to its topic."""

    simulation: Simulation
    subscriber: Subscriber

    @property
    def url(self) -> str:
        return self.simulation.url

    @property
    def client(self) -> httpx2.AsyncClient:
        return self.simulation.client

    @property
    def endpoint(self) -> str:
        return f"{self.url}/v2/email/outbound-emails"

    async def send(self, to: str, **changes: Any) -> httpx2.Response:
        """Signed by Amazon's own signer. Changes replace parts of the request; None leaves one out."""
        letter = compose(to, **changes)
        return await self.post(json.dumps(letter).encode())

    async def post(self, body: bytes) -> httpx2.Response:
        headers = sign_with_botocore("POST", self.endpoint, {"content-type": "application/json"}, body, service="ses")
        return await self.client.post(self.endpoint, content=body, headers=headers)

    async def send_to(self, *addresses: str) -> list[str]:
        """The ids that SES gave."""
        answers = [await self.send(address) for address in addresses]
        return [answer.json()["MessageId"] for answer in answers]

    async def subscribe(self, confirming: str = "api") -> dict[str, Any]:
        self.subscriber.client, self.subscriber.endpoint = self.client, self.url
        self.subscriber.confirming = confirming
        return await self.order("subscribe", url=self.subscriber.url)

    async def order(self, name: str, **fields: str) -> dict[str, Any]:
        answer = await self.client.post(f"{self.url}/simulator/{name}", json=fields)
        told: dict[str, Any] = {"http": answer.status_code, **answer.json()}
        return told

    async def subscription(self) -> dict[str, Any]:
        state: dict[str, Any] = (await self.client.get(f"{self.url}/simulator/subscription")).json()
        return state

    async def until(self, condition: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until the simulator's counts, those of the subscription among them, fulfil it."""
        fulfilled = False
        async with asyncio.timeout(30):
            while not fulfilled:
                counts = (await self.client.get(f"{self.url}/simulator/state")).json()
                fulfilled = condition(counts | await self.subscription())

    async def settle(self) -> dict[str, Any]:
        return await self.simulation.settle()

    async def emails(self) -> list[dict[str, Any]]:
        """The ledger's lines of e-mails."""
        return [line for line in await self.simulation.ledger() if line["carrier"] == "amazon_ses"]


def compose(to: str, **changes: Any) -> dict[str, Any]:
    simple = {"Subject": {"Data": "Crue à Sainte-Rive"}, "Body": {"Text": {"Data": "L'eau « monte »."}}}
    letter = {
        "FromEmailAddress": SENDER,
        "Destination": {"ToAddresses": [to]},
        "Content": {"Simple": simple},
        "ConfigurationSetName": "alertes",
        "EmailTags": [{"Name": "delivery", "Value": "delivery-01JDAB3K"}],
    } | changes
    return {name: value for name, value in letter.items() if value is not None}


@asynccontextmanager
async def subscribing() -> AsyncIterator[Subscriber]:
    listener = open_listener()
    subscriber = Subscriber(listener.getsockname()[1])
    application = Starlette(routes=[Route("/{path:path}", subscriber.take, methods=["POST"])])
    config = uvicorn.Config(application, lifespan="off", ws="none", log_level="warning", timeout_graceful_shutdown=1)
    async with serving(uvicorn.Server(config), listener):
        yield subscriber


@pytest.fixture
async def open_mail(open_simulation: OpenSimulation) -> AsyncIterator[Callable[..., Awaitable[Mail]]]:
    """Opens simulators with a subscriber each: undisturbed ones, unless the test turns knobs or changes settings."""
    async with AsyncExitStack() as stack:

        async def open_one(settings: dict[str, Any] | None = None, *, confirming: str = "api", **knobs: Any) -> Mail:
            calm = {"opens": 0.0, "complaints": 0.0, "bounces_late": 0.0, "deliveries_slow": 0.0, **knobs}
            subscriber = await stack.enter_async_context(subscribing())
            mail = Mail(await open_simulation(settings, **calm), subscriber)
            if confirming != "later":
                await mail.subscribe(confirming)
                await mail.settle()
            return mail

        yield open_one


@pytest.fixture
async def mail(open_mail: Callable[..., Awaitable[Mail]]) -> Mail:
    """An undisturbed one, its subscription confirmed."""
    return await open_mail()
