"""The port that one process has for itself, on this machine alone: its metrics and its health. Imports health, measures and settings.

It is answered on the loop that does the work, so that one that hangs is seen to hang.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.errors import ConfigurationError
from tocsin.measures import Measures
from tocsin.settings import Settings
from tocsin_server.health import Health


class Bystander(uvicorn.Server):
    """A server that leaves signals to the process in which it stands."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def show_metrics(measures: Measures) -> Response:
    return Response(generate_latest(measures.registry), media_type=CONTENT_TYPE_LATEST)


def take_own_port(settings: Settings) -> socket.socket | None:
    """Listen where METRICS_PORT says, on loopback; ConfigurationError where that is taken."""
    port = settings.metrics_port
    if port is None:
        return None
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        message = f"METRICS_PORT {port} cannot be used ({error.strerror}); set it to another for each process."
        raise ConfigurationError(message) from None


@asynccontextmanager
async def open_own_port(listener: socket.socket, measures: Measures, health: Health) -> AsyncIterator[None]:
    """Show metrics and health on the port until left."""

    async def answer(request: Request) -> Response:
        return show_metrics(measures)

    app = Starlette(routes=[*health.routes, Route("/metrics", answer, methods=["GET"])])
    config = uvicorn.Config(
        app, lifespan="off", ws="none", log_config=None, log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = Bystander(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="own port")
    try:
        yield
    finally:
        server.should_exit = True
        await serving
