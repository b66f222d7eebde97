"""Watching the list of one municipality: which of its communications changed, in the order of their changes. Imports overview."""

import asyncio
from typing import Protocol
from uuid import UUID

from tocsin.database import get_database
from tocsin.live.patience import try_patiently
from tocsin.overview import CommunicationRow, find_communications

INTERVAL = 1.0
LISTED = 200

VERSION = "SELECT version FROM municipality WHERE id = $1"
CHANGED = f"""
SELECT id, list_version FROM communication WHERE municipality_id = $1 AND list_version > $2
ORDER BY list_version FETCH FIRST {LISTED} ROWS WITH TIES"""


class ListingFollower(Protocol):
    """Somebody who is told which communications of the list have changed; the call may not wait."""

    def tell(self, rows: list[CommunicationRow]) -> None: ...


class ListingWatcher:
    """Reads, once for all followers and at most once a second, what changed in the list since it began."""

    def __init__(self, municipality_id: UUID) -> None:
        self.municipality_id = municipality_id
        self.version = -1
        self._followers: set[ListingFollower] = set()
        self._wanted = asyncio.Event()
        self._begun = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def follow(self, follower: ListingFollower) -> None:
        self._followers.add(follower)

    def unfollow(self, follower: ListingFollower) -> None:
        self._followers.discard(follower)

    def hint(self, version: int | None) -> None:
        """Say that the list has changed; an announcement of a list bears no version."""
        if not version or version > self.version:
            self._wanted.set()

    async def begin(self) -> None:
        """Wait until every change from now on will be told."""
        await self._begun.wait()

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name=f"watch the list of {self.municipality_id.hex}")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _watch(self) -> None:
        await try_patiently("A list", self._read_version)
        self._begun.set()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await try_patiently("A list", self._tell)
            await asyncio.sleep(INTERVAL)

    async def _read_version(self) -> None:
        rows = await get_database().execute_query_dict(VERSION, [self.municipality_id])
        self.version = rows[0]["version"] if rows else 0

    async def _tell(self) -> None:
        changed = await get_database().execute_query_dict(CHANGED, [self.municipality_id, self.version])
        found = await find_communications(get_database(), self.municipality_id, [row["id"] for row in changed])
        self.version = max((row["list_version"] for row in changed), default=self.version)
        rows = [found[row["id"]] for row in changed if row["id"] in found]
        for follower in tuple(self._followers) if rows else ():
            follower.tell(rows)
        if len(changed) >= LISTED:
            self._wanted.set()
