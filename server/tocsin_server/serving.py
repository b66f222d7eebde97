"""Running the web process and the worker process until a signal. Imports the application and services."""

import asyncio
import signal
import socket
from contextlib import suppress

import uvicorn
import uvloop

from tocsin.database import migrate
from tocsin.embedded import EmbeddedPostgres, supervise
from tocsin.errors import ConfigurationError
from tocsin.settings import Settings, check_service
from tocsin_server.application import Application
from tocsin_server.journal import open_journal
from tocsin_server.services import hold_solo_lock, locate_database, open_services

SOCKET_LIMIT = 65_536


def make_server(settings: Settings, database_url: str, *, working: bool) -> uvicorn.Server:
    """Make the web server; the jobs run in it where `working` says so."""
    config = uvicorn.Config(
        Application(settings, database_url, working=working),
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        ws_max_size=SOCKET_LIMIT,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=10,
    )
    return uvicorn.Server(config)


def serve(settings: Settings) -> None:
    """Serve until a signal; the database is migrated first, and revived where it is our own."""
    open_journal(settings.tocsin_log_level)
    check_service(settings)
    database_url, postgres = locate_database(settings)
    try:
        asyncio.run(migrate(database_url))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_alone(settings, database_url, postgres=postgres))
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


async def serve_alone(settings: Settings, database_url: str, *, postgres: EmbeddedPostgres | None) -> None:
    """Make sure that nobody else works on this database, then listen and serve."""
    async with hold_solo_lock(settings, database_url):
        listener = listen(settings.host, settings.port)
        server = make_server(settings, database_url, working=settings.redis_url is None)
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
    check_service(settings)
    if settings.redis_url is None or settings.database_url is None:
        raise ConfigurationError(
            "A worker needs DATABASE_URL and REDIS_URL; without them `tocsin serve` does its work too."
        )
    asyncio.run(work_until_stopped(settings, settings.database_url))


async def work_until_stopped(settings: Settings, database_url: str) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with open_services(settings, database_url, working=True):
        await stopped.wait()
