"""Waiting for something to become true, with a deadline and without guessing how long it takes; and no test for ever."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

PATIENCE = 60.0
PAUSE = 0.05


async def until(condition: Callable[[], Awaitable[object]], *, seconds: float = PATIENCE) -> None:
    """Return once the condition holds; TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in a database
            await asyncio.sleep(PAUSE)


def bound(test: Callable[..., Awaitable[None]], seconds: float) -> Callable[..., Awaitable[None]]:
    """Make a test end by its own task after so many seconds, and say so.

    An alarm alone doesn't: it strikes whatever runs just then, another task of the loop as well, and the test waits on.
    """

    @functools.wraps(test)
    async def bounded(*arguments: Any, **named: Any) -> None:
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                await test(*arguments, **named)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise AssertionError(f"The test was not over after {seconds:.0f} seconds.") from error

    return bounded
