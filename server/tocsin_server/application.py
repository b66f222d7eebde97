"""The ASGI application: webhooks ahead of everything, then health and the API. Imports services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.database import UNREACHABLE, get_database
from tocsin.settings import Settings
from tocsin.viewers import Viewer
from tocsin_graphql.context import Context
from tocsin_graphql.schema import build_schema
from tocsin_graphql.services import Services as Transports
from tocsin_graphql.view import View, build_view
from tocsin_server.authentication import Authenticator
from tocsin_server.services import Services, open_services
from tocsin_server.webhooks import Webhooks

WEBHOOKS = "/webhooks/"
GRAPHQL = "/graphql"


class Application:
    """Sends the carriers' requests straight to the webhook route: routing would cost a third of them."""

    def __init__(self, settings: Settings, database_url: str, *, working: bool) -> None:
        self._settings = settings
        self._database_url = database_url
        self._working = working
        self._webhooks: ASGIApp | None = None
        self._rest = Starlette(
            routes=[Route("/healthz", report_health), Route("/readyz", report_readiness)], lifespan=self._live
        )

    @asynccontextmanager
    async def _live(self, app: Starlette) -> AsyncIterator[None]:
        async with open_services(self._settings, self._database_url, working=self._working) as services:
            self._webhooks = open_webhooks(services)
            view = open_graphql(services)
            app.routes.extend([Route(GRAPHQL, view), WebSocketRoute(GRAPHQL, view)])
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._webhooks is not None and scope["path"].startswith(WEBHOOKS):
            await self._webhooks(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


def open_webhooks(services: Services) -> Webhooks:
    """Make the route for every provider's webhooks."""
    return Webhooks(services.reporters, services.writer, body_limit=services.settings.webhook_body_limit)


def open_graphql(services: Services) -> View:
    """Make the API over HTTP, server-sent events and WebSocket."""
    settings = services.settings

    def make_context(viewer: Viewer) -> Context:
        return Context(
            viewer=viewer,
            settings=settings,
            locale=viewer.locale,
            wake=services.wake,
            usable=frozenset(reporter.channel for reporter in services.reporters.values()),
            announce_listing=services.announcements.announce_listing,
        )

    authenticator = Authenticator(settings)
    return build_view(build_schema(), Transports(authenticator.authenticate, make_context, services.hub))


async def report_health(request: Request) -> Response:
    """Say that the process runs."""
    return JSONResponse({"status": "alive"})


async def report_readiness(request: Request) -> Response:
    """Say whether requests can be served: 503 while the database is away."""
    try:
        await get_database().execute_query_dict("SELECT 1")
    except UNREACHABLE:
        return JSONResponse({"status": "the database cannot be reached"}, status_code=503)
    return JSONResponse({"status": "ready"})
