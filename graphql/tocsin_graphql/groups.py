"""Following together: executed once for each change, the same bytes to every member. Imports members and execution.

What all groups have in common: their life, their members, and how a frame reaches these.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
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
from tocsin_graphql.members import AnyMember, Frame
from tocsin_graphql.prepared_frames import make_frame

BREATH = 200
"""After so many members the loop may do something else."""

AnyWatcher = TypeVar("AnyWatcher", bound=Watcher)
One = TypeVar("One", bound=AnyMember)
Choose = Callable[[One], Frame | None]
"""Says which frame a member is to have; none where it has to be made first."""


class Group(ABC, Generic[AnyWatcher, One]):
    """All who follow one thing with the same words, rights and language."""

    listing = False

    def __init__(
        self, watches: Watches[AnyWatcher], key: UUID, *, execution: Execution, hub: Hub, interval: float
    ) -> None:
        self.interval = interval
        # In the order in which they came, as what is looked at for each lies in memory.
        self.members: dict[One, None] = {}
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

    def dismiss(self, member: One) -> None:
        self.members.pop(member, None)

    @asynccontextmanager
    async def _admit(self, member: One) -> AsyncIterator[None]:
        """Register a member while it joins: before anything is read for it, so that nothing falls between."""
        self.members[member] = None
        try:
            yield
        except BaseException:
            self.members.pop(member, None)
            raise

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._filled.wait()
            self._filled.clear()
            begun = loop.time()
            async with self._turn:
                try:
                    with span("push", what=self._watcher.what, members=len(self.members)):
                        await self._push()
                except Refused:
                    self.end()
            await asyncio.sleep(find_rest(self.interval, taken=loop.time() - begun))

    @abstractmethod
    async def _push(self) -> None:
        """Offer what is new to every member that lacks it; Refused where nobody can follow any more."""

    async def _execute(self, event: Event) -> bytes:
        """Return what the document makes of an event, once the database allows it."""
        return await try_patiently("A subscription", lambda: self._execution.run(event), final=(Refused,), longest=None)

    async def _hand_out(self, frame: Frame, members: Sequence[One]) -> None:
        await self._hand_out_chosen(lambda _: frame, members)

    async def _hand_out_chosen(self, choose: Choose[One], members: Sequence[One]) -> None:
        """Tell the members whose tokens still hold, with a breath for others between many."""
        for begin in range(0, len(members), BREATH):
            if begin:
                await asyncio.sleep(0)
            some = [one for one in members[begin : begin + BREATH] if not self._hub.revocations.excludes(one.viewer)]
            tell(some, choose)
            self.deliveries += len(some)


def tell(members: Sequence[One], choose: Choose[One]) -> None:
    """Write to each its frame, or offer it where that can't be. A thousand times for one change: nothing is called in vain."""
    written, lead, whole = None, None, b""
    for member in members:
        frame = choose(member)
        if frame is None or member.write is None:
            member.offer(frame)
            continue
        if frame is not written or member.lead != lead:
            written, lead = frame, member.lead
            whole = make_frame(lead, frame.payload)
        try:
            member.write(whole)
        except RuntimeError:  # the socket has gone and nobody has said so yet: the others are told all the same
            member.offer(frame)
        else:
            member.version = frame.version


def find_rest(interval: float, *, taken: float) -> float:
    """Return how long to rest after a push that took so long: it counts towards its interval.

    So a group is ready when its watcher, whose rest begins after its look, has something new; were its own rest longer, a
    change would wait for both. Where pushes take long there is much to do: each leaves others as much time.
    """
    return max(interval - taken, min(interval, taken))
