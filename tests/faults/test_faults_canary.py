"""The promise that persons stay at home: two marked towns share web and worker processes, Redis and carriers.

A mark is in no log, metric, queue, or word said to Redis, and in nothing that the other town's principals receive.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from faults.theatre import make_bearer
from redis.asyncio import Redis
from stage.carriers_settings import describe_carriers
from stage.cast import Town, found_town, make_citizen
from stage.polling import until
from stage.processes import Installation
from stage.simulator import Carriers, open_carriers
from stage.valkey import Valkey, find_port, open_valkey
from websockets.asyncio.client import connect

from tocsin.database import get_database
from tocsin.identifiers import expose
from tocsin.records.communications import Tally
from tocsin.records.people import ContactPoint
from tocsin.words import Channel

TOKEN = "a scrape is a scrape"
CITIZENS = 12
FAULTS = {"lost_answers": 0.1, "error_after_accept": 0.1, "bad_signature": 0.2, "speed": 600.0}

CREATE = "mutation ($input: CreateCommunicationInput!) { createCommunication(input: $input) { id title } }"
SEND = 'mutation ($id: ID!) { sendCommunication(id: $id, idempotencyKey: "once") { id } }'
ROWS = "recipients(first: 50) { edges { node { firstName lastName phone email } } }"
LISTS = f"""{{ communications {{ edges {{ node {{ id title {ROWS} }} }} }}
  citizens {{ edges {{ node {{ id firstName lastName contactPoints {{ address }} }} }} }} }}"""
SPY = f"""query ($id: ID!, $citizen: ID!, $search: String) {{
  communication(id: $id) {{ title {ROWS} }} node(id: $citizen) {{ id ... on Citizen {{ lastName }} }}
  communications(search: $search) {{ edges {{ node {{ title }} }} }} }}"""
LOOK = "subscription ($id: ID!) { communicationChanges(communicationId: $id) { recipients { firstName lastName phone email } } }"
FOLLOW = (
    "subscription { activeStatistics { version total } }",
    "subscription { communicationChanged { id title } }",
)


@dataclass
class Household:
    """A town whose every person and title is marked, and all that its operator was told."""

    mark: str
    digits: str
    town: Town
    heard: list[str] = field(default_factory=list)
    communication: str = ""

    @property
    def traces(self) -> re.Pattern[str]:
        """Whatever shows one of its people, in any spelling."""
        return re.compile(f"{self.mark}|418555{self.digits}", re.IGNORECASE)

    async def ask(self, url: str, query: str, **variables: Any) -> Any:
        """Ask on its operator's behalf, and keep what was answered."""
        headers = {"Authorization": f"Bearer {make_bearer(self.town)}"}
        async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as client:
            answer = await client.post(f"{url}/graphql", json={"query": query, "variables": variables})
        self.heard.append(answer.text)
        return answer.json()

    async def listen(self, url: str, *operations: tuple[str, dict[str, Any]]) -> None:
        """Subscribe to all of these over one socket until cancelled, and keep every frame."""
        protocols: Any = ["graphql-transport-ws"]
        async with connect(f"{url.replace('http', 'ws')}/graphql", subprotocols=protocols, proxy=None) as line:
            payload = {"authorization": f"Bearer {make_bearer(self.town)}"}
            await line.send(json.dumps({"type": "connection_init", "payload": payload}))
            await line.recv()
            for number, (query, variables) in enumerate(operations):
                asked = {"query": query, "variables": variables}
                await line.send(json.dumps({"id": str(number), "type": "subscribe", "payload": asked}))
            async for frame in line:
                self.heard.append(str(frame))


@pytest.mark.timeout(170)
async def test_no_mark_leaves_its_town(database: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(open_valkey())
        said = await stack.enter_async_context(overhear(valkey))
        carriers = await stack.enter_async_context(open_carriers(**FAULTS))
        webs, metrics = await open_processes(
            stack, Installation(database, valkey.url, 0, carriers.url, tmp_path), carriers
        )
        towns = [await settle("zqxjkvwy", "00", "sainte-rive"), await settle("wvkqzyxj", "10", "deux-rives")]
        listening = [
            asyncio.create_task(house.listen(url, *((each, {}) for each in FOLLOW))) for house in towns for url in webs
        ]
        await asyncio.gather(*(send(house, webs[0]) for house in towns))
        listening += [asyncio.create_task(house.listen(webs[1], *watch(towns))) for house in towns]
        await until(have_settled, seconds=90)
        for house, other in (towns, towns[::-1]):
            await spy(house, other, webs)
        pages = [await scrape(url) for url in metrics]
        queue = str(await get_database().execute_query_dict("SELECT * FROM due"))
        for task in listening:
            task.cancel()
        await asyncio.wait(listening)
    logs = await asyncio.to_thread(read_logs, tmp_path)
    assert len(logs) == 3
    assert sum(log.count("\n") for log in logs) > 50, "They were kept at their most talkative level."
    assert len(said) > 50
    assert all("tocsin_" in page for page in pages)
    for house, other in (towns, towns[::-1]):
        assert sum(bool(house.traces.search(text)) for text in house.heard) > 3, "It has to have seen its own people."
        assert [text for text in house.heard if other.traces.search(text)] == []
        for place in (logs, said, pages, [queue]):
            assert [line for text in place for line in text.splitlines() if house.traces.search(line)] == []


@asynccontextmanager
async def overhear(valkey: Valkey) -> AsyncIterator[list[str]]:
    """Keep every word that is said to Redis until left."""
    said: list[str] = []

    async def listen() -> None:
        async with Redis.from_url(valkey.url, socket_timeout=None) as client, client.monitor() as monitor:
            async for command in monitor.listen():
                said.append(str(command["command"]))

    task = asyncio.create_task(listen())
    try:
        yield said
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def open_processes(stack: AsyncExitStack, place: Installation, carriers: Carriers) -> tuple[list[str], list[str]]:
    """Run a worker and two web processes that log all they can; return where the webs are, and all metrics."""
    ports = [find_port() for _ in range(5)]
    place.public_port = ports[0]
    talkative = {name.upper(): str(value) for name, value in describe_carriers(carriers).items()}
    talkative |= {"TOCSIN_LOG_LEVEL": "debug", "METRICS_TOKEN": TOKEN, "TOCSIN_REMINDER_MINUTES": ""}
    await stack.enter_async_context(place.run("work", METRICS_PORT=str(ports[2]), **talkative))
    webs = await asyncio.gather(
        *(
            stack.enter_async_context(place.serve(port, METRICS_PORT=str(shown), **talkative))
            for port, shown in ((ports[0], ports[3]), (ports[1], ports[4]))
        )
    )
    await carriers.client.post(f"{carriers.url}/simulator/subscribe", json={"url": f"{webs[0]}/webhooks/ses"})
    return webs, [f"http://127.0.0.1:{port}/metrics" for port in ports[2:]]


async def settle(mark: str, digits: str, slug: str) -> Household:
    """Found a town of marked citizens; their last digits let carriers do each of their things."""
    town = await found_town(slug)
    for number in range(CITIZENS):
        citizen = make_citizen(town, f"{mark.title()}{number}", f"O'{mark.title()}")
        await citizen.save(force_create=True)
        phone = f"+1418555{digits}{number:02}"
        await ContactPoint.create(citizen=citizen, address=phone, channels=[int(Channel.CALL), int(Channel.SMS)])
        address = f"{mark}{number:02}@exemple.test"
        await ContactPoint.create(citizen=citizen, address=address, channels=[int(Channel.EMAIL)])
        town.citizens.append(citizen)
    return Household(mark, digits, town)


async def send(house: Household, url: str) -> None:
    """Write and send an alert whose every word is marked."""
    texts = dict.fromkeys(("callText", "smsText", "emailSubject", "emailText"), house.mark)
    given = {
        "title": f"Alert {house.mark}", "categoryId": expose("category", house.town.category.id),
        "channels": ["CALL", "SMS", "EMAIL"], "contents": [{"locale": "FR", **texts}],
    }  # fmt: skip
    answer = await house.ask(url, CREATE, input=given)
    house.communication = answer["data"]["createCommunication"]["id"]
    assert "errors" not in await house.ask(url, SEND, id=house.communication)


def watch(towns: list[Household]) -> list[tuple[str, dict[str, Any]]]:
    """Return subscriptions to every town's alert: one's own is shown, the other's is none of one's business."""
    return [(LOOK, {"id": house.communication}) for house in towns]


async def have_settled() -> bool:
    tallies = await Tally.all()
    return len(tallies) == 2 and all(t.total == CITIZENS and t.contacted and t.pending < 6 for t in tallies)


async def spy(house: Household, other: Household, webs: list[str]) -> None:
    """Look at all that is one's own, then ask for what is the other's in every way that there is."""
    for url in webs:
        assert "errors" not in await house.ask(url, LISTS)
        citizen = expose("citizen", other.town.citizens[0].id)
        for search in (None, "Alert"):
            await house.ask(url, SPY, id=other.communication, citizen=citizen, search=search)


def read_logs(directory: Path) -> list[str]:
    return [file.read_text() for file in directory.glob("*.log")]


async def scrape(url: str) -> str:
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        answer = await client.get(url)
        assert answer.status_code == 200
        return answer.text
