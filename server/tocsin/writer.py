"""The group commit: one writer a process, which applies together whatever arrived while it last committed.

Nobody is told that an event is kept before its transaction has committed. Imports ledger and errors.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from tortoise.exceptions import IntegrityError, OperationalError

from tocsin.assessment import Moved
from tocsin.database import CONTENDED
from tocsin.errors import Unavailable
from tocsin.events import Event
from tocsin.ledger import apply_events
from tocsin.statuses import DeliveryStatus

BATCH = 512
TRIES = 5
PAUSE = 0.05

POISON = (OperationalError, IntegrityError, ValueError, TypeError)
"""What one event among many can cause by its values."""

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Waiting:
    """An event, and who wants to know that it is kept."""

    event: Event
    kept: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Writer:
    """Takes events from requests and commits them in batches; `announce` is called after each commit."""

    def __init__(
        self, lasts: Mapping[DeliveryStatus, float], announce: Callable[[Moved], None], *, limit: int = 10_000
    ) -> None:
        self._lasts = lasts
        self._announce = announce
        self._limit = limit
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
        waiting = [Waiting(event) for event in events]
        self._queue.extend(waiting)
        self._arrived.set()
        # Shielded: a request that is given up must not take the batch of the others with it.
        await asyncio.shield(asyncio.gather(*(each.kept for each in waiting)))

    async def _run(self) -> None:
        while self._queue or not self._closing:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                await self._commit([self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))])

    async def _commit(self, batch: list[Waiting]) -> None:
        try:
            busy = await self._apply(batch)
        except POISON as error:
            await self._bisect(batch, error)
        except Exception as error:
            # Away, full, restarting: whatever it is, none of it is kept, and the carriers shall send it again.
            log.warning("database away", events=len(batch), error=type(error).__name__)
            settle(batch, Unavailable("The database cannot be reached; send this report again."))
        else:
            self._queue.extendleft(reversed(busy))

    async def _apply(self, batch: list[Waiting]) -> list[Waiting]:
        for attempt in range(TRIES):
            try:
                applied = await apply_events([each.event for each in batch], self._lasts)
            except CONTENDED as error:
                log.info("batch contended", events=len(batch), error=type(error).__name__)
                await asyncio.sleep(PAUSE * attempt)
                continue
            held = {id(event) for event in applied.busy}
            settle([each for each in batch if id(each.event) not in held])
            self._announce(applied.moved)
            return [each for each in batch if id(each.event) in held]
        return batch

    async def _bisect(self, batch: list[Waiting], error: Exception) -> None:
        """Find the one event that the database refuses, so that it fails alone."""
        if len(batch) == 1:
            log.error("event refused", provider=batch[0].event.provider, error=type(error).__name__)
            settle(batch, error)
            return
        middle = len(batch) // 2
        await self._commit(batch[:middle])
        await self._commit(batch[middle:])


def settle(batch: Sequence[Waiting], error: Exception | None = None) -> None:
    """Tell those who wait; whoever has left meanwhile is not told."""
    for each in batch:
        if each.kept.done():
            continue
        if error is None:
            each.kept.set_result(None)
        else:
            each.kept.set_exception(error)
