"""The promise of several processes: two web and one worker show one truth on every socket, with Redis and while it is away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from stage.cast import Town, draft, found_town, make_citizen
from stage.house import SECRET
from stage.polling import until
from stage.processes import Installation
from stage.promptness import keep_promise
from stage.simulator import Carriers, open_carriers
from stage.valkey import Valkey, find_port, open_valkey
from websockets.asyncio.client import ClientConnection, connect

from tocsin.assessment import lock_tallies, reassess
from tocsin.database import get_database
from tocsin.identifiers import expose
from tocsin.records.communications import Communication, Recipient, Tally
from tocsin.records.people import Citizen, ContactPoint
from tocsin.settings import read_settings
from tocsin.times import tell_time
from tocsin.transactions import in_transaction
from tocsin.words import Channel, Role
from tocsin_server.authentication import issue_token
from tocsin_server.drill import ask

CITIZENS = 60
COUNTS = "version total contacted inProgress notContacted"
FOLLOW = f"subscription($id: ID!) {{ statistics(communicationId: $id, maxPerSecond: 20) {{ {COUNTS} }} }}"
SEND = "mutation($id: ID!, $key: String!) { sendCommunication(id: $id, idempotencyKey: $key) { id } }"


@dataclass
class Onlooker:
    """A subscriber: every picture that it was shown."""

    pictures: list[dict[str, int]] = field(default_factory=list)

    @property
    def newest(self) -> dict[str, int]:
        return self.pictures[-1] if self.pictures else {}

    async def read(self, connection: ClientConnection) -> None:
        async for text in connection:
            message = json.loads(text)
            assert message["type"] in ("next", "ping"), message
            if message["type"] == "next":
                self.pictures.append(message["payload"]["data"]["statistics"])


@dataclass
class Stage:
    """An installation at work."""

    webs: tuple[str, str]
    bearer: str
    town: Town
    communication: Communication
    valkey: Valkey
    carriers: Carriers

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[list[Onlooker]]:
        """Two subscribers on each web process."""
        async with AsyncExitStack() as stack:
            onlookers = []
            for url in (*self.webs, *self.webs):
                onlooker = Onlooker()
                connection = await stack.enter_async_context(follow(url, self.bearer, self.communication.id))
                reading = asyncio.create_task(onlooker.read(connection))
                stack.callback(reading.cancel)
                onlookers.append(onlooker)
            await until(lambda: all_have(onlookers))
            yield onlookers

    async def send(self, web: str) -> None:
        shown = expose("communication", self.communication.id)
        async with httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {self.bearer}"}, trust_env=False, timeout=30
        ) as client:
            await ask(client, f"{web}/graphql", SEND, id=shown, key=shown)


async def all_have(onlookers: list[Onlooker]) -> bool:
    return all(onlooker.pictures for onlooker in onlookers)


@asynccontextmanager
async def follow(url: str, bearer: str, communication_id: UUID) -> AsyncIterator[ClientConnection]:
    address = f"{url.replace('http', 'ws')}/graphql"
    async with connect(address, subprotocols=["graphql-transport-ws"], proxy=None) as connection:  # type: ignore[list-item]
        await connection.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {bearer}"}}))
        assert json.loads(await connection.recv())["type"] == "connection_ack"
        payload = {"query": FOLLOW, "variables": {"id": expose("communication", communication_id)}}
        await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        yield connection


@asynccontextmanager
async def open_stage(database: str, directory: Path) -> AsyncIterator[Stage]:
    """Carriers, Redis, two web processes and a worker around a town that has an alert to send."""
    ports = find_port(), find_port()
    async with AsyncExitStack() as stack:
        carriers = await stack.enter_async_context(open_carriers(speed=100.0))
        valkey = await stack.enter_async_context(open_valkey())
        place = Installation(database, valkey.url, ports[0], carriers.url, directory)
        town = await settle_town()
        communication = await draft(town)
        await stack.enter_async_context(place.run("work"))
        webs = await asyncio.gather(*(stack.enter_async_context(place.serve(port)) for port in ports))
        yield Stage((webs[0], webs[1]), make_bearer(town), town, communication, valkey, carriers)


async def settle_town() -> Town:
    """A town in which each number ends in another digit pair, so that carriers do each of their things."""
    town = await found_town()
    for index in range(CITIZENS):
        citizen: Citizen = make_citizen(town, "Aline", f"Tremblay-{index}")
        await citizen.save(force_create=True)
        await ContactPoint.create(citizen=citizen, address=f"+14185550{index:03}", channels=[int(Channel.SMS)])
    return town


def make_bearer(town: Town) -> str:
    return issue_token(
        read_settings(tocsin_secret=SECRET), municipality=town.municipality.slug, subject="odile", name="Odile",
        role=Role.OPERATOR, now=tell_time(), lifetime=timedelta(hours=1),
    )  # fmt: skip


async def read_truth(communication: Communication) -> dict[str, int]:
    tally = await Tally.get(communication_id=communication.id)
    names = ("total", "contacted", "in_progress", "not_contacted")
    total, contacted, in_progress, not_contacted = (getattr(tally, name) for name in names)
    return {
        "version": tally.version, "total": total, "contacted": contacted, "inProgress": in_progress,
        "notContacted": not_contacted,
    }  # fmt: skip


async def recount(communication: Communication) -> dict[str, int]:
    """Count the outcomes of the rows themselves."""
    rows = await get_database().execute_query_dict(
        "SELECT outcome, count(*)::int AS n FROM recipient WHERE communication_id = $1 GROUP BY 1", [communication.id]
    )
    names = {1: "contacted", 2: "inProgress", 3: "notContacted"}
    return {name: next((row["n"] for row in rows if row["outcome"] == key), 0) for key, name in names.items()}


async def settled(stage: Stage) -> bool:
    tally = await Tally.get_or_none(communication_id=stage.communication.id)
    return tally is not None and tally.total == CITIZENS and tally.pending == 0


def check_history(onlooker: Onlooker) -> None:
    """A version never goes back, and the slices are always the whole."""
    versions = [picture["version"] for picture in onlooker.pictures]
    assert versions == sorted(versions)
    for picture in onlooker.pictures:
        assert picture["total"] == picture["contacted"] + picture["inProgress"] + picture["notContacted"]


async def equal(onlookers: list[Onlooker], truth: dict[str, Any]) -> bool:
    return all(onlooker.newest == truth for onlooker in onlookers)


@pytest.mark.timeout(170)
async def test_two_web_processes_and_a_worker_show_one_truth_while_redis_goes_and_comes(
    database: str, tmp_path: Path
) -> None:
    async with open_stage(database, tmp_path) as stage:
        await stage.send(stage.webs[1])
        await until(lambda: begun(stage))
        async with stage.follow() as onlookers:
            await until(lambda: settled(stage), seconds=60)
            truth = await read_truth(stage.communication)
            await keep_promise(lambda: equal(onlookers, truth), seconds=2)
            assert {name: truth[name] for name in ("contacted", "inProgress", "notContacted")} == await recount(
                stage.communication
            )
            assert truth["contacted"] > 0
            await check_without_redis(stage, onlookers)
            await stage.valkey.start()
            await check_a_move(stage, onlookers, seconds=2)
            for onlooker in onlookers:
                check_history(onlooker)


async def begun(stage: Stage) -> bool:
    return await Tally.filter(communication_id=stage.communication.id).exists()


async def check_without_redis(stage: Stage, onlookers: list[Onlooker]) -> None:
    """While Redis is away pictures are true within two seconds, and the worker goes on working."""
    await stage.valkey.kill()
    await check_a_move(stage, onlookers, seconds=2)
    second = await draft(stage.town)
    first, stage.communication = stage.communication, second
    await stage.send(stage.webs[0])
    await until(lambda: settled(stage), seconds=60)
    stage.communication = first


async def check_a_move(stage: Stage, onlookers: list[Onlooker], *, seconds: float) -> None:
    """Let the picture move, as a late report does, and see it everywhere in time."""
    await lose_one(stage.communication)
    truth = await read_truth(stage.communication)
    await keep_promise(lambda: equal(onlookers, truth), seconds=seconds)


async def lose_one(communication: Communication) -> None:
    recipient = await Recipient.filter(communication_id=communication.id, outcome=1).first()
    assert recipient is not None
    async with in_transaction() as connection:
        await lock_tallies(connection, [communication.id])
        await connection.execute_query("UPDATE delivery SET status = 250 WHERE recipient_id = $1", [recipient.id])
        await reassess(connection, [recipient.id])
