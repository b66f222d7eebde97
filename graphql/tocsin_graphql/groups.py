"""Following together: executed once for each change, the same bytes to every member. Imports members and execution.

What all groups have in common: their life, their members, and how a frame reaches these.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from contextvars import Context as Surroundings
from typing import Any, Generic, TypeVar
from uuid import UUID

from tocsin.live.hub import Hub
from tocsin.live.patience import try_patiently
from tocsin.live.watcher import Watcher
from tocsin.live.watches import Watches
from tocsin.tracing import span
from tocsin.viewers import Viewer
from tocsin_graphql.execution import Execution, Refused
from tocsin_graphql.feed import Event
from tocsin_graphql.members import Frame, ListingMember, Member

BREATH = 200
"""After so many members the loop may do something else."""

AnyWatcher = TypeVar("AnyWatcher", bound=Watcher)
One = TypeVar("One", Member, ListingMember)


class Group(ABC, Generic[AnyWatcher, One]):
    """All who follow one thing with the same words, rights and language."""

    listing = False

    def __init__(
        self, watches: Watches[AnyWatcher], key: UUID, *, execution: Execution, hub: Hub, interval: float
    ) -> None:
        self.interval = interval
        self.members: set[One] = set()
        self.deliveries = 0
        self._watches = watches
        self._watcher = watches.watch(key)
        self._execution = execution
        self._hub = hub
        self._filled = asyncio.Event()
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def runs(self) -> int:
        """How often the document has been executed."""
        return self._execution.runs

    def start(self) -> None:
        self._watcher.follow(self)
        name = f"group of {self._watcher.what}"
        self._task = asyncio.create_task(self._run(), name=name, context=Surroundings())

    async def close(self) -> None:
        self._watcher.unfollow(self)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._execution.close()
        await self._watches.release(self._watcher)

    @abstractmethod
    async def join(self, viewer: Viewer, since: int | None) -> tuple[One, Frame | None]:
        """Return a member and its first frame, if it has one; the domain's errors say why there is neither."""

    @abstractmethod
    def tell(self, value: Any) -> None:
        """Take note of what the watcher has read."""

    def end(self) -> None:
        for member in tuple(self.members):
            member.end()

    def dismiss(self, member: Member | ListingMember) -> None:
        self.members.discard(member)

    @asynccontextmanager
    async def _admit(self, member: One) -> AsyncIterator[None]:
        """Register a member while it joins: before anything is read for it, so that nothing falls between."""
        self.members.add(member)
        try:
            yield
        except BaseException:
            self.members.discard(member)
            raise

    async def _run(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            async with self._turn:
                try:
                    with span("push", what=self._watcher.what, members=len(self.members)):
                        await self._push()
                except Refused:
                    self.end()
            await asyncio.sleep(self.interval)

    @abstractmethod
    async def _push(self) -> None:
        """Offer what is new to every member that lacks it; Refused where nobody can follow any more."""

    async def _execute(self, event: Event) -> bytes:
        """Return what the document makes of an event, once the database allows it."""
        return await try_patiently("A subscription", lambda: self._execution.run(event), final=(Refused,), longest=None)

    async def _hand_out(self, members: Iterable[One]) -> AsyncIterator[One]:
        """Give the members whose tokens still hold, with a breath for others between many."""
        for number, member in enumerate(tuple(members), start=1):
            if not self._hub.revocations.excludes(member.viewer):
                self.deliveries += 1
                yield member
            if not number % BREATH:
                await asyncio.sleep(0)
