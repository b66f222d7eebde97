"""Promises about every way to fail, by HTTP and by WebSocket: a code, one sentence that says what to do, no insides."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx2
import pytest
from exports.clerk import authorise
from failures.raised import Refusal, list_refusals, read_refusals
from failures.sentences import find_faults
from failures.ways import CITIZEN, ELSEWHERE, WAYS
from live.control_room import PROTOCOL, Console
from schema.council import Council, seat_sainte_rive, settle
from stage.house import open_house
from websockets.asyncio.client import connect

from tocsin import errors
from tocsin.embedded import EmbeddedPostgres
from tocsin.settings import Settings
from tocsin.words import Role
from tocsin_graphql.complaints import complain
from tocsin_graphql.errors import ABSENT, INTERNAL, UNAVAILABLE

TOLD = ("message", "locations", "path", "extensions")
DETAILS = {"code", "field", "retryAt", "blocker", "startedBy", "startedAt"}


@dataclass
class Counter:
    """A served town, and whoever asks there by either transport."""

    settings: Settings
    council: Council
    client: httpx2.AsyncClient

    def admit(self, role: Role) -> str:
        return authorise(self.settings, self.council.town, role.name.lower(), role=role)

    async def ask_by_http(self, document: str, variables: dict[str, Any], role: Role) -> list[dict[str, Any]]:
        """Return the errors of the answer; a subscription's come as its only event."""
        headers = {"Authorization": self.admit(role)}
        if document.startswith("subscription"):
            headers["Accept"] = "text/event-stream"
        body = {"query": document, "variables": variables}
        answer = await self.client.post("/graphql", json=body, headers=headers)
        lines = [line.removeprefix("data:").strip() for line in answer.text.splitlines()]
        [content] = [json.loads(line) for line in lines if line.startswith("{")]
        errors: list[dict[str, Any]] = content.get("errors", [])
        return errors

    async def ask_by_socket(self, document: str, variables: dict[str, Any], role: Role) -> list[dict[str, Any]]:
        async with self.open_console() as console:
            await console.greet(self.admit(role))
            await console.subscribe(document, **variables)
            payload: Any = (await console.hear())["payload"]
        errors: list[dict[str, Any]] = payload if isinstance(payload, list) else payload.get("errors", [])
        return errors

    @asynccontextmanager
    async def open_console(self) -> AsyncIterator[Console]:
        url = f"{self.settings.public_url.replace('http', 'ws')}/graphql"
        async with connect(url, subprotocols=[PROTOCOL]) as connection:  # type: ignore[list-item]
            yield Console(connection)


@pytest.fixture
async def counter(database_url: str) -> AsyncIterator[Counter]:
    async with (
        open_house(database_url) as settings,
        httpx2.AsyncClient(base_url=settings.public_url, timeout=30) as client,
    ):
        council = await seat_sainte_rive()
        await settle(council, "Aline", "Tremblay", phone="+14185550142")
        yield Counter(settings, council, client)


def list_codes() -> set[str]:
    """Return every code that can leave the server."""
    kinds = set(errors.TocsinError.__subclasses__()) - {errors.ConfigurationError}
    return {kind.code for kind in kinds} | {errors.TocsinError.code}


def test_every_code_has_a_way_to_it() -> None:
    assert {way.code for way in WAYS.values()} | ELSEWHERE == list_codes()


@pytest.mark.parametrize("transport", ["HTTP", "WebSocket"])
async def test_each_way_to_fail_has_its_code_and_one_sentence_that_says_what_to_do(
    counter: Counter, transport: str
) -> None:
    ask = counter.ask_by_http if transport == "HTTP" else counter.ask_by_socket
    wrong = {}
    for name, way in WAYS.items():
        staged = await way.stage(counter.council, ask) if way.stage else {}
        told = await ask(way.document, {**staged, **(way.variables or {})}, way.role)
        faults = [fault for error in told for fault in examine(error, way.code)]
        if faults or not told:
            wrong[name] = (faults, told)
    assert not wrong


def examine(error: dict[str, Any], code: str) -> list[str]:
    """Return what is wrong with an error as a client reads it."""
    faults = find_faults(error["message"])
    if error.get("extensions", {}).get("code") != code:
        faults.append("another code")
    if set(error) - set(TOLD) or set(error.get("extensions", {})) - DETAILS:
        faults.append("more than is told")
    if CITIZEN in json.dumps(error):
        faults.append("what was sent comes back")
    return faults


async def test_a_stranger_is_told_to_bring_a_token_and_gets_no_socket(counter: Counter) -> None:
    for bearer in (None, "Bearer nonsense", "Basic YTpi"):
        headers = {"Authorization": bearer} if bearer else {}
        answer = await counter.client.post("/graphql", json={"query": "{ viewer { name } }"}, headers=headers)
        [error] = answer.json()["errors"]
        assert (answer.status_code, examine(error, "UNAUTHENTICATED")) == (401, []), error
        async with counter.open_console() as console:
            await console.say({"type": "connection_init", "payload": {"authorization": bearer}})
            assert await console.wait_closed() == (4403, "Forbidden")


async def test_a_database_that_is_away_is_said_to_be_by_both_transports(
    counter: Counter, postgres: EmbeddedPostgres, database_url: str
) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    keeper = await asyncpg.connect(postgres.url("postgres"))
    async with counter.open_console() as console:
        await console.greet(authorization := counter.admit(Role.OPERATOR))
        await keeper.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        await keeper.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        await console.subscribe("{ groups { name } }")
        payload: Any = (await console.hear())["payload"]
        [told] = payload if isinstance(payload, list) else payload["errors"]
        body = {"query": "{ groups { name } }"}
        answer = await counter.client.post("/graphql", json=body, headers={"Authorization": authorization})
        await keeper.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
    await keeper.close()
    assert examine(told, "UNAVAILABLE") == [], told
    assert (answer.status_code, examine(answer.json()["errors"][0], "UNAVAILABLE")) == (503, [])


@pytest.mark.parametrize("refusal", list_refusals(), ids=str)
def test_a_refusal_is_one_sentence_that_says_what_to_do(refusal: Refusal) -> None:
    assert not find_faults(refusal.sentence)


@pytest.mark.parametrize("sentence", [ABSENT, INTERNAL, UNAVAILABLE])
def test_what_stands_for_many_failures_says_what_to_do_too(sentence: str) -> None:
    assert not find_faults(sentence)


def test_a_refusal_that_says_nothing_to_do_would_be_found() -> None:
    text = 'WHY = "Nothing is there"\n\ndef refuse() -> None:\n    raise Conflict(WHY)\n'
    [refusal] = read_refusals(text, "example.py")
    assert (refusal.code, find_faults(refusal.sentence)) == (
        "CONFLICT",
        ["it has no full stop", "it does not say what to do"],
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "Check it: SELECT name FROM citizen.",
        "Check the KeyError.",
        "Check /srv/town/rows.",
        "Check <class 'int'>.",
        "Check tocsin.grid.",
        "Check rows.py again.",
    ],
)
def test_our_insides_would_be_found(sentence: str) -> None:
    assert find_faults(sentence) == ["it shows our insides"]


@pytest.mark.parametrize("value", ["Aline", "a; b", "x. Y"])
def test_a_complaint_of_the_library_repeats_no_value(value: str) -> None:
    told = complain(f'Int cannot represent non-integer value: "{value}"')
    assert told == "Int cannot represent non-integer value; check the request."
