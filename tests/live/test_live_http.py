"""Promises over HTTP: GraphQL's own shape and statuses whatever comes in, and events where events are asked for."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from live.control_room import STATISTICS, Room, assess_all, move, open_room, variables_of
from stage.cast import Alert, Town, draft, found_town, send_by_hand, settle_citizens

from tocsin.identifiers import expose

SPECIFIED = "application/graphql-response+json"
JSON = {"Content-Type": "application/json"}
VIEWER = "{ viewer { name } }"


@pytest.fixture
async def town(database: str) -> Town:
    founded = await found_town()
    await settle_citizens(founded, 3)
    return founded


@pytest.fixture
async def alert(town: Town) -> Alert:
    sent = await send_by_hand(town)
    await assess_all(sent)
    return sent


@pytest.fixture
async def room(database: str) -> AsyncIterator[Room]:
    async with open_room() as opened:
        yield opened


@pytest.fixture
async def client(room: Room, town: Town) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"Authorization": await room.admit(town)}
    async with httpx2.AsyncClient(base_url=room.root, headers=headers) as opened:
        yield opened


async def test_a_query_is_answered_by_post_and_by_get(client: httpx2.AsyncClient) -> None:
    posted = await client.post("/graphql", json={"query": VIEWER})
    got = await client.get("/graphql", params={"query": VIEWER})
    assert posted.status_code == got.status_code == 200
    assert posted.json() == got.json() == {"data": {"viewer": {"name": "Manon Roy"}}}


@pytest.mark.parametrize(
    "body",
    [b'"x"', b"[]", b"5", b"null", b"{", b"\xff\xfe", b"[" * 50_000, b"{}", b'{"query": 5}', b'{"query": null}',
     b'{"query": "{ viewer { name } }", "variables": []}', b'{"query": "{ viewer { name } }", "operationName": 1}'],
    ids=lambda body: repr(body[:30]),
)  # fmt: skip
async def test_what_is_no_request_is_400_in_graphqls_shape(client: httpx2.AsyncClient, body: bytes) -> None:
    answered = await client.post("/graphql", content=body, headers=JSON)
    assert answered.status_code == 400
    assert answered.headers["content-type"].startswith("application/json")
    assert answered.json()["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    assert "data" not in answered.json()


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


@pytest.mark.parametrize(
    "query", ["query A { viewer { name } } query B { viewer { name } }", "fragment F on Query { viewer { id } }"]
)
async def test_a_document_without_a_clear_operation_is_400(client: httpx2.AsyncClient, query: str) -> None:
    assert (await client.post("/graphql", json={"query": query})).status_code == 400


async def test_mutations_by_get_and_subscriptions_without_a_stream_are_refused(
    client: httpx2.AsyncClient, alert: Alert
) -> None:
    mutation = await client.get("/graphql", params={"query": 'mutation { deleteCommunication(id: "x") }'})
    assert 400 <= mutation.status_code < 500
    subscription = await client.post("/graphql", json={"query": STATISTICS, "variables": variables_of(alert)})
    assert subscription.status_code == 406


async def test_other_content_types_and_methods_are_refused(client: httpx2.AsyncClient) -> None:
    form = await client.post(
        "/graphql", content=b"query=1", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert form.status_code == 415
    assert (await client.put("/graphql", json={"query": VIEWER})).status_code == 405


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
        async with asyncio.timeout(10):
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
    async with asyncio.timeout(5):
        while room.hub.watched:  # noqa: ASYNC110 - the end is what is observed
            await asyncio.sleep(0.01)


async def test_a_quiet_stream_is_kept_awake(town: Town, alert: Alert) -> None:
    async with open_room(event_ping_interval=timedelta(milliseconds=30)) as room:
        headers = {"Authorization": await room.admit(town)}
        async with (
            httpx2.AsyncClient(base_url=room.root, headers=headers) as client,
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
        httpx2.AsyncClient(base_url=room.root, headers=headers) as client,
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
