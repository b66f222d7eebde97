"""Following a list together: each communication that changed is executed once and offered to all. Imports members and execution."""

import asyncio
from contextvars import Context as Surroundings
from uuid import UUID

from tocsin.live.hub import Hub
from tocsin.live.patience import try_patiently
from tocsin.overview import CommunicationRow
from tocsin.viewers import Viewer
from tocsin_graphql.execution import Execution, Refused
from tocsin_graphql.members import AnyMember, Frame, ListingMember


class ListingGroup:
    """All who follow one municipality's list with the same words, rights and language."""

    def __init__(self, municipality_id: UUID, *, execution: Execution, hub: Hub) -> None:
        self.members: set[ListingMember] = set()
        self.deliveries = 0
        self._execution = execution
        self._hub = hub
        self._watcher = hub.watch_listing(municipality_id)
        self._pending: dict[UUID, CommunicationRow] = {}
        self._filled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def runs(self) -> int:
        """How often the document has been executed."""
        return self._execution.runs

    def start(self) -> None:
        self._watcher.follow(self)
        self._task = asyncio.create_task(self._run(), name="group of a list", context=Surroundings())

    async def close(self) -> None:
        self._watcher.unfollow(self)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._execution.close()
        await self._hub.release_listing(self._watcher)

    def tell(self, rows: list[CommunicationRow]) -> None:
        if self.members:
            self._pending.update((row.id, row) for row in rows)
            self._filled.set()

    def dismiss(self, member: AnyMember) -> None:
        self.members -= {member}

    async def join(self, viewer: Viewer, since: int | None) -> tuple[ListingMember, None]:
        """Return a member; a list has no first message, only what changes from now on."""
        member = ListingMember(viewer)
        self.members.add(member)
        try:
            await self._watcher.begin()
        except BaseException:
            self.members.discard(member)
            raise
        return member, None

    async def _run(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            pending, self._pending = self._pending, {}
            for row in pending.values():
                await self._push(row)

    async def _push(self, row: CommunicationRow) -> None:
        try:
            payload = await try_patiently(
                "A subscription", lambda: self._execution.run(row), final=(Refused,), longest=None
            )
        except Refused:
            for member in tuple(self.members):
                member.end()
            return
        for member in tuple(self.members):
            if not self._hub.revocations.excludes(member.viewer):
                member.offer(row.id, Frame(0, payload))
                self.deliveries += 1
