"""The ASGI application: webhooks ahead of everything, then health and the API. Imports services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.database import UNREACHABLE, get_database
from tocsin.settings import Settings
from tocsin_server.services import Services, open_services
from tocsin_server.webhooks import Webhooks

WEBHOOKS = "/webhooks/"


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
            app.state.services = services
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._webhooks is not None and scope["path"].startswith(WEBHOOKS):
            await self._webhooks(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


def open_webhooks(services: Services) -> Webhooks:
    """Make the route for every provider's webhooks."""
    return Webhooks(services.reporters, services.writer, body_limit=services.settings.webhook_body_limit)


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
