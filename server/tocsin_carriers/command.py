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

import uvicorn

from tocsin_carriers.application import create_application
from tocsin_carriers.protocol import CuttableProtocol
from tocsin_carriers.settings import CarrierSettings

HOST = "127.0.0.1"
_BACKLOG = 2_048
_GRACE_SECONDS = 2


def print_port(port: int) -> None:
    """One JSON line on standard output, for a parent that started us on port 0."""
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()


def run(
    settings: CarrierSettings,
    port: int,
    *,
    follow_parent: bool = False,
    announce: Callable[[int], None] = print_port,
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
    announce: Callable[[int], None],
) -> None:
    server = create_server(settings, on_start=lambda: announce(listener.getsockname()[1]))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    if follow_parent:
        threading.Thread(target=_await_parent, args=(loop, server.stop), daemon=True).start()
    await server.serve(sockets=[listener])


class CarrierServer(uvicorn.Server):
    """Says when it listens, and leaves signals to whoever runs it."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_start()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


def create_server(settings: CarrierSettings, on_start: Callable[[], None]) -> CarrierServer:
    """A server to be served inside a running loop, in this process."""
    config = uvicorn.Config(
        create_application(settings),
        http=CuttableProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return CarrierServer(config, on_start)


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
