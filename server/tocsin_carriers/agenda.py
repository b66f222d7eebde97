"""A heap of things due at simulated instants, each started when its time has come. Imports only the clock."""

import asyncio
import heapq
from collections.abc import Callable
from typing import Generic, TypeVar

from tocsin_carriers.clock import Clock

Item = TypeVar("Item")
_MOST_AT_ONCE = 500
"""So many are started before the loop gets its turn."""


class Agenda(Generic[Item]):
    """No task waits for an instant: one timer serves the whole heap, so a million future callbacks cost only
    memory. `start` may add to the agenda; what it adds keeps its place among what is due already.
    """

    def __init__(self, clock: Clock, start: Callable[[Item], None], free: Callable[[], bool] = lambda: True) -> None:
        self._clock = clock
        self._start = start
        self._free = free
        self._heap: list[tuple[float, int, Item]] = []
        self._added = 0
        self._starting = False
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
        if self._starting:
            return
        self._stop_timer()
        self._starting = True
        try:
            self._start_due()
        finally:
            self._starting = False
        if self._heap and self._free():
            delay = self._clock.seconds_until(self._heap[0][0])
            self._timer = asyncio.get_running_loop().call_later(delay, self.wake)

    def clear(self) -> None:
        """Forget everything that has not been started."""
        self._heap.clear()
        self._stop_timer()

    def _start_due(self) -> None:
        for _ in range(_MOST_AT_ONCE):
            if not (self._heap and self._heap[0][0] <= self._clock.now() and self._free()):
                return
            self._start(heapq.heappop(self._heap)[2])

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
