"""Telling the other processes that something has changed: ids and versions, never a person. Imports nothing of ours.

An announcement is a hint. The database is the truth, and a poll finds within a second whatever a lost hint left out.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from uuid import UUID

from broadcaster import Broadcast

LOGGER = logging.getLogger(__name__)
BOUND = 10_000


def communication_channel(communication_id: UUID) -> str:
    return f"communication:{communication_id.hex}"


def municipality_channel(municipality_id: UUID) -> str:
    return f"municipality:{municipality_id.hex}"


def row_channel(kind: str, key: UUID) -> str:
    return f"{kind}:{key.hex}"


class Announcements:
    """What every writer calls after its commit; never waits, never fails. One message waits for each channel, the newest."""

    def __init__(self, broadcast: Broadcast, *, bound: int = BOUND) -> None:
        self._broadcast = broadcast
        self._bound = bound
        self._waiting: dict[str, int] = {}
        self._filled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def announce(self, versions: Mapping[UUID, int]) -> None:
        """Say which version each of these communications has reached."""
        for communication_id, version in versions.items():
            self._note(communication_channel(communication_id), version)

    def announce_listing(self, municipality_ids: Iterable[UUID]) -> None:
        """Say that a communication changed in a field that the lists of these municipalities show."""
        for municipality_id in municipality_ids:
            self._note(municipality_channel(municipality_id), 0)

    def announce_rows(self, kind: str, versions: Mapping[UUID, int]) -> None:
        """Say which version each of these rows of a kind has reached."""
        for key, version in versions.items():
            self._note(row_channel(kind, key), version)

    def _note(self, channel: str, version: int) -> None:
        if channel in self._waiting:
            version = max(version, self._waiting[channel])
        elif len(self._waiting) >= self._bound:
            return  # the poll will find it
        self._waiting[channel] = version
        self._filled.set()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._publish(), name="announcements")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _publish(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            waiting, self._waiting = self._waiting, {}
            for channel, version in waiting.items():
                await self._publish_one(channel, str(version))

    async def _publish_one(self, channel: str, message: str) -> None:
        try:
            await self._broadcast.publish(channel, message)
        except Exception as error:  # whatever the broker's client raises: the poll makes up for it
            LOGGER.warning("An announcement could not be published: %s", type(error).__name__)
