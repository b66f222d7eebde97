"""The server of fanout.py: one communication followed in groups, another by a generator for each subscriber."""

import asyncio
import sys
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
    await Tally.create(communication_id=sent.id, total=1000, in_progress=1000, counts=counts, changed_at=now)
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


async def change(scene: Scene, way: str) -> int:
    """Move one recipient and return the new version."""
    statement = """UPDATE tally SET version = version + 1, contacted = contacted + 1, in_progress = in_progress - 1,
        changed_at = now() WHERE communication_id = $1 RETURNING version"""
    rows = await get_database().execute_query_dict(statement, [scene.communications[way]])
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


async def run_server(database_url: str) -> None:
    """Serve both ways on one port; each line read names the way whose communication changes next."""
    async with open_database(database_url), Broadcast("memory://") as broadcast, Broadcast("memory://") as naive:
        scene = await set_scene()
        async with open_groups(scene, broadcast) as (view, announcements), naive.subscribe("change"):
            schema = strawberry.Schema(Asked, subscription=OneByOne, config=configure_schema())
            stock: Any = GraphQL(schema, subscription_protocols=("graphql-transport-ws",))
            routes = [WebSocketRoute("/groups", view), WebSocketRoute("/generators", stock)]
            app = Starlette(routes=routes)
            app.state.naive = (naive, scene.communications["generators"])
            config = uvicorn.Config(app, port=0, log_level="warning", ws_per_message_deflate=False, lifespan="off")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            print(port, *(expose("communication", scene.communications[way]) for way in WAYS), flush=True)
            async for way in read_lines():
                version = await change(scene, way)
                if way == "groups":
                    announcements.announce({scene.communications[way]: version})
                else:
                    await naive.publish("change", "")
            server.should_exit = True
            await serving


async def read_lines() -> AsyncIterator[str]:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield line.decode().strip()
