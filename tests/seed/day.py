"""An operator's day: a real server with its jobs, simulated carriers, and a town of three whom an alert meets differently."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from exports.clerk import Clerk
from live.control_room import PROTOCOL, Console
from stage.carriers_settings import describe_carriers
from stage.house import open_house
from stage.simulator import Carriers, open_carriers
from websockets.asyncio.client import connect

from tocsin.consents import list_senders
from tocsin.importing.intake import take_in
from tocsin.settings import Settings
from tocsin.times import tell_time
from tocsin.words import Role
from tocsin_server.authentication import issue_token

PATIENCE = 60
SLUG = "sainte-rive"
PEOPLE = """reference,first_name,last_name,locale,call,sms,email,groups
1,Aline,Tremblay,fr,,+14185553401,aline@exemple.test,Riverside
2,Bruno,Côté,fr,,+14185553005,,Riverside
3,Chantal,Roy,en,,,delivered@exemple.test,Riverside
4,Denis,Gagnon,en,,+14185553501,,Uptown
"""
"""Aline and Chantal are reached; Bruno's number fails; Denis lives where nothing is sent to."""
CREATE = "mutation ($input: CreateCommunicationInput!) { createCommunication(input: $input) { id } }"
SEND = 'mutation ($id: ID!) { sendCommunication(id: $id, idempotencyKey: "once") { id state } }'
PIE = "total contacted inProgress notContacted"
FOLLOW = f"subscription ($id: ID!) {{ statistics(communicationId: $id) {{ version state {PIE} recontact {{ available eligible }} }} }}"
TEXTS = [
    {"locale": locale, "smsText": "Leave now.", "emailSubject": "Flood", "emailText": "Leave now."}
    for locale in ("EN", "FR")
]


@dataclass
class Day:
    """The operator's desk: questions over HTTP, one open socket, and what the carriers know."""

    clerk: Clerk
    carriers: Carriers
    settings: Settings
    console: Console
    category: str
    group: str

    async def ask(self, document: str, **variables: Any) -> Any:
        answer = await self.clerk.ask(document, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def draft(self, title: str = "The river rises", **changes: Any) -> str:
        """Write a text and an e-mail to those by the river."""
        given = {
            "title": title,
            "categoryId": self.category,
            "groupIds": [self.group],
            "channels": ["SMS", "EMAIL"],
            "contents": TEXTS,
        }
        return str((await self.ask(CREATE, input={**given, **changes}))["createCommunication"]["id"])

    async def send(self, **changes: Any) -> str:
        communication = await self.draft(**changes)
        await self.ask(SEND, id=communication)
        return communication

    async def follow(self, communication: str, **wanted: Any) -> list[dict[str, Any]]:
        """Watch the statistics live until they say what is wanted; return every value that was told."""
        await self.console.subscribe(FOLLOW, f"follow {communication} {wanted}", id=communication)
        told: list[dict[str, Any]] = []
        async with asyncio.timeout(PATIENCE):
            while not told or any(told[-1][name] != value for name, value in wanted.items()):
                told.append(await self.console.next("statistics"))
        return told


def authorise(settings: Settings, role: Role) -> str:
    """Return the authorization of somebody of the town's staff."""
    token = issue_token(
        settings, municipality=SLUG, subject=role.name, name=role.name.title(), role=role, now=tell_time(),
        lifetime=timedelta(hours=1),
    )  # fmt: skip
    return f"Bearer {token}"


async def import_town(settings: Settings) -> None:
    """Import everybody from a file, as a municipality does."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as file:
        file.write(PEOPLE)
        file.flush()
        await take_in(Path(file.name), SLUG, name="Sainte-Rive", senders=list_senders(settings), refuse=refuse)


def refuse(number: int, reason: str) -> None:
    raise AssertionError(f"line {number}: {reason}")


@asynccontextmanager
async def open_day(database_url: str, **settings: Any) -> AsyncIterator[Day]:
    """Serve, import the town, and sit down at its operator's desk. Without reminders, unless a test wants them."""
    async with (
        open_carriers(opens=0.0, complaints=0.0) as carriers,
        open_house(
            database_url, working=True, **{"tocsin_reminder_minutes": "", **describe_carriers(carriers), **settings}
        ) as house,
        httpx2.AsyncClient(base_url=house.public_url, timeout=PATIENCE) as client,
        connect(f"{house.public_url.replace('http', 'ws')}/graphql", subprotocols=[PROTOCOL]) as connection,  # type: ignore[list-item]
    ):
        await carriers.client.post(
            f"{carriers.url}/simulator/subscribe", json={"url": f"{house.public_url}/webhooks/ses"}
        )
        await import_town(house)
        console = Console(connection)
        await console.greet(authorise(house, Role.OPERATOR))
        clerk = Clerk(client, house, authorise(house, Role.OPERATOR))
        admin = Clerk(client, house, authorise(house, Role.ADMIN))
        made = await admin.ask('mutation { createCategory(input: {name: "Floods"}) { id } }')
        groups = (await clerk.ask("{ groups { id name } }"))["data"]["groups"]
        [riverside] = [group["id"] for group in groups if group["name"] == "Riverside"]
        yield Day(clerk, carriers, house, console, made["data"]["createCategory"]["id"], riverside)
