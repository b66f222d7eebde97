"""The group commit: one writer a process, which applies together whatever arrived while it last committed.

Nobody is told that an event is kept before its transaction has committed. Imports ledger and errors.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from tortoise.exceptions import IntegrityError, OperationalError

from tocsin.assessment import Moved
from tocsin.crashes import CrashPoint, crash
from tocsin.database import CONTENDED
from tocsin.errors import Unavailable
from tocsin.events import Event
from tocsin.ledger import apply_events, name_deliveries
from tocsin.measures import Measures
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.tracing import span

BATCH = 512
MOMENT, LONGEST = 0.001, 0.01
"""Seconds: as long as every moment brings more, a commit waits for it, and at the longest so long."""

TRIES = 5
PAUSE = 0.05

POISON = (OperationalError, IntegrityError, ValueError, TypeError)
"""What one event among many can cause by its values."""

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Parcel:
    """Events that came together: whoever brought them is told once, when all are kept or one can't be."""

    left: int
    kept: "asyncio.Future[None]"

    def settle(self, error: Exception | None) -> None:
        """Take note of one event; whoever has left meanwhile is not told."""
        self.left -= 1
        if self.kept.done():
            return
        if error is not None:
            self.kept.set_exception(error)
        elif not self.left:
            self.kept.set_result(None)


@dataclass(slots=True, eq=False)
class Waiting:
    """An event, and with which others it came."""

    event: Event
    parcel: Parcel
    walk: str | None


class Writer:
    """Takes events from requests and commits them in batches; `announce` is called after each commit."""

    def __init__(
        self,
        lasts: Mapping[DeliveryStatus, float],
        announce: Callable[[Moved], None],
        *,
        limit: int = 10_000,
        measures: Measures | None = None,
    ) -> None:
        self._lasts = lasts
        self._announce = announce
        self._limit = limit
        self._measures = measures or Measures()
        self._queue: deque[Waiting] = deque()
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="writer")

    async def stop(self) -> None:
        """Finish what was taken in, then end."""
        self._closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    async def keep(self, events: Sequence[Event]) -> None:
        """Return once all are committed; UNAVAILABLE where the queue is full or the database away: then try later."""
        if self._closing or len(self._queue) + len(events) > self._limit:
            raise Unavailable("More reports wait than can be kept just now; send this one again.")
        if not events:
            return
        walk = structlog.contextvars.get_contextvars().get("walk")
        parcel = Parcel(len(events), asyncio.get_running_loop().create_future())
        self._queue.extend(Waiting(event, parcel, walk) for event in events)
        self._arrived.set()
        # Each request waits for a future of its own: one that is given up takes nothing of a batch with it.
        await parcel.kept

    async def _run(self) -> None:
        while self._queue or not self._closing:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                await self._gather()
                await self._commit([self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))])

    async def _gather(self) -> None:
        """Wait while more comes: a commit costs as much as a dozen reports do, however few are in it."""
        loop, seen = asyncio.get_running_loop(), 0
        until = loop.time() + LONGEST
        while seen < len(self._queue) < BATCH and loop.time() < until and not self._closing:
            seen = len(self._queue)
            await asyncio.sleep(MOMENT)

    async def _commit(self, batch: list[Waiting]) -> None:
        try:
            with self._measures.commit.time(), span("commit of reports", events=len(batch)) as current:
                if current.is_recording():
                    current.set_attribute("walks", [each.walk for each in batch if each.walk is not None])
                busy = await self._apply(batch)
        except POISON as error:
            await self._bisect(batch, error)
        except Exception as error:
            # Away, full, restarting: whatever it is, none of it is kept, and the carriers shall send it again.
            log.warning("database away", events=len(batch), error=type(error).__name__)
            self._count(batch, "put off")
            settle(batch, Unavailable("The database cannot be reached; send this report again."))
        else:
            self._queue.extendleft(reversed(busy))

    async def _apply(self, batch: list[Waiting]) -> list[Waiting]:
        for attempt in range(TRIES):
            try:
                events = await name_deliveries([each.event for each in batch])
                for each, event in zip(batch, events, strict=True):
                    each.event = event
                applied = await apply_events(events, self._lasts)
                crash(CrashPoint.EVENTS_KEPT)
            except CONTENDED as error:
                log.info("batch contended", events=len(batch), error=type(error).__name__)
                await asyncio.sleep(PAUSE * attempt)
                continue
            held = {id(event) for event in applied.busy}
            self._note_kept([each for each in batch if id(each.event) not in held])
            self._announce(applied.moved)
            return [each for each in batch if id(each.event) in held]
        return batch

    def _note_kept(self, batch: list[Waiting]) -> None:
        now = tell_time()
        self._measures.batch.observe(len(batch))
        for each in batch:
            self._measures.note_kept(each.event.provider, each.event.occurred_at, now)
        settle(batch)

    def _count(self, batch: list[Waiting], result: str) -> None:
        for each in batch:
            self._measures.events.labels(each.event.provider, result).inc()

    async def _bisect(self, batch: list[Waiting], error: Exception) -> None:
        """Find the one event that the database refuses, so that it fails alone."""
        if len(batch) == 1:
            [each] = batch
            log.error("event refused", provider=each.event.provider, error=type(error).__name__, walk=each.walk)
            self._count(batch, "refused")
            settle(batch, error)
            return
        middle = len(batch) // 2
        await self._commit(batch[:middle])
        await self._commit(batch[middle:])


def settle(batch: Sequence[Waiting], error: Exception | None = None) -> None:
    """Tell those who wait."""
    for each in batch:
        each.parcel.settle(error)
