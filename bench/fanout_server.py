"""The server of fanout.py: one communication followed in groups, another by a generator for each subscriber."""

import asyncio
import socket
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import strawberry
import uvicorn
from broadcaster import Broadcast
from fanout_crowd import WAYS
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL

from tocsin.database import get_database, open_database
from tocsin.identifiers import expose, make_id
from tocsin.live.announcements import Announcements
from tocsin.live.hub import Hub
from tocsin.pictures import read_tally
from tocsin.records.communications import Communication, Tally
from tocsin.records.people import Category, Municipality
from tocsin.settings import read_settings
from tocsin.times import tell_time
from tocsin.viewers import Viewer
from tocsin.words import Channel, CommunicationKind, CommunicationState, Locale, Role
from tocsin_graphql.context import Context
from tocsin_graphql.scalars import configure_schema
from tocsin_graphql.schema import build_schema
from tocsin_graphql.services import Services
from tocsin_graphql.statistics import Statistics, statistics_of
from tocsin_graphql.view import build_view
from tocsin_server.prepared_sockets import choose_sockets
from tocsin_server.serving import keep_for_good

ASKING = "groups 0"
"""A line that asks for no change, but how long those before took."""


@dataclass
class Scene:
    """One communication for each way, so that neither hears of the other's changes."""

    municipality_id: UUID
    communications: dict[str, UUID]


async def set_scene() -> Scene:
    municipality = await Municipality.create(slug="bench", name="Bench")
    category = await Category.create(municipality=municipality, name="Floods", channels=[1, 2, 3])
    return Scene(municipality.id, {way: await send(municipality, category) for way in WAYS})


async def send(municipality: Municipality, category: Category) -> UUID:
    now = tell_time()
    sent = await Communication.create(
        municipality=municipality, category=category, kind=CommunicationKind.REGULAR, title="Bench",
        state=CommunicationState.IN_PROGRESS, channels=[1, 2, 3], created_at=now, modified_at=now, sent_at=now,
    )  # fmt: skip
    counts = {"2110": 500, "2220": 500, "1260": 200, "1340": 300}
    await Tally.create(communication_id=sent.id, version=1, total=1000, in_progress=1000, counts=counts, changed_at=now)
    return sent.id


@strawberry.type
class Asked:
    """A schema has to have a query."""

    well: bool = True


@strawberry.type
class OneByOne:
    """What one writes first: each subscriber hears every message, reads the tally and executes on its own."""

    @strawberry.subscription
    async def statistics(
        self, info: strawberry.Info, communication_id: strawberry.ID
    ) -> AsyncGenerator[Statistics, None]:
        broadcast, key = info.context["request"].app.state.naive
        async with broadcast.subscribe("change") as subscriber:
            while True:
                picture = await read_tally(get_database(), key)
                assert picture is not None, "it has been sent"
                yield statistics_of(picture, Role.OPERATOR)
                await subscriber.get()


async def change(scene: Scene, way: str, recipients: int) -> int:
    """Move so many recipients, one version each, in one commit as the writer of webhooks does; return the last version."""
    statement = """UPDATE tally SET version = version + $2, contacted = contacted + $2, in_progress = in_progress - $2,
        changed_at = now() WHERE communication_id = $1 RETURNING version"""
    rows = await get_database().execute_query_dict(statement, [scene.communications[way], recipients])
    return int(rows[0]["version"])


@asynccontextmanager
async def open_groups(scene: Scene, broadcast: Broadcast) -> AsyncIterator[tuple[Any, Announcements]]:
    hub, announcements = Hub(broadcast), Announcements(broadcast)
    settings = read_settings(tocsin_secret="0123456789abcdefghijklmnopqrstuvwxyz")
    now = datetime.now(UTC)
    viewer = Viewer(make_id(), scene.municipality_id, "b", "b", Role.OPERATOR, Locale.EN, now, now + timedelta(hours=1))

    async def authenticate(*_: Any, **__: Any) -> Viewer:
        return viewer

    def make_context(viewer: Viewer) -> Context:
        return Context(viewer=viewer, settings=settings, locale=viewer.locale, usable=list(Channel))

    await hub.start()
    await announcements.start()
    yield (
        build_view(build_schema(), Services(authenticate=authenticate, make_context=make_context, hub=hub)),
        announcements,
    )
    await announcements.stop()
    await hub.stop()


def listen(send_buffer: int | None) -> socket.socket:
    """Take a free port; with `send_buffer` the system keeps that many bytes for each reader and no more."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2_048)
    if send_buffer is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    return listener


async def run_server(database_url: str, *, send_buffer: int | None = None) -> None:
    """Serve both ways on one port; each line read names the way whose communication changes next, and how often at once.

    ASKING is answered with the seconds that the changes of groups have taken since, commits included.
    """
    async with open_database(database_url), Broadcast("memory://") as broadcast, Broadcast("memory://") as naive:
        scene = await set_scene()
        async with open_groups(scene, broadcast) as (view, announcements), naive.subscribe("change"):
            schema = strawberry.Schema(Asked, subscription=OneByOne, config=configure_schema())
            stock: Any = GraphQL(schema, subscription_protocols=("graphql-transport-ws",))
            app = Starlette(routes=[WebSocketRoute("/generators", stock)])
            app.state.naive = (naive, scene.communications["generators"])

            async def serve(scope: Scope, receive: Receive, send: Send) -> None:
                """Send sockets straight to our view, as the product does."""
                await (view if scope["path"] == "/groups" else app)(scope, receive, send)

            # Who stalls on purpose answers no ping of the protocol, and is to be served all the same.
            sockets = await choose_sockets()
            keep_for_good()
            config = uvicorn.Config(serve, log_level="warning", ws_ping_interval=None, lifespan="off", **sockets)
            server = uvicorn.Server(config)
            listener = listen(send_buffer)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
                await asyncio.sleep(0.01)
            keys = [expose("communication", scene.communications[way]) for way in WAYS]
            print(listener.getsockname()[1], *keys, flush=True)
            committing = 0.0
            async for line in read_lines():
                way, changes = line.split()
                if line == ASKING:
                    print(committing, flush=True)
                    committing = 0.0
                elif way == "groups":
                    began = time.perf_counter()
                    version = await change(scene, way, int(changes))
                    committing += time.perf_counter() - began
                    announcements.announce({scene.communications[way]: version})
                for _ in range(int(changes) if way == "generators" else 0):
                    await change(scene, way, 1)
                    await naive.publish("change", "")
            server.should_exit = True
            await serving


async def read_lines() -> AsyncIterator[str]:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield line.decode().strip()
