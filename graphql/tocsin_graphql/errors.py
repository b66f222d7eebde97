"""Every failure as the contract has it: one clear sentence and a code, and nothing of our insides. Imports complaints and the domain.

This is the only place where an exception becomes an answer; what is not known is logged without the values it carries.
"""

import traceback
from collections.abc import Iterator
from typing import Any

import structlog
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from tortoise.exceptions import DBConnectionError

from tocsin.database import UNREACHABLE
from tocsin.errors import NotFound, TocsinError
from tocsin_graphql.complaints import complain

ABSENT = "There is nothing with this id in your municipality; check the id."
UNAVAILABLE = "The database cannot be reached; try again in a moment."
INTERNAL = "Something went wrong on our side; try again, and tell the administrator if it stays."

LOGGER = structlog.get_logger(__name__)


class Answer(GraphQLError):
    """An error that may leave the server as it is."""


def find_cause(error: GraphQLError) -> Exception | None:
    """Return what was raised, through every layer that GraphQL put around it; nothing for GraphQL's own complaints."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause if isinstance(cause, Exception) else None


def translate(error: GraphQLError, *, suggesting: bool = True) -> GraphQLError:
    """Return the error as a client may see it: `suggesting` names of the schema that were perhaps meant, or none."""
    if isinstance(error, Answer):
        return error
    cause = find_cause(error)
    message, extensions = describe(error, cause, suggesting=suggesting)
    return Answer(
        message, nodes=error.nodes, source=error.source, positions=error.positions, path=error.path,
        original_error=cause, extensions=extensions,
    )  # fmt: skip


def describe(error: GraphQLError, cause: Exception | None, *, suggesting: bool) -> tuple[str, dict[str, Any]]:
    """Return sentence and extensions. Whatever is not found is answered in the same words, so that ids tell nothing."""
    if isinstance(cause, NotFound):
        return ABSENT, dict(cause.extensions)
    if isinstance(cause, TocsinError):
        return cause.message, dict(cause.extensions)
    if cause is None:
        code = (error.extensions or {}).get("code", "BAD_INPUT")
        return complain(error.message, suggesting=suggesting), {**(error.extensions or {}), "code": code}
    if isinstance(cause, (*UNREACHABLE, DBConnectionError)):
        return UNAVAILABLE, {"code": "UNAVAILABLE"}
    log_fault(cause)
    return INTERNAL, {"code": "INTERNAL"}


def log_fault(cause: Exception) -> None:
    """Log where a fault arose, never what it says: its text may hold names, numbers and addresses."""
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(cause.__traceback__)]
    LOGGER.error("A resolver failed", fault=type(cause).__name__, frames=frames[-8:])


class Errors(SchemaExtension):
    """Translates the errors of every result, a stream's included, before any transport sees them."""

    def __init__(self, *, suggesting: bool) -> None:
        self._suggesting = suggesting

    def on_operation(self) -> Iterator[None]:
        yield
        translate_result(self.execution_context.result, suggesting=self._suggesting)

    def on_stream_result(self, result: Any) -> Iterator[None]:
        translate_result(result, suggesting=self._suggesting)
        yield


def translate_result(result: Any, *, suggesting: bool) -> None:
    """Translate in place; translating twice changes nothing."""
    errors = getattr(result, "errors", None)
    if errors:
        result.errors = [translate(error, suggesting=suggesting) for error in errors]
