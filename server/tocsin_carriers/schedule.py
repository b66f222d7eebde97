"""Work due at simulated instants, done by a bounded number of tasks. Imports the agenda and the clock."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from tocsin_carriers.agenda import Agenda
from tocsin_carriers.clock import Clock

Item = TypeVar("Item")
_logger = logging.getLogger(__name__)


class Schedule(Generic[Item]):
    """An agenda whose items take time: each is a task of its own, and no more run at once than `concurrency`."""

    def __init__(
        self, clock: Clock, work: Callable[[Item], Coroutine[Any, Any, None]], concurrency: Callable[[], int]
    ) -> None:
        self._agenda: Agenda[Item] = Agenda(clock, self._start, lambda: len(self._running) < concurrency())
        self._work = work
        self._running: set[asyncio.Task[None]] = set()

    def add(self, due: float, item: Item) -> None:
        """Equal instants keep the order of adding."""
        self._agenda.add(due, item)

    def wake(self) -> None:
        self._agenda.wake()

    async def clear(self) -> None:
        """Forget everything, including what is under way."""
        self._agenda.clear()
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _start(self, item: Item) -> None:
        task = asyncio.get_running_loop().create_task(self._work(item))
        self._running.add(task)
        task.add_done_callback(self._finish)

    def _finish(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("a scheduled callback failed inside the simulator", exc_info=error)
        self.wake()
