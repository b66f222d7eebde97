"""Watching something, once for everybody in this process who looks at it: begun, told of hints, ended. Imports patience."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from tocsin.crashes import CrashPoint, crash
from tocsin.live.patience import try_patiently

SHORTEST_INTERVAL = 0.05


class Versioned(Protocol):
    """A value that says which of two is the newer."""

    @property
    def version(self) -> int: ...


Told = TypeVar("Told", contravariant=True)
Value = TypeVar("Value", bound=Versioned)


class Follower(Protocol[Told]):
    """Somebody who is told of every change; neither call may wait."""

    interval: float
    """Seconds: how often at most it wants to be told."""
    listing: bool
    """Whether it tells which rows changed, and not only what they come to."""

    def tell(self, value: Told) -> None: ...

    def end(self) -> None:
        """Nothing will come any more: what is watched is gone."""


class Watcher(ABC):
    """What reads on behalf of its followers: its life, and who follows. `key` is the id of what is watched."""

    what: ClassVar[str]
    """Its name in the log."""

    def __init__(self, key: UUID) -> None:
        self.key = key
        self._followers: set[Follower[Any]] = set()
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def follow(self, follower: Follower[Any]) -> None:
        self._followers.add(follower)

    def unfollow(self, follower: Follower[Any]) -> None:
        self._followers.discard(follower)

    @abstractmethod
    def hint(self, version: int | None) -> None:
        """Say that this version has been reached, or any."""

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name=f"watch {self.what} {self.key.hex}")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    @abstractmethod
    async def _watch(self) -> None:
        """Read whenever it is wanted, until cancelled."""


class VersionedWatcher(Watcher, Generic[Value]):
    """Reads a value that has a version; on a hint, and never more often than anybody wants it."""

    def __init__(self, key: UUID) -> None:
        super().__init__(key)
        self.current: Value | None = None
        self._waiting: list[asyncio.Future[Value | None]] = []
        self._asked = asyncio.Event()

    @property
    def version(self) -> int:
        """The version last read; -1 before the first."""
        return self.current.version if self.current else -1

    def hint(self, version: int | None) -> None:
        if version is None or version > self.version:
            self._wanted.set()

    async def refresh(self) -> Value | None:
        """Return the value of a moment after the call, once the database says it; nothing where there is none."""
        waiting: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self._wanted.set()
        self._asked.set()
        return await waiting

    async def stop(self) -> None:
        await super().stop()
        for waiting in self._waiting:
            waiting.cancel()

    @abstractmethod
    async def _look(self) -> Value | None:
        """Return the present value; nothing where it is gone or not there yet."""

    async def _watch(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._asked.clear()
            asking = len(self._waiting)
            value = await try_patiently(self.what.capitalize(), self._look)
            crash(CrashPoint.PICTURE_READ)
            self._distribute(value)
            self._answer(asking)
            await self._rest()

    def _distribute(self, value: Value | None) -> None:
        if value is None:
            self.current = None
            for follower in tuple(self._followers):
                follower.end()
        elif value.version > self.version:
            self.current = value
            for follower in tuple(self._followers):
                follower.tell(value)

    def _answer(self, asking: int) -> None:
        answered, self._waiting = self._waiting[:asking], self._waiting[asking:]
        for waiting in answered:
            if not waiting.done():
                waiting.set_result(self.current)

    async def _rest(self) -> None:
        """Wait as long as every follower can; whoever asks for the present value shortens it."""
        await asyncio.sleep(SHORTEST_INTERVAL)
        longer = min((follower.interval for follower in self._followers), default=0) - SHORTEST_INTERVAL
        if longer > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(longer):
                    await self._asked.wait()
