"""GraphQL over WebSocket: Strawberry's protocol, with shapes checked, a context for each operation, and groups. Imports gatherings."""

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, cast

from graphql import GraphQLError, GraphQLFormattedError
from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ErrorMessage

from tocsin.errors import RateLimited, TocsinError, Unauthenticated
from tocsin.live.revocations import Presence
from tocsin.tracing import begin_walk
from tocsin.viewers import Viewer
from tocsin_graphql.allowances import Allowance
from tocsin_graphql.execution import Refused
from tocsin_graphql.failures import describe
from tocsin_graphql.messages import clip, find_fault
from tocsin_graphql.outlets import GONE, Outlet
from tocsin_graphql.places import name_network
from tocsin_graphql.plans import Binding, Plan
from tocsin_graphql.prepared_frames import find_writer

if TYPE_CHECKING:
    from tocsin_graphql.view import View

LOGGER = logging.getLogger(__name__)
AUTHENTICATION_TIMEOUT = 10
FORBIDDEN, BAD_REQUEST, TOO_MANY_GREETINGS, TRY_LATER, TOO_LOUD = 4403, 4400, 4429, 1013, 1008


def tell_seconds() -> float:
    """Return the loop's time, which never goes back."""
    return asyncio.get_running_loop().time()


def spell_errors(operation_id: str, errors: list[dict[str, Any]]) -> ErrorMessage:
    return {"id": operation_id, "type": "error", "payload": cast(list[GraphQLFormattedError], errors)}


class SocketAdapter(ASGIWebSocketAdapter):
    """Starlette's socket as Strawberry sees it; a second close and a long reason do no harm."""

    async def close(self, code: int, reason: str) -> None:
        if self.ws.application_state != WebSocketState.DISCONNECTED:
            with suppress(*GONE):
                await self.ws.close(code=code, reason=clip(reason))

    async def send_text(self, text: str) -> None:
        await self.ws.send({"type": "websocket.send", "text": text})


class SocketHandler(BaseGraphQLTransportWSHandler[Any, Any]):
    """One connection. Whatever it is sent, it answers in the protocol or closes with a code."""

    view: "View"
    websocket: SocketAdapter

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._services = self.view.services
        self._gatherings = self.view.gatherings
        self._viewer: Viewer | None = None
        self._presence: Presence | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._outlets: dict[str, Outlet] = {}
        self._placed = False
        per_second = self._services.sockets.messages_per_second
        self._allowance = Allowance(per_second, tell_seconds()) if per_second is not None else None

    async def handle(self) -> None:
        client, addresses = self.websocket.ws.client, self.view.places.addresses
        network = name_network(client.host) if client is not None else None
        if not addresses.take(network):
            await self.websocket.close(TRY_LATER, "Too many connections from this address; close one first")
            return
        try:
            await super().handle()
        finally:
            addresses.leave(network)
            if self._placed and self._viewer is not None:
                self.view.places.principals.leave(self._viewer.principal_id)

    async def shutdown(self) -> None:
        if self._presence is not None:
            self._services.hub.revocations.leave(self._presence)
        tasks = [task for task in (self._keeping, self._closing) if task is not None]
        for task in tasks:
            task.cancel()
        await super().shutdown()
        if tasks:
            await asyncio.wait(tasks)
        # What has ended holds this socket by its traceback: let go, nothing of it waits for the collector.
        self._presence = self._keeping = self._closing = None

    async def handle_message(self, message: Any) -> None:
        if self._allowance is not None and not self._allowance.take(tell_seconds()):
            await self.websocket.close(TOO_LOUD, "Too many messages in a short time")
            return
        fault = find_fault(message)
        if fault is not None:
            await self.handle_invalid_message(fault)
        else:
            await super().handle_message(message)

    async def send_message(self, message: Any) -> None:
        try:
            await super().send_message(message)
        except GONE as error:
            raise WebSocketDisconnected from error

    async def handle_connection_init(self, message: Any) -> None:
        if self.connection_init_received:
            await self.websocket.close(TOO_MANY_GREETINGS, "Too many initialisation requests")
            return
        if self.connection_timed_out:
            return
        self.connection_init_received = True
        if self.connection_init_timeout_task:
            self.connection_init_timeout_task.cancel()
        self._viewer = await self._recognise(message.get("payload") or {})
        if self._viewer is not None and await self._admit(self._viewer):
            self._presence = Presence(self._viewer, self._forbid)
            self._services.hub.revocations.enter(self._presence)
            self._keeping = asyncio.create_task(self._keep(self._viewer))
            await self.send_message({"type": "connection_ack"})
            self.connection_acknowledged = True

    async def _recognise(self, payload: dict[str, Any]) -> Viewer | None:
        """Return who this is, or close the socket."""
        authorization, locale = payload.get("authorization"), payload.get("locale")
        if not isinstance(authorization, str | None) or not isinstance(locale, str | None):
            await self.websocket.close(BAD_REQUEST, "authorization and locale have to be strings")
            return None
        language = self.websocket.ws.headers.get("accept-language")
        try:
            async with asyncio.timeout(AUTHENTICATION_TIMEOUT):
                return await self._services.authenticate(
                    authorization, locale, self._services.now(), accept_language=language
                )
        except Unauthenticated:
            await self.websocket.close(FORBIDDEN, "Forbidden")
        except Exception as error:  # the database or the issuer is away, or worse: the client may come back
            LOGGER.warning("A connection could not be authenticated: %s", type(error).__name__)
            await self.websocket.close(TRY_LATER, "Try again later")
        return None

    async def _admit(self, viewer: Viewer) -> bool:
        """Return whether the viewer may have one more socket, or close it."""
        self._placed = self.view.places.principals.take(viewer.principal_id)
        if not self._placed:
            await self.websocket.close(TRY_LATER, "Too many connections with your identity; close one first")
        return self._placed

    async def _keep(self, viewer: Viewer) -> None:
        """Ping as long as the token lives, then close."""
        while (left := (viewer.expires_at - self._services.now()).total_seconds()) > 0:
            pause = min(left, self._services.ping_interval.total_seconds())
            await asyncio.sleep(pause)
            with suppress(WebSocketDisconnected, TimeoutError, *GONE):
                # A reader that has stalled must not outlive its token either.
                async with asyncio.timeout(left - pause):
                    await self.send_message({"type": "ping"})
        await self.websocket.close(FORBIDDEN, "Forbidden")

    def _forbid(self) -> None:
        """Close the socket of a viewer whose token has been revoked."""
        self._closing = asyncio.create_task(self.websocket.close(FORBIDDEN, "Forbidden"))

    async def handle_subscribe(self, message: Any) -> None:
        if self.connection_acknowledged and message["id"] not in self.operations:
            try:
                if len(self.operations) >= self._services.most_operations:
                    raise RateLimited("Too many operations run on this connection; complete one first.")
                message["payload"]["query"] = self._services.documents.find(message["payload"])
            except TocsinError as error:
                await self.send_message(spell_errors(message["id"], [describe(error)]))
                return
        await super().handle_subscribe(message)

    async def cleanup_operation(self, operation_id: str) -> None:
        if operation_id in self._outlets:
            self._outlets.pop(operation_id).close()
        await super().cleanup_operation(operation_id)

    async def run_operation(self, operation: Operation[Any, Any]) -> None:
        """Run one operation to its end; whatever goes wrong is its own error and leaves the connection."""
        try:
            await self._run(operation)
        except asyncio.CancelledError:
            operation.task = None  # which would hold this operation by its traceback, and be held by it
            raise
        except (WebSocketDisconnected, WebSocketDisconnect):
            self.operations.pop(operation.id, None)
        except Refused as refused:
            await self._refuse(operation, [describe(error) for error in refused.errors])
        except Exception as error:  # told, and logged where it is translated
            await self._refuse(operation, [describe(error)])

    async def _refuse(self, operation: Operation[Any, Any], errors: list[dict[str, Any]]) -> None:
        with suppress(WebSocketDisconnected, *GONE):
            await operation.send_operation_message(spell_errors(operation.id, errors))

    async def _run(self, operation: Operation[Any, Any]) -> None:
        assert self._viewer is not None, "subscribe is answered after connection_ack only"
        plan = self.view.admission.admit(operation.query, operation.operation_name, operation.variables)
        binding = self.view.admission.plans.bind(plan, operation.variables)
        if binding is None:
            with begin_walk("operation", kind=plan.operation.operation.value):
                await self._execute(operation, self._viewer)
        else:
            await self._attend(operation, plan, binding)
        await operation.send_operation_message({"id": operation.id, "type": "complete"})

    async def _attend(self, operation: Operation[Any, Any], plan: Plan, binding: Binding) -> None:
        """Follow in a group until it ends or the client goes."""
        assert self._viewer is not None, "checked by the caller"
        attendance = await self._gatherings.join(plan, binding, operation.variables, self._viewer)
        outlet = self._outlets[operation.id] = Outlet(
            operation.id, attendance.member, self.websocket.send_text, find_writer(self.websocket.ws.scope)
        )
        try:
            await outlet.open(attendance.first)
            await outlet.ended
        except GONE as error:
            raise WebSocketDisconnected from error
        finally:
            outlet.close()
            if self._outlets.get(operation.id) is outlet:
                del self._outlets[operation.id]
            await self._gatherings.leave(attendance)

    async def _execute(self, operation: Operation[Any, Any], viewer: Viewer) -> None:
        """Execute what no group serves, in a context of its own."""
        results = await self.schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=self._services.make_context(viewer),
            operation_name=operation.operation_name,
        )
        async with aclosing(results):
            await self._send_result_stream(operation, results)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        """Never close: a wrong document is its operation's error."""
        return None
