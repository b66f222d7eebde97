"""What a promise in seconds means on a machine that other tests use too. Imports polling."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic, perf_counter, thread_time

from stage.polling import PATIENCE, PAUSE

SAMPLE = 0.2


def measure_crowding() -> float:
    """Return how many times longer than it should anything takes here."""
    begun, used = perf_counter(), thread_time()
    while thread_time() - used < SAMPLE:
        pass
    return max(1.0, (perf_counter() - begun) / SAMPLE)


async def keep_promise(condition: Callable[[], Awaitable[object]], *, seconds: float) -> None:
    """Make sure that something other processes do is done in time: while this one stood still, they did too."""
    began, stalled = monotonic(), 0.0
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            asked = monotonic()
            await asyncio.sleep(PAUSE)
            stalled += max(0.0, monotonic() - asked - 2 * PAUSE)
    took = monotonic() - began - stalled
    if took > seconds:
        crowding = await asyncio.to_thread(measure_crowding)
        assert took < seconds * crowding, f"{took:.1f} s on a machine crowded {crowding:.1f} times"
