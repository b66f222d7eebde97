"""Promises about who may ask what: every field and argument of the schema, every role, both transports."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from access.coverage import Coverage, list_elements
from access.documents import write_document
from access.rows import FILTERS, GRID, ROWS, Row
from access.towns import Belongings
from access.transports import TRANSPORTS, Ask
from graphql import GraphQLSchema

from tocsin.words import Role


def split(name: str) -> tuple[str, str]:
    operation, _, field = name.partition(" ")[0].partition(".")
    return operation, field


async def walk(
    town: Belongings, schema: GraphQLSchema, role: Role
) -> AsyncIterator[tuple[str, Row, str, dict[str, Any]]]:
    """Yield every row with each way of asking it: plain, and with all that can be passed below it."""
    for name, row in ROWS.items():
        operation, field = split(name)
        for give in row.give:
            for full in (False, True) if operation == "query" else (True,):
                variables = await give(town, role)
                document = write_document(schema, operation, field, set(variables), full=full, member=row.member)
                yield name, row, document, variables


def test_every_root_of_the_schema_has_a_row(printed: GraphQLSchema) -> None:
    roots = (printed.query_type, printed.mutation_type, printed.subscription_type)
    there = {f"{kind.name.lower()}.{field}" for kind in roots if kind for field in kind.fields}
    assert {".".join(split(name)) for name in ROWS} == there


async def test_whoever_may_is_answered_and_all_of_the_schema_is_seen(
    towns: tuple[Belongings, Belongings], printed: GraphQLSchema, record_property: Callable[[str, object], None]
) -> None:
    elements = list_elements(printed)
    for transport, ask in TRANSPORTS.items():
        seen = elements & await look_everywhere(towns[0], printed, ask)
        share = f"{len(seen)} of {len(elements)} ({len(seen) / len(elements):.1%})"
        record_property("told", f"Schema visited over {transport}: {share}")
        assert seen == elements


async def look_everywhere(town: Belongings, schema: GraphQLSchema, ask: Ask) -> set[str]:
    """Ask everything there is as an administrator; return what was visited."""
    coverage = Coverage(schema)
    async for name, row, document, variables in walk(town, schema, Role.ADMIN):
        answer = json.loads(await ask(town, document, variables, Role.ADMIN, row.stir))
        assert "errors" not in answer, (name, answer)
        coverage.note(document, variables, answer["data"])
    for chosen in FILTERS:
        asked = {"id": town.ids["communication"], **chosen}
        answer = json.loads(await ask(town, GRID, asked, Role.ADMIN, None))
        coverage.note(GRID, asked, answer["data"])
    return coverage.visited


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_a_role_may_what_its_row_says_and_nothing_else(
    towns: tuple[Belongings, Belongings], printed: GraphQLSchema, role: Role
) -> None:
    for ask in TRANSPORTS.values():
        async for name, row, document, variables in walk(towns[0], printed, role):
            answer = json.loads(await ask(towns[0], document, variables, role, row.stir))
            told = [error["extensions"]["code"] for error in answer.get("errors", [])]
            forbidden = list(Role).index(role) < list(Role).index(row.least)
            hidden = name.startswith("query.node")  # what may not be seen is not there
            assert told == (["NOT_FOUND" if hidden else "FORBIDDEN"] if forbidden else []), (name, answer)


async def test_nobody_is_told_anything(towns: tuple[Belongings, Belongings], printed: GraphQLSchema) -> None:
    town, _ = towns
    async for name, _, document, variables in walk(town, printed, Role.VIEWER):
        answer = await town.ask(document, variables, None)
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"], "data" in answer.json()) == (
            401,
            "UNAUTHENTICATED",
            False,
        ), name
