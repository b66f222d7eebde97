"""Composition: everything a process needs, put together and taken apart in order. The one place that knows all."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Protocol

import httpx2

from tocsin.alarm import Alarm
from tocsin.assessment import Moved
from tocsin.consents import Senders, keep_consents, list_senders
from tocsin.database import open_database, read_credentials
from tocsin.embedded import EmbeddedPostgres
from tocsin.errors import ConfigurationError
from tocsin.expiry import measure_expiries
from tocsin.live.announcements import Announcements
from tocsin.live.broadcasts import make_backend, make_broadcast
from tocsin.live.hub import Hub
from tocsin.live.redis_backend import RedisBackend
from tocsin.measures import Measures
from tocsin.settings import Settings, is_email_set_up
from tocsin.times import tell_time
from tocsin.words import Channel
from tocsin.writer import Writer
from tocsin_jobs.asking import ask_about_lost, ask_silent
from tocsin_jobs.broker import Crew, open_broker
from tocsin_jobs.clock import TICK, Clock, Sweep
from tocsin_jobs.exporter import Exporter
from tocsin_jobs.sweeps import forget_persons, sweep
from tocsin_jobs.workshop import Provider, Workshop
from tocsin_providers.amazon_ses import AmazonSes
from tocsin_providers.twilio_messaging import TwilioMessaging
from tocsin_providers.twilio_voice import TwilioVoice
from tocsin_providers.webhook import Reader, Report
from tocsin_server.health import Health
from tocsin_server.observation import Observation
from tocsin_server.own_port import open_own_port

SILENCE_SECONDS = 10.0
RETENTION_SECONDS = 60.0


class Carrier(Provider, Protocol):
    """A way out together with the webhooks that report about it."""

    def readers(self) -> Mapping[str, Reader]:
        """Return who reads the webhooks of which path."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes of this process work with."""

    settings: Settings
    announce: Callable[[Moved], None]
    hub: Hub
    writer: Writer
    readers: Mapping[str, Reader]
    keep: Callable[[Report], Awaitable[None]]
    usable: frozenset[Channel]
    wake: Callable[[], None]
    measures: Measures
    backend: RedisBackend | None


def locate_database(settings: Settings) -> tuple[str, EmbeddedPostgres | None]:
    """Return the URL to use; without DATABASE_URL that of an embedded PostgreSQL, started here. Blocks."""
    if settings.database_url:
        read_credentials(settings.database_url)
        return settings.database_url, None
    prepare_folder(settings.tocsin_data_dir)
    postgres = EmbeddedPostgres(settings.tocsin_data_dir)
    return postgres.start(), postgres


def prepare_folder(folder: Path) -> None:
    """Make the folder for a database of our own where it is missing; ConfigurationError where nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as error:
        message = f"TOCSIN_DATA_DIR cannot be used ({error.strerror}); set it to a folder in which this user may write."
        raise ConfigurationError(message) from None


@asynccontextmanager
async def open_services(
    settings: Settings, database_url: str, *, working: bool, health: Health, own_port: socket.socket | None = None
) -> AsyncIterator[Services]:
    """Start what a web process needs, and with `working` the jobs too; stop it in reverse order."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_database(database_url))
        measures = Measures()
        if own_port is not None:
            await stack.enter_async_context(open_own_port(own_port, measures, health))
        # Lanes bound how many requests are under way; a second bound here would be taken for a carrier out of reach.
        limits = httpx2.Limits(max_connections=None)
        client = await stack.enter_async_context(httpx2.AsyncClient(limits=limits))
        backend = make_backend(settings.redis_url)
        broadcast = make_broadcast(backend)
        await stack.enter_async_context(broadcast)
        announcements = Announcements(broadcast)
        await stack.enter_async_context(running(announcements.start, announcements.stop))
        announce = partial(announce_moved, announcements)
        hub = Hub(broadcast, observe=measures.frame_lag.observe)
        await stack.enter_async_context(running(hub.start, hub.stop))
        writer = Writer(measure_expiries(settings), announce, limit=settings.webhook_queue_limit, measures=measures)
        await stack.enter_async_context(running(writer.start, writer.stop))
        carriers = open_carriers(settings, client)
        wake: Callable[[], None] = do_nothing
        if working:
            providers = {carrier.channel: carrier for carrier in carriers}
            exporter = Exporter(database_url, settings.tocsin_data_dir / "exports")
            shop = Workshop(settings, writer, announce, providers, tell_time, exporter=exporter, measures=measures)
            wake = await stack.enter_async_context(open_jobs(shop, database_url))
        readers = {path: reader for carrier in carriers for path, reader in carrier.readers().items()}
        usable = frozenset(carrier.channel for carrier in carriers)
        if settings.metrics_port is not None or settings.metrics_token is not None:
            watch = Observation(settings, measures, backend)
            await stack.enter_async_context(running(watch.start, watch.stop))
        keep = make_keep(writer, announce, list_senders(settings))
        yield Services(settings, announce, hub, writer, readers, keep, usable, wake, measures, backend)


def announce_moved(announcements: Announcements, moved: Moved) -> None:
    """Tell whoever watches what a commit has moved."""
    announcements.announce(moved.versions)
    announcements.announce_listing(moved.listings)
    announcements.announce_rows("export", moved.exports)
    announcements.announce_rows("citizen", dict.fromkeys(moved.citizens, 0))


def make_keep(
    writer: Writer, announce: Callable[[Moved], None], senders: Senders
) -> Callable[[Report], Awaitable[None]]:
    """Return what keeps all that a webhook reported."""

    async def keep(report: Report) -> None:
        if report.events:
            await writer.keep(report.events)
        if report.consents:
            announce(await keep_consents(report.consents, senders))

    return keep


def open_carriers(settings: Settings, client: httpx2.AsyncClient) -> Sequence[Carrier]:
    """Make the adapter of every carrier that is set up; calls have to come from a number."""
    carriers: list[Carrier] = [TwilioMessaging(settings, client)]
    if settings.twilio_from:
        carriers.append(TwilioVoice(settings, client))
    if is_email_set_up(settings):
        carriers.append(AmazonSes(settings, client))
    return carriers


def do_nothing() -> None:
    """Wake nobody: the jobs run in other processes, which hear PostgreSQL's notice."""


@asynccontextmanager
async def open_jobs(shop: Workshop, database_url: str) -> AsyncIterator[Callable[[], None]]:
    """Run the clock and the crew in this process; give back what wakes the clock."""
    crew = Crew(open_broker(shop.settings.redis_url, asyncio.get_running_loop()), shop)
    clock = Clock(crew, list_sweeps(shop))
    alarm = Alarm(database_url, clock.wake)
    exporter = shop.exporter
    assert exporter is not None, "whoever runs jobs writes workbooks too"
    await exporter.start()
    crew.start()
    await clock.start()
    await alarm.start()
    try:
        yield clock.wake
    finally:
        shop.stopping.set()
        await alarm.stop()
        await clock.stop()
        await exporter.stop()
        await crew.stop()
        await exporter.close()


def list_sweeps(shop: Workshop) -> list[Sweep]:
    """Return what is looked after all the time: what the database knows, and what the carriers have to be asked."""
    often = max(TICK, SILENCE_SECONDS / shop.settings.tocsin_speed)
    return [
        Sweep("sweep", partial(sweep, shop)),
        Sweep("ask about lost answers", partial(ask_about_lost, shop)),
        Sweep("ask about silent deliveries", partial(ask_silent, shop), often),
        Sweep("forget persons", partial(forget_persons, shop), RETENTION_SECONDS),
    ]


@asynccontextmanager
async def running(start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Start something and stop it whatever happens."""
    await start()
    try:
        yield
    finally:
        await stop()
