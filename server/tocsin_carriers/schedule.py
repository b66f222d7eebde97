"""A heap of things due at simulated instants, worked on by a bounded number of tasks.
Imports only the clock.
"""

import asyncio
import heapq
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from tocsin_carriers.clock import Clock

Item = TypeVar("Item")
_logger = logging.getLogger(__name__)


class Schedule(Generic[Item]):
    """No task waits for an instant: one timer serves the whole heap, so a million future callbacks cost only
    memory.
    """

    def __init__(
        self, clock: Clock, work: Callable[[Item], Coroutine[Any, Any, None]], concurrency: Callable[[], int]
    ) -> None:
        self._clock = clock
        self._work = work
        self._concurrency = concurrency
        self._heap: list[tuple[float, int, Item]] = []
        self._added = 0
        self._running: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, due: float, item: Item) -> None:
        """Equal instants keep the order of adding."""
        self._added += 1
        heapq.heappush(self._heap, (due, self._added, item))
        if self._heap[0][1] == self._added:
            self.wake()

    def wake(self) -> None:
        """Start what is due and free to start, and set the timer for what comes next. Call it when the speed
        changes.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock.now()
        while self._heap and self._heap[0][0] <= now and self._free():
            self._start(heapq.heappop(self._heap)[2])
        if self._heap and self._free():
            delay = self._clock.seconds_until(self._heap[0][0])
            self._timer = asyncio.get_running_loop().call_later(delay, self.wake)

    async def clear(self) -> None:
        """Forget everything, including what is under way."""
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _free(self) -> bool:
        return len(self._running) < self._concurrency()

    def _start(self, item: Item) -> None:
        task = asyncio.get_running_loop().create_task(self._work(item))
        self._running.add(task)
        task.add_done_callback(self._finish)

    def _finish(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("a scheduled callback failed inside the simulator", exc_info=error)
        self.wake()
