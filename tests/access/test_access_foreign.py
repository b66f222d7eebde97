"""Promises about another municipality: its ids, cursors and links answer the same bytes as what does not exist."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from access.documents import write_document
from access.rows import ROWS
from access.test_access_matrix import split
from access.towns import Belongings, make_up
from access.transports import TRANSPORTS
from graphql import GraphQLSchema

from tocsin.database import get_database
from tocsin.identifiers import make_id, recognise
from tocsin.links import make_link
from tocsin.secrets import Purpose, derive_key
from tocsin.times import tell_time
from tocsin.words import Role

Path = tuple[str | int, ...]
KEPT = (
    "communication",
    "wave",
    "delivery",
    "recipient",
    "reminder",
    "citizen",
    "contact_point",
    "category",
    "export",
    "audit_entry",
)


def find_ids(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield where in variables an id of ours stands."""
    if isinstance(value, str) and recognise(value):
        yield path
    elif isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from find_ids(each, (*path, key))


def read(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def replace(value: dict[str, Any], path: Path, new: str) -> dict[str, Any]:
    """Return variables with another id in one place."""
    changed = deepcopy(value)
    read(changed, path[:-1])[path[-1]] = new
    return changed


async def look_at(town: Belongings) -> dict[str, str]:
    """Return a sum over every row of each table that a request might have moved, of this town or of none."""
    sums = {}
    for table in KEPT:
        rows = await get_database().execute_query_dict(
            f"SELECT md5(string_agg(t::text, '|' ORDER BY t.id)) AS sum FROM {table} t"
        )
        sums[table] = rows[0]["sum"]
    return sums


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_foreign_id_answers_the_bytes_of_an_id_that_is_not_there(
    towns: tuple[Belongings, Belongings], printed: GraphQLSchema, transport: str
) -> None:
    town, other = towns
    tried = set()
    for name, row in ROWS.items():
        operation, field = split(name)
        for give in row.give:
            own, foreign = await give(town, Role.ADMIN), await give(other, Role.ADMIN)
            document = write_document(printed, operation, field, set(own), full=True, member=row.member)
            before = await look_at(other)
            for path in find_ids(own):
                asked = [read(foreign, path), make_up(read(own, path))]
                answers = [
                    await TRANSPORTS[transport](town, document, replace(own, path, each), Role.ADMIN, row.stir)
                    for each in asked
                ]
                assert answers[0] == answers[1], (name, path)
                assert [error["extensions"]["code"] for error in json.loads(answers[0])["errors"]] == ["NOT_FOUND"]
                tried.add((name, path))
            assert await look_at(other) == before, name
    assert len(tried) > 20, "every root with an id"


CURSORS = {
    "communications": "query ($after: String) { communications(first: 1, after: $after) { pageInfo { endCursor } } }",
    "citizens": "query ($after: String) { citizens(first: 1, after: $after) { pageInfo { endCursor } } }",
    "auditLog": "query ($after: String) { auditLog(first: 1, after: $after) { pageInfo { endCursor } } }",
    "communicationsLog": """query ($after: String) { communicationsLog(filter: {period: THIS_WEEK}, first: 1, after: $after) {
      communications { pageInfo { endCursor } } } }""",
    "recipients": """query ($after: String, $id: ID!) { communication(id: $id) {
      recipients(first: 1, after: $after) { pageInfo { endCursor } } } }""",
    "campaign": """query ($after: String, $id: ID!) { communication(id: $id) {
      communications(first: 1, after: $after) { pageInfo { endCursor } } } }""",
}
"""Each list that has pages."""


def test_every_list_with_pages_is_tried(printed: GraphQLSchema) -> None:
    paged = [
        name
        for kind in printed.type_map.values()
        for name, field in getattr(kind, "fields", {}).items()
        if "after" in getattr(field, "args", {})
    ]
    assert len(paged) == len(CURSORS)


@pytest.mark.parametrize("name", CURSORS)
async def test_a_foreign_cursor_answers_the_bytes_of_one_that_was_made_up(
    towns: tuple[Belongings, Belongings], name: str
) -> None:
    town, other = towns
    subject = "campaign" if name == "campaign" else "communication"
    foreign = find_cursor(
        (await other.ask(CURSORS[name], {"id": other.ids[subject], "after": None}, Role.ADMIN)).json()
    )
    for cursor in (foreign, foreign[:-2], "AAAA" + foreign[4:]):
        asked = [{"id": town.ids[subject], "after": each} for each in (cursor, "made-up")]
        answers = [(await town.ask(CURSORS[name], variables, Role.ADMIN)).content for variables in asked]
        assert answers[0] == answers[1]
        assert json.loads(answers[0])["errors"][0]["extensions"]["code"] == "BAD_INPUT"


def find_cursor(answer: Any) -> str:
    """Return the one cursor in an answer."""
    found = [value["endCursor"] for value in walk(answer) if isinstance(value, dict) and "endCursor" in value]
    assert found[0] is not None
    return str(found[0])


def walk(value: Any) -> Iterator[Any]:
    yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(each)


async def test_a_foreign_link_answers_the_bytes_of_one_to_nothing(towns: tuple[Belongings, Belongings]) -> None:
    town, other = towns
    key = derive_key(town.settings.tocsin_secret, Purpose.LINKS)
    theirs = recognise(await other.export(Role.ADMIN))
    assert theirs is not None
    for role in Role:
        answers = [
            await town.client.get(
                f"/exports/{make_link(key, export, tell_time())}", headers={"Authorization": town.tokens[role]}
            )
            for export in (theirs[1], make_id())
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
