"""Trying again until it succeeds: what has to be read is read as soon as the database is back. Imports nothing of ours."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

LOGGER = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
LONGEST_TRY = 5.0

Read = TypeVar("Read")


async def try_patiently(
    what: str,
    step: Callable[[], Awaitable[Read]],
    *,
    final: tuple[type[Exception], ...] = (),
    longest: float | None = LONGEST_TRY,
) -> Read:
    """Return what the step returns, once it does. `what` names it in the log; errors that are `final` are raised."""
    pause = FIRST_PAUSE
    while True:
        try:
            async with asyncio.timeout(longest):
                return await step()
        except final:
            raise
        except Exception as error:  # also what nobody foresaw: a picture that stands still tells nobody
            LOGGER.warning("%s failed and is tried again: %s", what, type(error).__name__)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
