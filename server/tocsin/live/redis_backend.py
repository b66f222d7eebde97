"""Announcements across processes over Redis: a backend of broadcaster that survives Redis. Imports nothing of ours.

Broadcaster's own backend hears nothing with redis-py 8, and nothing any more after Redis was restarted. Here a channel is
told RESYNC whenever its subscription has just taken effect, the first time as after each loss.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from broadcaster._backends.base import BroadcastBackend
from broadcaster._base import Event
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

RESYNC = "RESYNC"
PREFIX = "tocsin:"
HEARTBEAT = "heartbeat"
"""A channel on which nothing is said: whoever hears none at all could not wait for any."""

BEAT_SECONDS = 2.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
TIMEOUT = 1.0
AWAY = (RedisError, OSError, TimeoutError)

log = structlog.get_logger(__name__)


def connect(url: str, retry: Retry) -> Redis:
    """Return a client that waits for nothing long."""
    limits = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
    return Redis.from_url(url, retry=retry, protocol=2, **limits)  # type: ignore[arg-type]  # it can't tell what is meant


class RedisBackend(BroadcastBackend):
    """One supervised listener and one publisher. Of each channel at most one message waits, so nothing grows."""

    def __init__(self, url: str) -> None:
        # A connection of the pool is stale after a restart, so a message is tried a second time.
        self._publisher = connect(url, Retry(NoBackoff(), 1))
        self._listening = connect(url, Retry(NoBackoff(), 0))
        self._pubsub: PubSub | None = None
        self._wanted: set[str] = set()
        self._waiting: OrderedDict[str, str] = OrderedDict()
        self._filled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._silent_until = 0.0
        self.hearing = False
        """Whether announcements of other processes are heard just now."""
        self.losses = 0
        self.resyncs = 0

    async def connect(self) -> None:
        """Begin to listen; where Redis is away just now, go on trying."""
        self._task = asyncio.create_task(self._supervise(), name="announcements of others")

    async def disconnect(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._publisher.aclose()
        await self._listening.aclose()

    async def subscribe(self, group: str) -> None:
        self._wanted.add(group)
        await self._tell_redis(lambda pubsub: pubsub.subscribe(PREFIX + group))

    async def unsubscribe(self, group: str) -> None:
        self._wanted.discard(group)
        self._waiting.pop(group, None)
        await self._tell_redis(lambda pubsub: pubsub.unsubscribe(PREFIX + group))

    async def _tell_redis(self, change: Callable[[PubSub], Awaitable[object]]) -> None:
        """Change what is subscribed to; where that fails, the listener finds its connection lost and begins anew."""
        if self._pubsub is None:
            return
        with suppress(*AWAY):
            await change(self._pubsub)

    async def publish(self, channel: str, message: str) -> None:
        """Tell every process; while Redis is away this one alone, at once: the others' polls find it within a second."""
        if time.monotonic() >= self._silent_until:
            try:
                await self._publisher.publish(PREFIX + channel, message)
            except AWAY as error:
                self._silent_until = time.monotonic() + TIMEOUT
                log.info("announcement stays here", error=type(error).__name__)
            else:
                return
        self._offer(channel, message)

    async def next_published(self) -> Event:
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        return Event(*self._waiting.popitem(last=False))

    def _offer(self, channel: str, message: str) -> None:
        """Let a message wait; what waits already for its channel becomes one with it."""
        if channel in self._wanted:
            self._waiting[channel] = join(self._waiting.get(channel), message)
            self._filled.set()

    async def _supervise(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._listen()
            except AWAY as error:
                if self.hearing:
                    self.losses += 1
                    pause = FIRST_PAUSE
                    log.warning("redis lost", error=type(error).__name__)
                self.hearing = False
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _listen(self) -> None:
        """Subscribe to all that is wanted, then hear until the connection is lost."""
        pubsub = self._listening.pubsub()
        try:
            await pubsub.subscribe(PREFIX + HEARTBEAT)
            # From here on `subscribe` speaks for itself; both may name a channel, which does no harm.
            self._pubsub = pubsub
            if self._wanted:
                await pubsub.subscribe(*(PREFIX + channel for channel in self._wanted))
            await self._hear(pubsub)
        finally:
            self._pubsub = None
            with suppress(*AWAY):
                await pubsub.aclose()  # type: ignore[no-untyped-call]  # redis leaves it untyped

    async def _hear(self, pubsub: PubSub) -> None:
        """Take messages in; a connection that answers no ping is lost, even where nobody says so."""
        asked = False
        while True:
            message = await pubsub.get_message(timeout=BEAT_SECONDS)
            if message is None:
                if asked:
                    raise TimeoutError
                asked = True
                await pubsub.ping()
                continue
            asked = False
            self._take(message)

    def _take(self, message: dict[str, object]) -> None:
        name = message["channel"]
        channel = (name.decode() if isinstance(name, bytes) else str(name or "")).removeprefix(PREFIX)
        if message["type"] == "subscribe":
            self._note_subscription(channel)
        elif message["type"] == "message" and isinstance(data := message["data"], bytes):
            self._offer(channel, data.decode(errors="replace"))

    def _note_subscription(self, channel: str) -> None:
        if channel == HEARTBEAT:
            self.hearing = True
            log.info("redis heard")
        elif channel in self._wanted:
            self.resyncs += 1
            self._offer(channel, RESYNC)


def join(waiting: str | None, message: str) -> str:
    """Return one message that says as much as two of a channel: the later version, or that something may be missing."""
    if waiting is None or waiting == message:
        return message
    if waiting.isdecimal() and message.isdecimal():
        return str(max(int(waiting), int(message)))
    return RESYNC
