"""All that this process watches, and the poll that keeps it true. Imports the rest of this package.

Every second one query asks for the versions of everything watched, so that a lost announcement makes a picture late, never wrong.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from broadcaster import Broadcast

from tocsin.live.active_watcher import ActiveWatcher
from tocsin.live.announcements import communication_channel, municipality_channel, row_channel
from tocsin.live.channels import Channels
from tocsin.live.citizen_watcher import CitizenWatcher
from tocsin.live.communication_watcher import CommunicationWatcher
from tocsin.live.export_watcher import ExportWatcher
from tocsin.live.listing_watcher import ListingWatcher
from tocsin.live.revocations import Revocations
from tocsin.live.versions import Versions, ask_versions
from tocsin.live.watches import Watches

LOGGER = logging.getLogger(__name__)
POLL_INTERVAL = 0.8
"""Seconds: what has been revoked ends within one, the question and the closing included."""
PATIENCE = 5.0


class Hub:
    """The watchers of this process by kind; without a broadcast the poll alone finds what changes."""

    def __init__(
        self,
        broadcast: Broadcast | None,
        *,
        poll_interval: float = POLL_INTERVAL,
        observe: Callable[[float], None] | None = None,
    ) -> None:
        """`observe` is told, of every change that is read, how many seconds ago it was committed."""
        channels = Channels(broadcast)
        self.revocations = Revocations()
        self.communications = Watches(partial(CommunicationWatcher, observe=observe), communication_channel, channels)
        self.listings = Watches(ListingWatcher, municipality_channel, channels)
        self.exports = Watches(ExportWatcher, partial(row_channel, "export"), channels)
        self.citizens = Watches(CitizenWatcher, partial(row_channel, "citizen"), channels)
        self.actives = Watches(lambda key: ActiveWatcher(key, channels), municipality_channel, channels)
        self._poll_interval = poll_interval
        self._task: asyncio.Task[None] | None = None

    @property
    def watched(self) -> int:
        """How much is watched, of all kinds."""
        return sum(map(len, self._kinds))

    @property
    def _kinds(self) -> Sequence[Watches[Any]]:
        return self.communications, self.listings, self.exports, self.citizens, self.actives

    async def start(self) -> None:
        self._task = asyncio.create_task(self._poll(), name="poll of versions")

    async def stop(self) -> None:
        """End the poll and every watcher; whoever still follows one is told nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        for watches in self._kinds:
            await watches.stop()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_interval)
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._poll_once()
            except Exception as error:  # the database is away, or worse: either way the next second asks again
                LOGGER.warning("The versions could not be asked: %s", type(error).__name__)

    async def _poll_once(self) -> None:
        principals = self.revocations.principals
        if not self.watched and not principals:
            return
        sending = [key for active in self.actives for key in active.versions]
        communications = {*self.communications.keys, *sending}
        municipalities = {*self.listings.keys, *self.actives.keys}
        self._tell(
            await ask_versions(
                communications, municipalities, principals, exports=self.exports.keys, citizens=self.citizens.keys
            )
        )

    def _tell(self, versions: Versions) -> None:
        for communication_id, version in versions.communications.items():
            if communication := self.communications.find(communication_id):
                communication.hint(version)
        for municipality_id, version in versions.municipalities.items():
            if listing := self.listings.find(municipality_id):
                listing.hint(version)
            if active := self.actives.find(municipality_id):
                active.learn(version, versions.communications)
        for export in self.exports:
            export.hint(versions.rows.get(("export", export.key)))
        for citizen in self.citizens:
            citizen.hint(versions.rows.get(("citizen", citizen.key)))
        self.revocations.learn(versions.epochs)
