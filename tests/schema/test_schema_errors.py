"""Promises about failures: a code, a sentence, and nothing of our insides."""

import json

import pytest
import structlog
from graphql import GraphQLError
from schema.council import Council, create, find_error

from tocsin.database import UNREACHABLE, get_database
from tocsin.errors import BadInput, NotFound
from tocsin_graphql.errors import INTERNAL, UNAVAILABLE, translate

SECRET_NAME = "Aline Tremblay"


def wrap(cause: Exception) -> GraphQLError:
    """As GraphQL hands on what a resolver raised."""
    return GraphQLError(str(cause), original_error=cause, path=["communication"])


WRONG = [
    "{ viewer { name ",
    "{ viewer { shoeSize } }",
    "query ($id: ID!) { communication(id: $id) { id } }",
    "{ statuses(locale: DE) { label } }",
    "{ a: viewer { name } a: statuses { label } }",
    "{" * 3000,
]


@pytest.mark.parametrize("document", WRONG)
async def test_a_document_that_is_wrong_is_bad_input(sainte_rive: Council, document: str) -> None:
    result = await sainte_rive.ask(document)
    assert result.errors
    assert {(error.extensions or {})["code"] for error in result.errors} == {"BAD_INPUT"}


async def test_an_unknown_fault_says_nothing_and_is_logged_without_values(sainte_rive: Council) -> None:
    with structlog.testing.capture_logs() as logged:
        answer = translate(wrap(RuntimeError(f"no row for {SECRET_NAME}")))
    assert (answer.message, answer.extensions) == (INTERNAL, {"code": "INTERNAL"})
    assert logged[0]["fault"] == "RuntimeError"
    assert SECRET_NAME not in json.dumps(logged, default=str)


async def test_a_fault_in_the_middle_of_an_operation_leaves_masked(
    sainte_rive: Council, caplog: pytest.LogCaptureFixture
) -> None:
    await get_database().execute_query("ALTER TABLE citizen_group RENAME TO citizens_gone")
    result = await sainte_rive.ask("{ groups { name } }")
    error = find_error(result)
    assert (error["message"], error["extensions"]) == (INTERNAL, {"code": "INTERNAL"})
    assert "citizen_group" not in caplog.text, "Strawberry's own log would have said it"


@pytest.mark.parametrize("kind", UNREACHABLE)
def test_a_database_that_is_away_is_said_to_be(kind: type[Exception]) -> None:
    answer = translate(wrap(kind("connection to 10.0.0.7 was closed")))
    assert (answer.message, answer.extensions) == (UNAVAILABLE, {"code": "UNAVAILABLE"})


def test_what_the_domain_says_is_passed_on() -> None:
    answer = translate(wrap(BadInput("The text is missing; write something.", field="input.title")))
    assert answer.message == "The text is missing; write something."
    assert answer.extensions == {"code": "BAD_INPUT", "field": "input.title"}


def test_what_is_not_found_is_always_said_in_the_same_words() -> None:
    said = {translate(wrap(NotFound(words))).message for words in ("No such campaign.", "No such group.")}
    assert len(said) == 1


def test_translating_twice_changes_nothing() -> None:
    once = translate(wrap(BadInput("Choose a channel at least.", field="input.channels")))
    assert translate(once) is once


@pytest.mark.parametrize("search", ["a\0b", "\ud800", "x" * 201])
async def test_text_that_the_database_cannot_take_is_bad_input(sainte_rive: Council, search: str) -> None:
    communication = await create(sainte_rive)
    listing = "query ($search: String) { communications(search: $search) { edges { cursor } } }"
    grid = """query ($id: ID!, $search: String) { communication(id: $id) {
      recipients(filter: {search: $search}) { edges { cursor } } } }"""
    assert await sainte_rive.refuse(listing, {"search": search}) == ("BAD_INPUT", "search")
    assert await sainte_rive.refuse(grid, {"id": communication, "search": search}) == ("BAD_INPUT", "filter.search")
