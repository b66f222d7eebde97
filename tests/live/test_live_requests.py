"""Promises about what is no request: by HTTP and for events, a 4xx with one error in GraphQL's shape, and nothing of what was sent."""

import json
from collections.abc import AsyncIterator
from itertools import product
from typing import Any

import httpx2
import pytest
from live.control_room import PATIENCE, Room, open_room
from stage.cast import Town

from tocsin_graphql.costs import Limits

JSON = {"Content-Type": "application/json"}
SPECIFIED = "application/graphql-response+json"
ACCEPTED = ["application/json", SPECIFIED, "text/event-stream"]
VIEWER = "{ viewer { name } }"
TWO = "query A { viewer { name } } query B { viewer { name } }"
DEEP = 50_000
KINDS = [
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/graphql",
    "",
]
URLS = [{}, {"query": VIEWER, "variables": "{"}, {"query": VIEWER, "variables": "[]"}, {"query": TWO}]


@pytest.fixture
async def client(room: Room, town: Town) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"Authorization": await room.admit(town)}
    async with httpx2.AsyncClient(base_url=room.root, headers=headers, timeout=PATIENCE) as opened:
        yield opened


def check(answered: httpx2.Response, status: int, code: str = "BAD_INPUT") -> None:
    """Check that this is a refusal in GraphQL's shape."""
    kind = answered.headers["content-type"].partition(";")[0]
    assert (answered.status_code, kind in ("application/json", SPECIFIED)) == (status, True), answered.text
    assert list(answered.json()) == ["errors"]
    [error] = answered.json()["errors"]
    assert error["extensions"]["code"] == code
    assert "[[[" not in error["message"]


def spell(**request: Any) -> bytes:
    return json.dumps(request).encode()


BODIES = {
    "string": b'"x"',
    "list": b"[]",
    "number": b"5",
    "null": b"null",
    "empty": b"",
    "spaces": b"  ",
    "half": b"{",
    "broken UTF-8": b"\xff\xfe",
    "broken UTF-8 within": b'{"query": "{ viewer { name } } # \xff"}',
    "brackets": b"[" * DEEP,
    "brackets within": b'{"query": "{ viewer { name } }", "variables": ' + b"[" * DEEP,
    "braces": b'{"a":' * DEEP,
    "no query": b"{}",
    "query of a number": spell(query=5),
    "query of null": spell(query=None),
    "empty query": spell(query=""),
    "variables of a list": spell(query=VIEWER, variables=[]),
    "variables of a string": spell(query=VIEWER, variables="x"),
    "extensions of a list": spell(query=VIEWER, extensions=[]),
    "operationName of a number": spell(query=VIEWER, operationName=1),
    "two operations": spell(query=TWO),
    "unknown operation": spell(query=TWO, operationName="C"),
    "no operation": spell(query="fragment F on Query { viewer { id } }"),
    "a batch": json.dumps([{"query": VIEWER}]).encode(),
}


async def test_a_body_that_is_no_request_is_400(client: httpx2.AsyncClient) -> None:
    for accept, (name, body) in product(ACCEPTED, BODIES.items()):
        lenient = name == "empty query" and accept == "application/json"  # a syntax error as any other
        answered = await client.post("/graphql", content=body, headers={**JSON, "Accept": accept})
        check(answered, 200 if lenient else 400)


async def test_graphql_of_50_000_brackets_is_400(client: httpx2.AsyncClient) -> None:
    for accept, bracket, times in product(ACCEPTED, ["[", "{", "{a", "{a(b:[", "query($a:["], [1_500, DEEP]):
        answered = await client.post("/graphql", json={"query": bracket * times}, headers={"Accept": accept})
        if answered.json()["errors"][0]["extensions"]["code"] == "BAD_INPUT":  # a syntax error before anything is deep
            check(answered, 200 if accept == "application/json" else 400)
        else:
            check(answered, 400, "TOO_EXPENSIVE")


async def test_another_content_type_is_415(client: httpx2.AsyncClient) -> None:
    for accept, kind in product(ACCEPTED, KINDS):
        headers = {"Accept": accept, **({"Content-Type": kind} if kind else {})}
        check(await client.post("/graphql", content=spell(query=VIEWER), headers=headers), 415)


async def test_a_mutation_by_get_is_405_and_changes_nothing(client: httpx2.AsyncClient) -> None:
    mutation = 'mutation { createCategory(input: {name: "Frosts"}) { id } }'
    for accept in ACCEPTED:
        answered = await client.get("/graphql", params={"query": mutation}, headers={"Accept": accept})
        check(answered, 405)
        assert answered.headers["allow"] == "POST"
    listed = await client.get("/graphql", params={"query": "{ categories { name } }"})
    assert "Frosts" not in listed.text


async def test_other_methods_are_405(client: httpx2.AsyncClient) -> None:
    for accept, method in product(ACCEPTED, ["PUT", "PATCH", "DELETE"]):
        answered = await client.request(method, "/graphql", json={"query": VIEWER}, headers={"Accept": accept})
        check(answered, 405)
        assert answered.headers["allow"] == "GET, POST"


async def test_a_url_that_is_no_request_is_400(client: httpx2.AsyncClient) -> None:
    for accept, parameters in product(ACCEPTED, URLS):
        check(await client.get("/graphql", params=parameters, headers={"Accept": accept}), 400)


async def test_a_body_that_is_too_long_is_413_and_its_neighbour_is_served(town: Town) -> None:
    async with open_room(most_bytes=2_000) as room:
        headers = {"Authorization": await room.admit(town), **JSON}
        async with httpx2.AsyncClient(base_url=room.root, headers=headers, timeout=PATIENCE) as client:
            fitting = spell(query=VIEWER).ljust(2_000)
            for accept in ACCEPTED:
                answered = await client.post("/graphql", content=fitting, headers={"Accept": accept})
                assert answered.status_code == 200
                check(await client.post("/graphql", content=fitting + b" ", headers={"Accept": accept}), 413)


async def test_half_a_character_does_no_harm(client: httpx2.AsyncClient) -> None:
    """JSON can spell what UTF-8 cannot."""
    for accept in ACCEPTED:
        body = b'{"query": "{ viewer { name } } # \\ud800"}'
        answered = await client.post("/graphql", content=body, headers={**JSON, "Accept": accept})
        check(answered, 200 if accept == "application/json" else 400)


async def test_more_tokens_than_allowed_never_run(town: Town) -> None:
    """A document is read once more where it runs: what the first reading refused must not get there."""
    async with open_room(limits=Limits(tokens=100)) as room:
        headers = {"Authorization": await room.admit(town)}
        async with httpx2.AsyncClient(base_url=room.root, headers=headers, timeout=PATIENCE) as client:
            answered = await client.post("/graphql", json={"query": "{" + " __typename" * 99 + "}"})
            check(answered, 400, "TOO_EXPENSIVE")
