"""Watching the list of one municipality: which of its communications changed, in the order of their changes.

What was deleted leaves nothing to tell: followers are ended then, and read the list again. Imports overview and watcher.
"""

import asyncio
from uuid import UUID

from tocsin.database import get_database
from tocsin.live.patience import try_patiently
from tocsin.live.watcher import Watcher
from tocsin.overview import find_communications
from tocsin.words import CommunicationState

INTERVAL = 1.0
LISTED = 200

VERSION = "SELECT version FROM municipality WHERE id = $1"
CHANGED = f"""
SELECT id, list_version FROM communication WHERE municipality_id = $1 AND list_version > $2
ORDER BY list_version FETCH FIRST {LISTED} ROWS WITH TIES"""

# Nothing but a draft can be deleted.
DRAFTS = f"SELECT id FROM communication WHERE municipality_id = $1 AND state = '{CommunicationState.DRAFT.value}'"
GONE = "SELECT d.id FROM unnest($1::uuid[]) AS d(id) WHERE NOT EXISTS (SELECT FROM communication c WHERE c.id = d.id)"


class ListingWatcher(Watcher):
    """Reads, at most once a second, what changed in the list since it began; followers are told the communications."""

    what = "a list"

    def __init__(self, key: UUID) -> None:
        super().__init__(key)
        self.version = -1
        self._drafts: set[UUID] = set()
        self._begun = asyncio.Event()

    def hint(self, version: int | None) -> None:
        """Say that the list has changed; an announcement of a list bears no version."""
        if not version or version > self.version:
            self._wanted.set()

    async def begin(self) -> None:
        """Wait until every change from now on will be told."""
        await self._begun.wait()

    async def _watch(self) -> None:
        self.version = await try_patiently("A list", self._read_version)
        self._drafts = await try_patiently("A list", self._read_drafts)
        self._begun.set()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await try_patiently("A list", self._tell)
            await asyncio.sleep(INTERVAL)

    async def _read_version(self) -> int:
        rows = await get_database().execute_query_dict(VERSION, [self.key])
        return rows[0]["version"] if rows else 0

    async def _read_drafts(self) -> set[UUID]:
        return {row["id"] for row in await get_database().execute_query_dict(DRAFTS, [self.key])}

    async def _tell(self) -> None:
        # Read before the rows: what changes between the two is told again, and nothing is passed over.
        version = await self._read_version()
        changed = await get_database().execute_query_dict(CHANGED, [self.key, self.version])
        found = await find_communications(get_database(), self.key, [row["id"] for row in changed])
        gone = await get_database().execute_query_dict(GONE, [list(self._drafts)])
        drafts = await self._read_drafts()
        reached = max((row["list_version"] for row in changed), default=self.version)
        self.version, self._drafts = reached if len(changed) >= LISTED else max(version, reached), drafts
        rows = [found[row["id"]] for row in changed if row["id"] in found]
        for follower in tuple(self._followers) if rows else ():
            follower.tell(rows)
        for follower in tuple(self._followers) if gone else ():
            follower.end()
        if len(changed) >= LISTED:
            self._wanted.set()
