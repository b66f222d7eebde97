"""Promises of production: strangers are shown neither the schema nor our insides, by any transport."""

from collections.abc import Mapping
from typing import Any

import pytest
from locked.gate import TRANSPORTS, Gate, open_gate, read_code
from stage.house import choose_settings

from tocsin.database import get_database
from tocsin.settings import read_settings
from tocsin_graphql.errors import INTERNAL

SCHEMA = "{ __schema { queryType { name } } }"
INTROSPECTIONS = [
    SCHEMA,
    '{ __type(name: "Citizen") { name fields { name } } }',
    "{ viewer { name } ...Deep } fragment Deep on Query { hidden: __schema { types { name } } }",
    "query A { viewer { name } } query B { ... on Query @include(if: false) { __schema { queryType { name } } } }",
]
MISTAKES: list[tuple[str, Mapping[str, Any]]] = [
    ("{ viewer { nam } }", {}),
    ("{ viever { name } }", {}),
    ("{ statuses(local: FR) { label } }", {}),
    ("{ statuses(locale: FRR) { label } }", {}),
    ("{ viewer { ...F } } fragment F on Viever { name }", {}),
    ("{ node(id: 5) { titel } }", {}),
    ("query ($locale: Locale) { statuses(locale: $locale) { label } }", {"locale": "FRR"}),
    ("query ($filter: LogFilter!) { communicationsLog(filter: $filter) { totalCount } }", {"filter": {"perod": 1}}),
    ("subscription { statistic { version } }", {}),
    ("subscription ($id: ID!) { statistics(comunicationId: $id) { version } }", {"id": "communication-1"}),
    ("{ viewer { name @skipp(if: true) } }", {}),
]
BREAK = "ALTER TABLE IF EXISTS citizen_group RENAME TO citizens_gone"


async def tell(gate: Gate, document: str, variables: Mapping[str, Any]) -> dict[str, str]:
    """Return all that is answered, by transport; a subscription is no request of its own to POST and GET."""
    request = {"query": document, "variables": dict(variables)}
    return {name: str(await ask(gate, request)) for name, ask in TRANSPORTS.items()}


async def test_the_schema_is_not_shown_however_it_is_asked_for(database_url: str) -> None:
    async with open_gate(database_url, tocsin_production=True) as gate:
        for document in INTROSPECTIONS:
            request = {"query": document, **({"operationName": "A"} if "query A" in document else {})}
            for name, ask in TRANSPORTS.items():
                answer = await ask(gate, request)
                assert read_code(answer) == "FORBIDDEN", (name, document)
                assert "does not show its schema" in answer["errors"][0]["message"]
        assert (await gate.client.post("/graphql", json={"query": SCHEMA})).status_code == 403
        for ask in TRANSPORTS.values():
            named = await ask(gate, {"query": "{ __typename viewer { __typename } }"})
            assert named == {"data": {"__typename": "Query", "viewer": {"__typename": "Viewer"}}}


async def test_a_wrong_name_is_told_without_the_names_that_are_there(database_url: str) -> None:
    async with open_gate(database_url, tocsin_production=True) as gate:
        for document, variables in MISTAKES:
            for name, answer in (await tell(gate, document, variables)).items():
                assert "errors" in answer, (name, document)
                assert "mean" not in answer, (name, answer)


async def test_elsewhere_the_schema_is_shown_and_names_are_suggested(database_url: str) -> None:
    async with open_gate(database_url) as gate:
        for ask in TRANSPORTS.values():
            assert (await ask(gate, {"query": SCHEMA}))["data"]["__schema"]["queryType"] == {"name": "Query"}
        told = [await tell(gate, document, variables) for document, variables in MISTAKES]
        suggested = [document for (document, _), said in zip(MISTAKES, told, strict=True) if "mean" in said["socket"]]
        # Where nothing can be suggested here, its absence in production would prove nothing.
        assert len(suggested) >= len(MISTAKES) - 3, suggested


@pytest.mark.parametrize("production", [False, True], ids=["trial", "production"])
async def test_what_a_fault_says_never_gets_out(database_url: str, production: bool) -> None:
    async with open_gate(database_url, tocsin_production=production) as gate:
        await get_database().execute_query(BREAK)
        for ask in TRANSPORTS.values():
            answer = await ask(gate, {"query": "{ groups { name } }"})
            assert read_code(answer) == "INTERNAL"
            assert answer["errors"][0]["message"] == INTERNAL
            assert "citizen" not in str(answer)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, False),
        ({"public_url": "http://localhost:8000"}, False),
        ({"public_url": "https://alerts.exemple.test"}, True),
        ({"public_url": "https://alerts.exemple.test", "tocsin_production": "0"}, False),
        ({"tocsin_production": "1"}, True),
    ],
)
def test_what_others_reach_is_production_unless_it_is_said_otherwise(given: dict[str, str], expected: bool) -> None:
    assert read_settings(**given).in_production is expected


async def test_a_document_of_too_many_tokens_is_refused_by_every_transport(database_url: str) -> None:
    async with open_gate(database_url, graphql_token_limit=100) as gate:
        long = "{" + " name: __typename" * 40 + " }"
        for name, ask in TRANSPORTS.items():
            answer = await ask(gate, {"query": long})
            assert read_code(answer) == "TOO_EXPENSIVE", name
            assert "100 tokens" in answer["errors"][0]["message"]
    assert choose_settings(8000).graphql_token_limit == 10_000
