"""Hearing PostgreSQL's notice that work has been demanded, whichever process demanded it. Imports database and due.

A notice lost delays work by a second at most: the clock looks anyway. It needs a session of its own on the server, so
nothing that lends sessions out by transaction may stand between.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from tocsin.database import UNREACHABLE, connect_alone
from tocsin.due import CHANNEL

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
LOOK_SECONDS = 0.5

log = structlog.get_logger(__name__)


class Alarm:
    """Calls `wake` whenever work has been demanded, and once when it begins to hear again after a loss."""

    def __init__(self, database_url: str, wake: Callable[[], None]) -> None:
        self._database_url = database_url
        self._wake = wake
        self._task: asyncio.Task[None] | None = None
        self.hearing = False

    async def start(self) -> None:
        self._task = asyncio.create_task(self._supervise(), name="alarm")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _supervise(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._hear()
            except UNREACHABLE as error:
                log.info("alarm not heard", error=type(error).__name__)
            pause = FIRST_PAUSE if self.hearing else min(pause * 2, LONGEST_PAUSE)
            self.hearing = False
            await asyncio.sleep(pause)

    async def _hear(self) -> None:
        """Listen until the connection is gone."""
        connection = await connect_alone(self._database_url)
        try:
            await connection.add_listener(CHANNEL, lambda *_: self._wake())
            self.hearing = True
            self._wake()
            while not connection.is_closed():  # noqa: ASYNC110 - asyncpg tells by a flag
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            with suppress(*UNREACHABLE):
                await connection.close(timeout=1)
