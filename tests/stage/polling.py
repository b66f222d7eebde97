"""Waiting for something to become true, with a deadline and without guessing how long it takes."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE = 60.0
PAUSE = 0.05


async def until(condition: Callable[[], Awaitable[object]], *, seconds: float = PATIENCE) -> None:
    """Return once the condition holds; TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in a database
            await asyncio.sleep(PAUSE)
