"""Dramatiq carries "work on number N" and nothing else; actors run on the loop that already runs. Imports performance.

The row in the due table is the truth: a message that is lost or doubled delays work or is found to be done.
"""

import asyncio
from typing import Any
from uuid import UUID

import dramatiq
import structlog
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import AgeLimit, Middleware, ShutdownNotifications
from dramatiq.worker import Worker
from redis import Redis
from redis.exceptions import RedisError

from tocsin_jobs.performance import perform
from tocsin_jobs.workshop import Workshop

THREADS = 8
STOP_MILLISECONDS = 10_000
QUEUE = "tocsin"
SOCKET_SECONDS = 5.0
AWAY = (RedisError, OSError, dramatiq.errors.BrokerConnectionError)

log = structlog.get_logger(__name__)


class BorrowedLoop(EventLoopThread):
    """Stands where dramatiq expects its own loop, and hands coroutines to ours."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(structlog.get_logger(__name__))
        self.loop.close()
        self.loop = loop


class OurLoop(Middleware):
    """Lets async actors run on the loop of the web server, where the pool and the writer live."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def before_worker_boot(self, broker: dramatiq.Broker, worker: Any) -> None:
        set_event_loop_thread(BorrowedLoop(self._loop))

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: Any) -> None:
        set_event_loop_thread(None)


def open_broker(redis_url: str | None, loop: asyncio.AbstractEventLoop) -> dramatiq.Broker:
    """Return Redis' broker where there is one, else one inside this process."""
    middleware = [AgeLimit(), ShutdownNotifications(), OurLoop(loop)]
    if redis_url is None:
        return StubBroker(middleware=middleware)
    # Without time limits a Redis that is unplugged, not stopped, would hold the threads for ever.
    client = Redis.from_url(redis_url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=SOCKET_SECONDS)
    return RedisBroker(  # type: ignore[no-untyped-call]  # dramatiq leaves it untyped
        client=client, middleware=middleware, heartbeat_timeout=30_000, maintenance_chance=100_000, namespace=QUEUE
    )


class Crew:
    """The actor and the threads that carry messages to it."""

    def __init__(self, broker: dramatiq.Broker, shop: Workshop) -> None:
        @dramatiq.actor(actor_name="perform", queue_name=QUEUE, broker=broker)
        async def act(due_id: str) -> None:
            await perform(shop, UUID(due_id))

        self._actor = act
        self._shop = shop
        self._own: dict[UUID, asyncio.Task[None]] = {}
        self._worker = Worker(broker, worker_threads=THREADS, worker_timeout=100)

    def start(self) -> None:
        self._worker.start()

    async def send(self, due_id: UUID) -> None:
        """Put a message on its way, off the loop, as a broker may be across a network; while it is away, begin the work here.

        So work is done without Redis too. What there is no place for is announced again after ten seconds.
        """
        try:
            await asyncio.to_thread(self._actor.send, str(due_id))
        except AWAY as error:
            log.warning("broker away", error=type(error).__name__)
            self._begin(due_id)

    def _begin(self, due_id: UUID) -> None:
        """Do a piece of work here, beside few others."""
        if len(self._own) < THREADS and due_id not in self._own:
            task = asyncio.create_task(perform(self._shop, due_id))
            self._own[due_id] = task
            task.add_done_callback(lambda done: self._end(due_id, done))

    def _end(self, due_id: UUID, done: "asyncio.Task[None]") -> None:
        del self._own[due_id]
        if not done.cancelled() and (error := done.exception()) is not None:
            log.warning("work could not be put down", error=type(error).__name__)

    async def stop(self) -> None:
        """Let what runs come to its end; on the loop this would wait for itself."""
        await asyncio.to_thread(self._worker.stop, STOP_MILLISECONDS)
        if self._own:
            _, late = await asyncio.wait(self._own.values(), timeout=STOP_MILLISECONDS / 1_000)
            for task in late:
                task.cancel()
