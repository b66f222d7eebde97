"""The clock: announces what is due, when woken and every second, and runs the sweeps. Imports due and broker."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from tocsin.crashes import CrashPoint, crash
from tocsin.database import CONTENDED, UNREACHABLE
from tocsin.due import list_due
from tocsin_jobs.broker import Crew

TICK = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is done again and again, with so many seconds between an end and the next beginning."""

    name: str
    run: Callable[[], Awaitable[None]]
    pause: float = TICK


class Clock:
    """Sends a message for every due row, and runs the sweeps side by side; a missed wake-up costs a second."""

    def __init__(self, crew: Crew, sweeps: Sequence[Sweep], *, tick: float = TICK) -> None:
        self._crew = crew
        self._sweeps = sweeps
        self._tick = tick
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self) -> None:
        """Say that something has become due."""
        self._woken.set()

    async def start(self) -> None:
        steps = [self._announce(), *(self._repeat(sweep) for sweep in self._sweeps)]
        self._tasks = [asyncio.create_task(step) for step in steps]

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
            crash(CrashPoint.WORK_ANNOUNCED)
            await self._crew.send(due_id)

    async def _repeat(self, sweep: Sweep) -> None:
        while True:
            await asyncio.sleep(sweep.pause)
            await guard(sweep.name, sweep.run)


async def guard(step: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do a step that will come again: the clock must outlive whatever goes wrong in it."""
    try:
        await work()
    except (*UNREACHABLE, *CONTENDED) as error:
        log.warning("clock waits", step=step, error=type(error).__name__)
    except Exception:
        log.exception("clock step failed", step=step)
