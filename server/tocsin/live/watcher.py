"""Watching one communication for everybody in this process who looks at it. Imports changes and patience."""

import asyncio
from contextlib import suppress
from typing import Protocol
from uuid import UUID

from tocsin.live.changes import Change, read_change
from tocsin.live.patience import try_patiently

SHORTEST_INTERVAL = 0.05


class Follower(Protocol):
    """Somebody who is told of every change; neither call may wait."""

    interval: float
    """Seconds: how often at most it wants to be told."""

    def tell(self, change: Change) -> None: ...

    def end(self) -> None:
        """Nothing will come any more: the communication is gone."""


class Watcher:
    """Reads, once for all its followers, what has changed; on a hint, and never more often than anybody wants it."""

    def __init__(self, communication_id: UUID) -> None:
        self.communication_id = communication_id
        self.current: Change | None = None
        self.reads = 0
        self._followers: set[Follower] = set()
        self._waiting: list[asyncio.Future[Change | None]] = []
        self._wanted = asyncio.Event()
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def version(self) -> int:
        """The version last read; -1 before the first."""
        return self.current.version if self.current else -1

    def follow(self, follower: Follower) -> None:
        self._followers.add(follower)

    def unfollow(self, follower: Follower) -> None:
        self._followers.discard(follower)

    def hint(self, version: int | None) -> None:
        """Say that the communication has reached this version, or any."""
        if version is None or version > self.version:
            self._wanted.set()

    async def refresh(self) -> Change | None:
        """Return the picture of a moment after the call; nothing where the communication has not been sent."""
        waiting: asyncio.Future[Change | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self._wanted.set()
        self._asked.set()
        return await waiting

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name=f"watch {self.communication_id.hex}")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        for waiting in self._waiting:
            waiting.cancel()

    async def _watch(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._asked.clear()
            asking = len(self._waiting)
            self._distribute(await try_patiently("A communication", self._read))
            self._answer(asking)
            await self._rest()

    async def _read(self) -> Change | None:
        self.reads += 1
        return await read_change(self.communication_id, self.current.version if self.current else None)

    def _distribute(self, change: Change | None) -> None:
        if change is None:
            self.current = None
            for follower in tuple(self._followers):
                follower.end()
        elif self.current is None or change.version > self.current.version:
            self.current = change
            for follower in tuple(self._followers):
                follower.tell(change)

    def _answer(self, asking: int) -> None:
        answered, self._waiting = self._waiting[:asking], self._waiting[asking:]
        for waiting in answered:
            if not waiting.done():
                waiting.set_result(self.current)

    async def _rest(self) -> None:
        """Wait as long as every follower can; whoever asks for the present picture shortens it."""
        await asyncio.sleep(SHORTEST_INTERVAL)
        longer = min((follower.interval for follower in self._followers), default=0) - SHORTEST_INTERVAL
        if longer > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(longer):
                    await self._asked.wait()
