"""Hearing announcements: one subscription of the broadcaster for each channel and ear. Imports nothing of ours.

The broadcaster loses a subscriber where two begin a channel at once, so beginning and ending take turns.
"""

import asyncio
import logging
from collections.abc import Callable

from broadcaster import Broadcast

LOGGER = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0

Ear = Callable[[int | None], None]
"""Takes the version that was announced; nothing where announcements may have been lost."""


class Channels:
    """The channels that this process hears; without a broadcast none, and the poll alone finds changes."""

    def __init__(self, broadcast: Broadcast | None) -> None:
        self._broadcast = broadcast
        self._turn = asyncio.Lock()
        self._tasks: dict[tuple[str, Ear], asyncio.Task[None]] = {}

    def hear(self, channel: str, ear: Ear) -> None:
        """Call `ear` for every announcement on the channel, until it leaves."""
        if self._broadcast is not None:
            listening = self._listen(self._broadcast, channel, ear)
            self._tasks[channel, ear] = asyncio.create_task(listening, name=f"hear {channel}")

    async def leave(self, channel: str, ear: Ear) -> None:
        task = self._tasks.pop((channel, ear), None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _listen(self, broadcast: Broadcast, channel: str, ear: Ear) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._listen_once(broadcast, channel, ear)
            except Exception as error:  # whatever the broker's client raises: the poll goes on meanwhile
                LOGGER.warning("A channel could not be heard: %s", type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _listen_once(self, broadcast: Broadcast, channel: str, ear: Ear) -> None:
        subscription = broadcast.subscribe(channel)
        async with self._turn:
            subscriber = await subscription.__aenter__()
        try:
            ear(None)
            while True:
                message = str((await subscriber.get()).message)
                ear(int(message) if message.isdecimal() else None)
        finally:
            async with self._turn:
                await subscription.__aexit__(None, None, None)
