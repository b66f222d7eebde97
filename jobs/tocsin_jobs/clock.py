"""The clock: announces what is due, when woken and every second, and runs the sweeps. Imports due, sweeps, broker."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from tocsin.database import CONTENDED, UNREACHABLE
from tocsin.due import list_due
from tocsin_jobs.broker import Crew

TICK = 1.0

log = structlog.get_logger(__name__)


class Clock:
    """Sends a message for every due row; a missed wake-up costs a second."""

    def __init__(self, crew: Crew, sweep: Callable[[], Awaitable[None]], *, tick: float = TICK) -> None:
        self._crew = crew
        self._sweep = sweep
        self._tick = tick
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self) -> None:
        """Say that something has become due."""
        self._woken.set()

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._announce()), asyncio.create_task(self._clean())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _announce(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._tick)
            self._woken.clear()
            await guard("announce", self._announce_due)

    async def _announce_due(self) -> None:
        for due_id in await list_due():
            await self._crew.send(due_id)

    async def _clean(self) -> None:
        while True:
            await asyncio.sleep(self._tick)
            await guard("sweep", self._sweep)


async def guard(step: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do a step that will come again: the clock must outlive whatever goes wrong in it."""
    try:
        await work()
    except (*UNREACHABLE, *CONTENDED) as error:
        log.warning("clock waits", step=step, error=type(error).__name__)
    except Exception:
        log.exception("clock step failed", step=step)
