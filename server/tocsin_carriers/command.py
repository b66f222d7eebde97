"""Runs the simulator as a process of its own on loopback, until a signal or the end of its parent.
Imports the application.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette

from tocsin_carriers.application import create_application
from tocsin_carriers.protocol import CuttableProtocol
from tocsin_carriers.settings import CarrierSettings

HOST = "127.0.0.1"
_BACKLOG = 2_048
_GRACE_SECONDS = 2


def describe_start(settings: CarrierSettings, port: int) -> dict[str, Any]:
    """What a server needs to know to be configured for this simulator."""
    origin = f"http://{HOST}:{port}"
    return {
        "port": port,
        "twilioBaseUrl": origin,
        "sesEndpointUrl": origin,
        "snsEndpointUrl": origin,
        "certificateOrigin": origin,
        "topicArn": settings.topic_arn,
        "region": settings.region,
    }


def print_start(start: dict[str, Any]) -> None:
    """One JSON line on standard output, for a parent that started us on port 0."""
    sys.stdout.write(json.dumps(start) + "\n")
    sys.stdout.flush()


def run(
    settings: CarrierSettings,
    port: int,
    *,
    follow_parent: bool = False,
    announce: Callable[[dict[str, Any]], None] = print_start,
) -> None:
    """Serves until SIGTERM or SIGINT, or until standard input closes if the parent is followed. Port 0: any
    free one.
    """
    listener = socket.create_server((HOST, port), backlog=_BACKLOG)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, listener, follow_parent=follow_parent, announce=announce))


async def _serve(
    settings: CarrierSettings,
    listener: socket.socket,
    *,
    follow_parent: bool,
    announce: Callable[[dict[str, Any]], None],
) -> None:
    start = describe_start(settings, listener.getsockname()[1])
    server = create_server(settings, on_start=lambda: announce(start))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    if follow_parent:
        threading.Thread(target=_await_parent, args=(loop, server.stop), daemon=True).start()
    await server.serve(sockets=[listener])


class CarrierServer(uvicorn.Server):
    """Says when it listens, tells the application where, and leaves signals to whoever runs it."""

    def __init__(self, application: Starlette, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self.application = application
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            self.application.state.open(f"http://{HOST}:{sockets[0].getsockname()[1]}")
            self._on_start()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


def create_server(settings: CarrierSettings, on_start: Callable[[], None]) -> CarrierServer:
    """A server to be served inside a running loop, in this process, on a socket that it is given."""
    application = create_application(settings)
    config = uvicorn.Config(
        application,
        http=CuttableProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return CarrierServer(application, config, on_start)


def _await_parent(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Raw reads: a buffered one would hold a lock that the interpreter wants at its end."""
    while os.read(0, 4096):
        continue
    loop.call_soon_threadsafe(stop)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
