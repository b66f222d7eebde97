"""Promises over HTTP: GraphQL's own shape and statuses whatever comes in, and events where events are asked for."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from live.control_room import PATIENCE, STATISTICS, Room, move, open_room, variables_of
from stage.cast import Alert, Town, draft

from tocsin.identifiers import expose

SPECIFIED = "application/graphql-response+json"
VIEWER = "{ viewer { name } }"
EXPENSIVE = "{ " + " ".join(f"viewer{n}: viewer {{ name }}" for n in range(51)) + " }"


@pytest.fixture
async def client(room: Room, town: Town) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"Authorization": await room.admit(town)}
    async with httpx2.AsyncClient(base_url=room.root, headers=headers, timeout=PATIENCE) as opened:
        yield opened


async def test_a_query_is_answered_by_post_and_by_get(client: httpx2.AsyncClient) -> None:
    posted = await client.post("/graphql", json={"query": VIEWER})
    got = await client.get("/graphql", params={"query": VIEWER})
    assert posted.status_code == got.status_code == 200
    assert posted.json() == got.json() == {"data": {"viewer": {"name": "Manon Roy"}}}


@pytest.mark.parametrize(
    "query",
    ["{", "{ nothing }", "query($id: ID!) { communication(id: $id) { id } }"],
    ids=["syntax", "rule", "variable"],
)
async def test_what_cannot_run_is_400_where_the_client_knows_the_specification(
    client: httpx2.AsyncClient, query: str
) -> None:
    strict = await client.post("/graphql", json={"query": query}, headers={"Accept": SPECIFIED})
    lenient = await client.post("/graphql", json={"query": query}, headers={"Accept": "application/json"})
    assert (strict.status_code, lenient.status_code) == (400, 200)
    assert strict.headers["content-type"].startswith(SPECIFIED)
    assert strict.json() == lenient.json()
    assert list(strict.json()) == ["errors"]
    assert strict.json()["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_subscriptions_without_a_stream_are_refused(client: httpx2.AsyncClient, alert: Alert) -> None:
    subscription = await client.post("/graphql", json={"query": STATISTICS, "variables": variables_of(alert)})
    assert subscription.status_code == 406


@pytest.mark.parametrize("accept", ["application/json", SPECIFIED, "text/event-stream"])
async def test_a_stranger_gets_401_with_a_code(room: Room, accept: str) -> None:
    async with httpx2.AsyncClient() as stranger:
        answered = await stranger.post(room.url, json={"query": VIEWER}, headers={"Accept": accept})
    assert answered.status_code == 401
    assert answered.headers["www-authenticate"] == "Bearer"
    assert answered.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


class Events:
    """The events of one stream, comments included."""

    def __init__(self, response: httpx2.Response) -> None:
        self._blocks = self._split(response)

    async def _split(self, response: httpx2.Response) -> AsyncIterator[str]:
        buffer = ""
        async for text in response.aiter_text():
            buffer += text
            *whole, buffer = buffer.split("\n\n")
            for block in whole:
                yield block

    async def hear(self) -> str:
        async with asyncio.timeout(PATIENCE):
            return await anext(self._blocks)

    async def next(self) -> dict[str, Any]:
        block = await self.hear()
        assert block.startswith("event: next\ndata: ")
        payload: dict[str, Any] = json.loads(block.partition("data: ")[2])
        return payload


def follow(client: httpx2.AsyncClient, query: str, **variables: Any) -> Any:
    content = {"query": query, "variables": variables}
    return client.stream("POST", "/graphql", json=content, headers={"Accept": "text/event-stream"})


async def test_events_bring_the_present_then_changes_from_the_same_group(
    room: Room, client: httpx2.AsyncClient, alert: Alert
) -> None:
    async with (
        follow(client, STATISTICS, **variables_of(alert)) as one,
        follow(client, STATISTICS, **variables_of(alert)) as two,
    ):
        assert one.headers["content-type"].startswith("text/event-stream")
        streams = [Events(one), Events(two)]
        for stream in streams:
            assert (await stream.next())["data"]["statistics"]["contacted"] == 0
        before = room.view.gatherings.figures
        room.announcements.announce({alert.id: await move(alert, [0])})
        for stream in streams:
            assert (await stream.next())["data"]["statistics"]["contacted"] == 1
        after = room.view.gatherings.figures
        assert (after.groups, after.runs - before.runs) == (1, 1)
    async with asyncio.timeout(PATIENCE):
        while room.hub.watched:  # noqa: ASYNC110 - the end is what is observed
            await asyncio.sleep(0.01)


async def test_a_quiet_stream_is_kept_awake(town: Town, alert: Alert) -> None:
    async with open_room(event_ping_interval=timedelta(milliseconds=30)) as room:
        headers = {"Authorization": await room.admit(town)}
        async with (
            httpx2.AsyncClient(base_url=room.root, headers=headers, timeout=PATIENCE) as client,
            follow(client, STATISTICS, **variables_of(alert)) as response,
        ):
            events = Events(response)
            await events.next()
            assert await events.hear() == ": ping"


async def test_a_stream_that_may_not_begin_says_why_and_completes(client: httpx2.AsyncClient, town: Town) -> None:
    unsent = expose("communication", (await draft(town)).id)
    async with follow(client, STATISTICS, id=unsent) as response:
        events = Events(response)
        assert (await events.next())["errors"][0]["extensions"]["code"] == "NOT_SENT"
        assert await events.hear() == "event: complete\ndata:"


async def test_a_stream_ends_with_its_token(room: Room, town: Town, alert: Alert) -> None:
    headers = {"Authorization": await room.admit(town, lifetime=0.5)}
    async with (
        httpx2.AsyncClient(base_url=room.root, headers=headers, timeout=PATIENCE) as client,
        follow(client, STATISTICS, **variables_of(alert)) as response,
    ):
        events = Events(response)
        await events.next()
        blocks = [await events.hear()]
        while blocks[-1] != "event: complete\ndata:":
            blocks.append(await events.hear())
        assert '"UNAUTHENTICATED"' in blocks[-2]


async def test_a_query_runs_as_a_stream_of_one(client: httpx2.AsyncClient) -> None:
    async with follow(client, VIEWER) as response:
        events = Events(response)
        assert (await events.next())["data"] == {"viewer": {"name": "Manon Roy"}}
        assert await events.hear() == "event: complete\ndata:"


@pytest.mark.parametrize("accepted", ["application/json", SPECIFIED])
async def test_an_operation_that_asks_too_much_is_refused_before_it_runs(
    client: httpx2.AsyncClient, accepted: str
) -> None:
    response = await client.post("/graphql", json={"query": EXPENSIVE}, headers={"Accept": accepted})
    assert response.status_code == 400
    assert "data" not in response.json()
    assert response.json()["errors"][0]["extensions"]["code"] == "TOO_EXPENSIVE"
