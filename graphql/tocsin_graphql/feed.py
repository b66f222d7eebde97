"""What a subscription's resolver iterates: the changes, whoever decides when they come. Imports topics and the domain.

The resolver of a group gets them from the group's run: an opening, a later change, a resync are all the same to it.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol, TypeAlias

from tocsin.exports import ExportRow
from tocsin.live.active_watcher import Active
from tocsin.live.changes import Change
from tocsin.overview import CommunicationRow
from tocsin.profiles import Profile

Event: TypeAlias = Change | Active | CommunicationRow | ExportRow | Profile


class Feed(Protocol):
    """Where a subscription's changes come from."""

    def follow(self) -> AsyncIterator[Event]:
        """Give the changes as they come, until there are no more."""


class HandedFeed:
    """A feed that is handed one change at a time, by whoever waits for what it becomes."""

    def __init__(self) -> None:
        self._next: asyncio.Queue[Event] = asyncio.Queue(maxsize=1)

    def hand(self, event: Event) -> None:
        """Give the next change; the one before has been taken."""
        self._next.put_nowait(event)

    async def follow(self) -> AsyncIterator[Event]:
        while True:
            yield await self._next.get()
