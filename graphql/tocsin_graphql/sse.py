"""GraphQL over server-sent events, one connection for each operation. Imports gatherings."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from strawberry.http import GraphQLRequestData
from strawberry.schema import BaseSchema
from strawberry.types import ExecutionResult

from tocsin.errors import Unauthenticated
from tocsin.live.revocations import Presence
from tocsin.viewers import Viewer
from tocsin_graphql.execution import Refused, encode_result
from tocsin_graphql.failures import describe
from tocsin_graphql.gatherings import Gatherings
from tocsin_graphql.members import AnyMember
from tocsin_graphql.plans import Binding, Plan, Plans
from tocsin_graphql.services import Services

COMPLETE = b"event: complete\ndata:\n\n"
PING = b": ping\n\n"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def spell_next(payload: bytes) -> bytes:
    return b"event: next\ndata: %b\n\n" % payload


def spell_errors(errors: list[dict[str, Any]]) -> bytes:
    return spell_next(json.dumps({"errors": errors}, separators=(",", ":")).encode())


async def wait_for_departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class EventStream(StreamingResponse):
    """A response that ends as soon as its client goes, and its source with it."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(events, media_type="text/event-stream", headers=HEADERS)
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streaming = asyncio.create_task(self.stream_response(send))
        departing = asyncio.create_task(wait_for_departure(receive))
        try:
            await asyncio.wait({streaming, departing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (streaming, departing):
                task.cancel()
            await asyncio.wait({streaming, departing})
        if not streaming.cancelled() and (error := streaming.exception()) and not isinstance(error, OSError):
            raise error

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._events):
            await super().stream_response(send)


class EventSource:
    """Runs operations as streams of events."""

    def __init__(self, schema: BaseSchema, gatherings: Gatherings, plans: Plans, services: Services) -> None:
        self._schema = schema
        self._gatherings = gatherings
        self._plans = plans
        self._services = services

    async def run(self, plan: Plan, request: GraphQLRequestData, viewer: Viewer) -> AsyncGenerator[bytes, None]:
        """Give the events of an operation that was admitted; what is wrong with it all the same is its only message."""
        try:
            async with aclosing(self._run(plan, request, viewer)) as payloads:
                async for event in payloads:
                    yield event
        except Refused as refused:
            yield spell_errors([describe(error) for error in refused.errors])
        except Exception as error:  # told, and logged where it is translated
            yield spell_errors([describe(error)])
        yield COMPLETE

    async def _run(self, plan: Plan, request: GraphQLRequestData, viewer: Viewer) -> AsyncGenerator[bytes, None]:
        binding = self._plans.bind(plan, request.variables)
        events = self._attend(plan, binding, request, viewer) if binding else self._execute(request, viewer)
        async with aclosing(events):
            async for event in events:
                yield event

    async def _execute(self, request: GraphQLRequestData, viewer: Viewer) -> AsyncGenerator[bytes, None]:
        context = self._services.make_context(viewer)
        results = await self._schema.stream(
            request.query,
            variable_values=request.variables,
            context_value=context,
            operation_name=request.operation_name,
        )
        async with aclosing(results):
            async for result in results:
                assert isinstance(result, ExecutionResult), "incremental delivery is off"
                yield spell_next(encode_result(result))

    async def _attend(
        self, plan: Plan, binding: Binding, request: GraphQLRequestData, viewer: Viewer
    ) -> AsyncGenerator[bytes, None]:
        """Follow in a group until it ends or the client goes."""
        attendance = await self._gatherings.join(plan, binding, request.variables, viewer)
        stirred = asyncio.Event()
        attendance.member.notify = stirred.set
        presence = Presence(viewer, attendance.member.end)
        self._services.hub.revocations.enter(presence)
        try:
            if attendance.first is not None:
                yield spell_next(attendance.first.payload)
            async with aclosing(self._follow(attendance.member, viewer, stirred)) as events:
                async for event in events:
                    yield event
        finally:
            self._services.hub.revocations.leave(presence)
            await self._gatherings.leave(attendance)

    async def _follow(self, member: AnyMember, viewer: Viewer, stirred: asyncio.Event) -> AsyncGenerator[bytes, None]:
        while not member.ended:
            stirred.clear()
            frame = member.take() or (await member.catch_up() if member.missed else None)
            if frame is not None:
                yield spell_next(frame.payload)
            elif not await self._wait(viewer, stirred):
                yield PING
        if self._services.hub.revocations.excludes(viewer):
            raise Unauthenticated("The token has been revoked; ask for a new token.")

    async def _wait(self, viewer: Viewer, stirred: asyncio.Event) -> bool:
        """Wait for something to tell; return whether there is. Raises when the token expires."""
        left = (viewer.expires_at - self._services.now()).total_seconds()
        if left <= 0:
            raise Unauthenticated("The token has expired; ask for a new token.")
        try:
            async with asyncio.timeout(min(left, self._services.event_ping_interval.total_seconds())):
                await stirred.wait()
        except TimeoutError:
            return False
        return True
