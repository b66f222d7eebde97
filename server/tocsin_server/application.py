"""The ASGI application: webhooks ahead of everything, then health, the API, downloads, and the pages. Imports services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tocsin import links, verification_proofs
from tocsin.secrets import Purpose, derive_key
from tocsin.settings import Settings
from tocsin.viewers import Viewer
from tocsin_graphql.context import Context
from tocsin_graphql.costs import Limits
from tocsin_graphql.documents import Documents
from tocsin_graphql.places import SocketLimits
from tocsin_graphql.schema import TocsinSchema, build_schema
from tocsin_graphql.services import Authenticate
from tocsin_graphql.services import Services as Transports
from tocsin_graphql.view import View, build_view
from tocsin_server.authentication import Authenticator
from tocsin_server.console import Console
from tocsin_server.documents import open_documents
from tocsin_server.downloads import Downloads
from tocsin_server.health import Health
from tocsin_server.observation import MetricsPage, count_groups
from tocsin_server.own_port import take_own_port
from tocsin_server.services import Services, open_services
from tocsin_server.sign_in import read_sign_in
from tocsin_server.verification_page import VerificationPage
from tocsin_server.webhooks import Webhooks

WEBHOOKS = "/webhooks/"
GRAPHQL = "/graphql"


class Application:
    """Sends carriers straight to the webhook route and sockets straight to the API: routing costs time and memory."""

    def __init__(self, settings: Settings, database_url: str, *, working: bool) -> None:
        self._settings = settings
        self._database_url = database_url
        self._working = working
        self._schema = build_schema(suggesting=not settings.in_production)
        self._documents = open_documents(settings, self._schema)
        self._webhooks: ASGIApp | None = None
        self._sockets: ASGIApp | None = None
        self._own_port = take_own_port(settings)
        self.health = Health()
        self._rest = Starlette(routes=self.health.routes, lifespan=self._live)

    @asynccontextmanager
    async def _live(self, app: Starlette) -> AsyncIterator[None]:
        async with open_services(
            self._settings, self._database_url, working=self._working, health=self.health, own_port=self._own_port
        ) as services:
            self._webhooks = open_webhooks(services)
            authenticate = Authenticator(self._settings).authenticate
            view = open_graphql(services, authenticate, schema=self._schema, documents=self._documents)
            files = Downloads(authenticate, derive_key(self._settings.tocsin_secret, Purpose.LINKS))
            self._sockets = view
            app.routes.append(Route(GRAPHQL, view))
            app.routes.append(Route(f"{links.PATH}{{link}}", files.answer, methods=["GET"]))
            page = VerificationPage(self._settings.tocsin_secret, services.announce)
            app.routes.append(Route(f"{verification_proofs.PATH}{{token}}", page.answer, methods=["GET", "POST"]))
            count_groups(services, view)
            if self._settings.metrics_token is not None:
                metrics = MetricsPage(services.measures, self._settings.metrics_token)
                app.routes.append(Route("/metrics", metrics.answer, methods=["GET"]))
            app.routes.append(
                Route("/{path:path}", Console(self._settings.public_url, sign_in=read_sign_in(self._settings)))
            )
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.health.leaving and scope["type"] == "http":
            send = ask_to_leave(send)
        if scope["type"] == "http" and self._webhooks is not None and scope["path"].startswith(WEBHOOKS):
            await self._webhooks(scope, receive, send)
        elif scope["type"] == "websocket" and self._sockets is not None and scope["path"] == GRAPHQL:
            await self._sockets(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


def ask_to_leave(send: Send) -> Send:
    """Let an answer end its connection, so that whoever keeps one makes the next one to somebody who stays."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return answer


def open_webhooks(services: Services) -> Webhooks:
    """Make the route for every provider's webhooks."""
    return Webhooks(
        services.readers, services.keep, body_limit=services.settings.webhook_body_limit, measures=services.measures
    )


def open_graphql(services: Services, authenticate: Authenticate, *, schema: TocsinSchema, documents: Documents) -> View:
    """Make the API over HTTP, server-sent events and WebSocket."""
    settings = services.settings

    def make_context(viewer: Viewer) -> Context:
        return Context(
            viewer=viewer,
            settings=settings,
            locale=viewer.locale,
            wake=services.wake,
            usable=services.usable,
            announce=services.announce,
        )

    transports = Transports(
        authenticate,
        make_context,
        services.hub,
        most_operations=settings.socket_operation_limit,
        most_bytes=settings.graphql_body_limit,
        limits=read_limits(settings),
        documents=documents,
        schema_shown=not settings.in_production,
        sockets=read_socket_limits(settings),
    )
    return build_view(schema, transports)


def read_limits(settings: Settings) -> Limits:
    """Return what one operation may ask for, as it is set."""
    return Limits(
        settings.graphql_cost_limit,
        settings.graphql_depth_limit,
        settings.graphql_alias_limit,
        settings.graphql_directive_limit,
        settings.graphql_token_limit,
    )


def read_socket_limits(settings: Settings) -> SocketLimits:
    """Return how many sockets there may be and how loud one may be, as it is set."""
    return SocketLimits(
        of_address=settings.socket_address_limit,
        of_principal=settings.socket_principal_limit,
        messages_per_second=settings.socket_message_rate,
    )
