"""Executing one subscription for everybody who follows it: once for each change, encoded once. Imports feed and context."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextvars import Context as Surroundings
from typing import Any

from graphql import GraphQLError
from graphql.execution import Executor
from strawberry.schema import BaseSchema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from tocsin.database import CONTENDED, UNREACHABLE
from tocsin.errors import Unavailable
from tocsin_graphql.context import Context
from tocsin_graphql.feed import Event, HandedFeed
from tocsin_graphql.plans import Plan


class Refused(Exception):
    """The document is not valid, too expensive or wrongly bound: nobody can follow it."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("The subscription was refused before it ran.")
        self.errors = errors


class ForgetfulExecutor(StrawberryGraphQLCoreExecutionContext):
    """Forgets after each event which fields it has collected: graphql-core would keep them as long as a subscription lives."""

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return executor


class Execution:
    """One document with its variables, in a context and surroundings of its own, run for one change after another."""

    def __init__(
        self, schema: BaseSchema, plan: Plan, variables: dict[str, Any] | None, make_context: Callable[[], Context]
    ) -> None:
        self._schema = schema
        self._plan = plan
        self._variables = variables
        self._make_context = make_context
        self._surroundings = Surroundings()
        self._turn = asyncio.Lock()
        self._running: set[asyncio.Task[bytes]] = set()
        self._context = make_context()
        self._feed = HandedFeed()
        self._stream: AsyncGenerator[Any, None] | None = None
        self.runs = 0

    async def run(self, event: Event) -> bytes:
        """Return the payload of this change as JSON; Refused if it can never run.

        A caller who goes away leaves the run to its end: the stream belongs to all.
        """
        task = asyncio.create_task(self._run(event), context=self._surroundings)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        await asyncio.create_task(self._end(), context=self._surroundings)

    async def _run(self, event: Event) -> bytes:
        async with self._turn:
            if self._stream is None:
                await self._begin()
            assert self._stream is not None, "it has just begun"
            self._context.forget()
            self._feed.hand(event)
            self.runs += 1
            try:
                return encode(await anext(self._stream))
            except BaseException:
                await self._stop()
                raise

    async def _begin(self) -> None:
        self._context = self._make_context()
        self._feed = HandedFeed()
        self._context.feed = self._feed
        self._stream = await self._schema.stream(
            self._plan.query,
            variable_values=self._variables,
            context_value=self._context,
            operation_name=self._plan.operation_name,
        )

    async def _end(self) -> None:
        async with self._turn:
            await self._stop()

    async def _stop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()


def encode(result: ExecutionResult) -> bytes:
    """Return the payload; raises what stands for `not now`: the database was away during the run."""
    if isinstance(result, PreExecutionError):
        raise Refused(list(result.errors or ()))
    for error in result.errors or ():
        if isinstance(error.original_error, (*UNREACHABLE, *CONTENDED)) or is_unavailable(error):
            raise Unavailable("The database was away while a change was executed; try again in a moment.")
    return encode_result(result)


def is_unavailable(error: GraphQLError) -> bool:
    return (error.extensions or {}).get("code") == Unavailable.code


def encode_result(result: ExecutionResult) -> bytes:
    """Return JSON in ASCII."""
    payload: dict[str, Any] = {"data": result.data}
    if result.errors:
        payload["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        payload["extensions"] = result.extensions
    return json.dumps(payload, separators=(",", ":")).encode("ascii")
