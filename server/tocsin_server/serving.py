"""Running the web process and the worker process until a signal. Imports the application and services."""

import asyncio
import gc
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import uvicorn
import uvloop

from tocsin.crashes import choose_crash
from tocsin.database import migrate
from tocsin.embedded import EmbeddedPostgres, supervise
from tocsin.errors import ConfigurationError
from tocsin.settings import Settings, check_service
from tocsin_server.application import Application
from tocsin_server.health import Health
from tocsin_server.journal import open_journal
from tocsin_server.leaving import Server
from tocsin_server.own_port import take_own_port
from tocsin_server.prepared_sockets import SOCKETS, choose_sockets
from tocsin_server.reaching import reaching
from tocsin_server.services import locate_database, open_services
from tocsin_server.solo import hold_solo_lock
from tocsin_server.supervision import READY, STOPPING, inherit, tell_supervisor
from tocsin_server.tracing import send_spans

COLLECTED_AFTER = (20_000, 5, 2)
"""New objects until the youngest are looked through, and how many such looks until the older ones are. By Python's own 700
and 10 all that a thousand sockets keep is looked through again and again, and nothing moves meanwhile.
What is left of a socket that has ended is most often not young: all are looked through after 360,000."""


def make_server(
    settings: Settings,
    database_url: str,
    *,
    working: bool,
    inherited: bool = False,
    sockets: Mapping[str, Any] = SOCKETS,
) -> uvicorn.Server:
    """Make the web server; the jobs run in it where `working` says so, its socket outlives it where `inherited` does."""
    application = Application(settings, database_url, working=working)
    config = uvicorn.Config(
        application,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        **sockets,
    )
    return Server(
        config,
        application,
        stop_seconds=settings.tocsin_stop_seconds,
        replaced=settings.redis_url is not None,
        inherited=inherited,
        supervisor=settings.notify_socket,
    )


def keep_for_good() -> None:
    """Take all that is there at start, the schema above all, out of what the garbage collector looks through again and again.

    What comes later it looks through less often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


def serve(settings: Settings, *, descriptor: int | None = None) -> None:
    """Serve until a signal; the database is migrated first, and revived where it is our own.

    `descriptor`: the number of a listening socket that was handed over, instead of host and port.
    """
    open_journal(settings.tocsin_log_level)
    choose_crash(settings.tocsin_crash_at)
    check_service(settings)
    listener = None if descriptor is None else inherit(descriptor)
    database_url, postgres = locate_database(settings)
    try:
        with reaching():
            asyncio.run(migrate(database_url))
        with send_spans(settings), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_alone(settings, database_url, postgres=postgres, inherited=listener))
    finally:
        if postgres is not None:
            postgres.stop()


def listen(host: str, port: int) -> socket.socket:
    """Take the address, without accepting anything yet; ConfigurationError where it is taken."""
    try:
        return socket.create_server((host, port), backlog=2_048)
    except OSError as error:
        raise ConfigurationError(
            f"Port {port} of {host} cannot be used ({error.strerror}); set PORT to another."
        ) from None


async def serve_alone(
    settings: Settings, database_url: str, *, postgres: EmbeddedPostgres | None, inherited: socket.socket | None = None
) -> None:
    """Make sure that nobody works on this database who would not hear of us, then listen and serve."""
    async with hold_solo_lock(settings, database_url):
        working, handed = settings.redis_url is None, inherited is not None
        sockets = await choose_sockets(prepared=settings.socket_prepared_frames)
        server = make_server(settings, database_url, working=working, inherited=handed, sockets=sockets)
        keep_for_good()
        listener = inherited or listen(settings.host, settings.port)
        keeper = asyncio.create_task(supervise(postgres)) if postgres is not None else None
        try:
            await server.serve(sockets=[listener])
        finally:
            if keeper is not None:
                keeper.cancel()
                with suppress(asyncio.CancelledError):
                    await keeper


def work(settings: Settings) -> None:
    """Run the jobs alone until a signal, beside web processes that share database and Redis."""
    open_journal(settings.tocsin_log_level)
    choose_crash(settings.tocsin_crash_at)
    check_service(settings)
    if settings.redis_url is None or settings.database_url is None:
        raise ConfigurationError(
            "A worker needs DATABASE_URL and REDIS_URL; without them `tocsin serve` does its work too."
        )
    with reaching():
        asyncio.run(migrate(settings.database_url))
    with send_spans(settings), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work_until_stopped(settings, settings.database_url))


async def work_until_stopped(settings: Settings, database_url: str) -> None:
    stopped, health = asyncio.Event(), Health()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    own_port = take_own_port(settings)
    services = open_services(settings, database_url, working=True, health=health, own_port=own_port)
    async with hold_solo_lock(settings, database_url), services:
        health.started = True
        tell_supervisor(settings.notify_socket, READY)
        await stopped.wait()
        health.leaving = True
        tell_supervisor(settings.notify_socket, STOPPING)
