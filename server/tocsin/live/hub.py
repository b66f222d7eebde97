"""All that this process watches: begun with the first who looks, ended with the last. Imports the rest of this package.

Every second one query asks for the versions of everything watched, so that a lost announcement makes a picture late, never wrong.
"""

import asyncio
import logging
from collections import Counter
from typing import TypeVar
from uuid import UUID

from broadcaster import Broadcast

from tocsin.live.announcements import communication_channel, municipality_channel
from tocsin.live.channels import Channels
from tocsin.live.listing_watcher import ListingWatcher
from tocsin.live.revocations import Revocations
from tocsin.live.versions import Versions, ask_versions
from tocsin.live.watcher import Watcher

LOGGER = logging.getLogger(__name__)
POLL_INTERVAL = 1.0
PATIENCE = 5.0

AnyWatcher = TypeVar("AnyWatcher", Watcher, ListingWatcher)


class Hub:
    """The watchers of this process and the poll that keeps them true; without a broadcast the poll alone."""

    def __init__(self, broadcast: Broadcast | None, *, poll_interval: float = POLL_INTERVAL) -> None:
        self.revocations = Revocations()
        self._channels = Channels(broadcast)
        self._poll_interval = poll_interval
        self._communications: dict[UUID, Watcher] = {}
        self._listings: dict[UUID, ListingWatcher] = {}
        self._users: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    @property
    def watched(self) -> int:
        """How many communications and lists are watched."""
        return len(self._communications) + len(self._listings)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._poll(), name="poll of versions")

    async def stop(self) -> None:
        """End the poll and every watcher; whoever still follows one is told nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        for watcher in list(self._communications.values()):
            await self._end(communication_channel(watcher.communication_id), watcher, self._communications)
        for listing in list(self._listings.values()):
            await self._end(municipality_channel(listing.municipality_id), listing, self._listings)

    def watch(self, communication_id: UUID) -> Watcher:
        """Return the watcher of a communication; give it back with `release`."""
        channel = communication_channel(communication_id)
        if communication_id not in self._communications:
            self._begin(channel, Watcher(communication_id), self._communications, communication_id)
        self._users[channel] += 1
        return self._communications[communication_id]

    def watch_listing(self, municipality_id: UUID) -> ListingWatcher:
        """Return the watcher of a municipality's list; give it back with `release_listing`."""
        channel = municipality_channel(municipality_id)
        if municipality_id not in self._listings:
            self._begin(channel, ListingWatcher(municipality_id), self._listings, municipality_id)
        self._users[channel] += 1
        return self._listings[municipality_id]

    async def release(self, watcher: Watcher) -> None:
        await self._leave(communication_channel(watcher.communication_id), watcher, self._communications)

    async def release_listing(self, watcher: ListingWatcher) -> None:
        await self._leave(municipality_channel(watcher.municipality_id), watcher, self._listings)

    def _begin(self, channel: str, watcher: AnyWatcher, watchers: dict[UUID, AnyWatcher], key: UUID) -> None:
        watchers[key] = watcher
        watcher.start()
        self._channels.hear(channel, watcher.hint)

    async def _leave(self, channel: str, watcher: AnyWatcher, watchers: dict[UUID, AnyWatcher]) -> None:
        if watcher not in watchers.values():
            return  # the hub has ended it already
        self._users[channel] -= 1
        if not self._users[channel]:
            await self._end(channel, watcher, watchers)

    async def _end(self, channel: str, watcher: AnyWatcher, watchers: dict[UUID, AnyWatcher]) -> None:
        del self._users[channel]
        for key in [key for key, value in watchers.items() if value is watcher]:
            del watchers[key]
        await self._channels.leave(channel)
        await watcher.stop()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_interval)
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._poll_once()
            except Exception as error:  # the database is away, or worse: either way the next second asks again
                LOGGER.warning("The versions could not be asked: %s", type(error).__name__)

    async def _poll_once(self) -> None:
        if self._communications or self._listings or self.revocations.principals:
            self._tell(await ask_versions(self._communications, self._listings, self.revocations.principals))

    def _tell(self, versions: Versions) -> None:
        for communication_id, version in versions.communications.items():
            if watcher := self._communications.get(communication_id):
                watcher.hint(version)
        for municipality_id, version in versions.municipalities.items():
            if listing := self._listings.get(municipality_id):
                listing.hint(version)
        self.revocations.learn(versions.epochs)
