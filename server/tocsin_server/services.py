"""Composition: everything a process needs, put together and taken apart in order. The one place that knows all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from broadcaster import Broadcast

from tocsin.assessment import Moved
from tocsin.database import connect_alone, open_database, read_credentials
from tocsin.embedded import EmbeddedPostgres
from tocsin.errors import ConfigurationError
from tocsin.expiry import measure_expiries
from tocsin.live.announcements import Announcements
from tocsin.live.hub import Hub
from tocsin.settings import Settings
from tocsin.times import tell_time
from tocsin.writer import Writer
from tocsin_jobs.broker import Crew, open_broker
from tocsin_jobs.clock import Clock
from tocsin_jobs.sweeps import sweep
from tocsin_jobs.workshop import Workshop
from tocsin_providers.twilio_messaging import PATH, TwilioMessaging
from tocsin_server.webhooks import Reporter

SOLO_LOCK = 0x70C52


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes of this process work with."""

    settings: Settings
    announcements: Announcements
    hub: Hub
    writer: Writer
    reporters: dict[str, Reporter]
    wake: Callable[[], None]


def locate_database(settings: Settings) -> tuple[str, EmbeddedPostgres | None]:
    """Return the URL to use; without DATABASE_URL that of an embedded PostgreSQL, started here. Blocks."""
    if settings.database_url:
        read_credentials(settings.database_url)
        return settings.database_url, None
    postgres = EmbeddedPostgres(Path(settings.tocsin_data_dir))
    return postgres.start(), postgres


@asynccontextmanager
async def open_services(settings: Settings, database_url: str, *, working: bool) -> AsyncIterator[Services]:
    """Start what a web process needs, and with `working` the jobs too; stop it in reverse order."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_database(database_url))
        client = await stack.enter_async_context(httpx2.AsyncClient())
        broadcast = Broadcast("memory://")
        await stack.enter_async_context(broadcast)
        announcements = Announcements(broadcast)
        await stack.enter_async_context(running(announcements.start, announcements.stop))

        def announce(moved: Moved) -> None:
            announcements.announce(moved.versions)
            announcements.announce_listing(moved.listings)

        hub = Hub(broadcast)
        await stack.enter_async_context(running(hub.start, hub.stop))
        writer = Writer(measure_expiries(settings), announce, limit=settings.webhook_queue_limit)
        await stack.enter_async_context(running(writer.start, writer.stop))
        texts = TwilioMessaging(settings, client)
        wake: Callable[[], None] = do_nothing
        if working:
            providers = {texts.channel: texts}
            shop = Workshop(settings, writer, announce, providers, tell_time, asyncio.sleep)
            wake = await stack.enter_async_context(open_jobs(shop))
        yield Services(settings, announcements, hub, writer, {PATH: texts}, wake)


def do_nothing() -> None:
    """Wake nobody: the jobs run in other processes, whose clocks look every second."""


@asynccontextmanager
async def open_jobs(shop: Workshop) -> AsyncIterator[Callable[[], None]]:
    """Run the clock and the crew in this process; give back what wakes the clock."""
    crew = Crew(open_broker(shop.settings.redis_url, asyncio.get_running_loop()), shop)

    async def sweep_once() -> None:
        await sweep(shop)

    clock = Clock(crew, sweep_once)
    crew.start()
    await clock.start()
    try:
        yield clock.wake
    finally:
        await clock.stop()
        await crew.stop()


@asynccontextmanager
async def running(start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Start something and stop it whatever happens."""
    await start()
    try:
        yield
    finally:
        await stop()


@asynccontextmanager
async def hold_solo_lock(settings: Settings, database_url: str) -> AsyncIterator[None]:
    """Without Redis, hold the database alone; ConfigurationError where another process does. Enter it before listening."""
    if settings.redis_url is not None:
        yield
        return
    connection = await connect_alone(database_url)
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", SOLO_LOCK):
            raise ConfigurationError(
                "Another process works on this database; stop it, or set REDIS_URL so that several can work together."
            )
        yield
    finally:
        await connection.close()
