"""A control room: the GraphQL view on a real loopback port, clients of its protocols, and changes made on purpose."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import uvicorn
from broadcaster import Broadcast
from stage.cast import Alert, Town
from stage.serving import open_listener, serving
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect

from tocsin.assessment import lock_tallies, reassess
from tocsin.database import get_database
from tocsin.errors import Unauthenticated
from tocsin.identifiers import expose, make_id
from tocsin.live.announcements import Announcements
from tocsin.live.hub import Hub
from tocsin.records.people import Principal
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.transactions import in_transaction
from tocsin.viewers import Viewer
from tocsin.words import Channel, Locale, Role
from tocsin_graphql.context import Context
from tocsin_graphql.schema import build_schema
from tocsin_graphql.services import Services
from tocsin_graphql.view import View, build_view
from tocsin_server.prepared_sockets import choose_sockets

PATIENCE = 30
PROTOCOL = "graphql-transport-ws"
COUNTS = "version total contacted inProgress notContacted"
STATISTICS = f"subscription($id: ID!) {{ statistics(communicationId: $id, maxPerSecond: 20) {{ {COUNTS} }} }}"
CHANGES = f"""subscription($id: ID!, $since: Int, $window: [ID!]) {{
  communicationChanges(communicationId: $id, since: $since, recipientIds: $window, maxPerSecond: 20) {{
    version changed resync statistics {{ {COUNTS} }} recipients {{ id version outcome lastName }} }} }}"""


@dataclass
class Room:
    """A running server with what tests look at from outside."""

    port: int
    view: View
    hub: Hub
    announcements: Announcements
    viewers: dict[str, Viewer]
    server: uvicorn.Server | None = None

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.root}/graphql"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    async def admit(self, town: Town, *, role: Role = Role.OPERATOR, lifetime: float = 3600) -> str:
        """Return the authorization of a new principal of a town."""
        key = make_id()
        now = tell_time()
        await Principal.create(id=key, municipality=town.municipality, subject=key.hex, name="Manon Roy", role=role)
        authorization = f"Bearer {key.hex}"
        self.viewers[authorization] = Viewer(
            principal_id=key,
            municipality_id=town.municipality.id,
            subject=key.hex,
            name="Manon Roy",
            role=role,
            locale=Locale.FR,
            issued_at=now,
            expires_at=now + timedelta(seconds=lifetime),
        )
        return authorization

    async def authenticate(
        self, authorization: str | None, locale: str | None, now: datetime, *, accept_language: str | None = None
    ) -> Viewer:
        viewer = self.viewers.get(authorization or "")
        if viewer is None or viewer.expires_at <= now:
            raise Unauthenticated("A bearer token is missing; send `Authorization: Bearer <token>`.")
        return replace(viewer, locale=Locale(locale)) if locale else viewer


@asynccontextmanager
async def open_room(
    *,
    announcing: bool = True,
    send_buffer: int | None = None,
    poll_interval: float = 1,
    prepared: bool = True,
    uvicorn_options: Mapping[str, Any] = {},
    **changes: Any,
) -> AsyncIterator[Room]:
    """Serve on a loopback port over the open database; without announcements the poll alone finds changes.

    `prepared` says how frames leave; both ways have to keep the same promises. `uvicorn_options` come on top.
    """
    broadcast = Broadcast("memory://")
    hub = Hub(broadcast if announcing else None, poll_interval=poll_interval)
    settings = read_settings(tocsin_secret="a drill is a drill is a drill 0123456789")
    listener = open_listener()
    if send_buffer is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    room = Room(listener.getsockname()[1], None, hub, Announcements(broadcast), {})  # type: ignore[arg-type]  # made next

    def make_context(viewer: Viewer) -> Context:
        return Context(viewer=viewer, settings=settings, locale=viewer.locale, usable=list(Channel))

    services = Services(authenticate=room.authenticate, make_context=make_context, hub=hub, **changes)
    room.view = build_view(build_schema(), services)
    routes = [Route("/graphql", room.view), WebSocketRoute("/graphql", room.view)]
    options = {**await choose_sockets(prepared=prepared), **uvicorn_options}
    async with broadcast, run_parts(room), serve(Starlette(routes=routes), listener, options) as server:
        room.server = server
        yield room


@asynccontextmanager
async def run_parts(room: Room) -> AsyncIterator[None]:
    await room.hub.start()
    await room.announcements.start()
    try:
        yield
    finally:
        await room.announcements.stop()
        await room.hub.stop()


@asynccontextmanager
async def serve(
    application: Starlette, listener: socket.socket, options: Mapping[str, Any]
) -> AsyncIterator[uvicorn.Server]:
    configuration = uvicorn.Config(application, log_level="warning", lifespan="off", **options)
    server = uvicorn.Server(configuration)
    async with serving(server, listener):
        yield server


class Console:
    """A client of graphql-transport-ws that sees every message."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, message: object) -> None:
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def hear_raw(self) -> str:
        """Return the next message that is not a ping."""
        while True:
            async with asyncio.timeout(PATIENCE):
                text = await self.connection.recv()
            assert isinstance(text, str)
            if '"type":"ping"' not in text and '"type": "ping"' not in text:
                return text

    async def hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.hear_raw())
        return message

    async def greet(self, authorization: str, **payload: str) -> None:
        await self.say({"type": "connection_init", "payload": {"authorization": authorization, **payload}})
        assert (await self.hear())["type"] == "connection_ack"

    async def subscribe(self, query: str, operation_id: str = "1", **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.say({"id": operation_id, "type": "subscribe", "payload": payload})

    async def next(self, field: str) -> dict[str, Any]:
        """Return what the next message says of a field."""
        message = await self.hear()
        assert message["type"] == "next", message
        value: dict[str, Any] = message["payload"]["data"][field]
        return value

    async def wait_until(self, field: str, version: int) -> list[dict[str, Any]]:
        """Return every value up to the one of this version."""
        values = [await self.next(field)]
        while values[-1]["version"] < version:
            values.append(await self.next(field))
        return values

    async def wait_closed(self) -> tuple[int, str]:
        async with asyncio.timeout(PATIENCE):
            await self.connection.wait_closed()
        return self.connection.close_code or 0, self.connection.close_reason or ""


@asynccontextmanager
async def open_console(room: Room, authorization: str | None = None, **options: Any) -> AsyncIterator[Console]:
    """Connect, and greet where there is a token."""
    async with connect(room.socket_url, subprotocols=[PROTOCOL], **options) as connection:  # type: ignore[list-item]
        console = Console(connection)
        if authorization is not None:
            await console.greet(authorization)
        yield console


def variables_of(alert: Alert, **more: Any) -> dict[str, Any]:
    return {"id": expose("communication", alert.id), **more}


async def move(alert: Alert, indexes: Sequence[int], status: DeliveryStatus = DeliveryStatus.SMS_RECEIVED) -> int:
    """Give the deliveries at these places a status, as ingestion does; return the new version."""
    keys = [alert.deliveries[index].id for index in indexes]
    async with in_transaction() as connection:
        await lock_tallies(connection, [alert.id])
        raised = "UPDATE delivery SET status = $1, status_at = now(), handling = 3 WHERE id = ANY($2::uuid[])"
        await connection.execute_query(raised, [int(status), keys])
        await reassess(connection, [alert.recipients[index].id for index in indexes])
    return await read_version(alert.id)


async def read_version(communication_id: UUID) -> int:
    rows = await get_database().execute_query_dict(
        "SELECT version FROM tally WHERE communication_id = $1", [communication_id]
    )
    return int(rows[0]["version"])
