"""Following a list together: each communication that changed is executed once and offered to all. Imports groups and members."""

from uuid import UUID

from tocsin.live.hub import Hub
from tocsin.live.listing_watcher import ListingWatcher
from tocsin.overview import CommunicationRow
from tocsin.viewers import Viewer
from tocsin_graphql.execution import Execution
from tocsin_graphql.groups import Group
from tocsin_graphql.members import Frame, ListingMember

INTERVAL = 0.0
"""Seconds: the watcher of a list reads once a second, and each reading is told at once."""


class ListingGroup(Group[ListingWatcher, ListingMember]):
    """All who follow one municipality's list."""

    def __init__(self, municipality_id: UUID, *, execution: Execution, hub: Hub) -> None:
        super().__init__(hub.listings, municipality_id, execution=execution, hub=hub, interval=INTERVAL)
        self._pending: dict[UUID, CommunicationRow] = {}

    def tell(self, value: list[CommunicationRow]) -> None:
        if self.members:
            self._pending.update((row.id, row) for row in value)
            self._filled.set()

    async def join(self, viewer: Viewer, since: int | None) -> tuple[ListingMember, None]:
        """Return a member; a list has no first message, only what changes from now on."""
        member = ListingMember(viewer)
        async with self._admit(member):
            await self._watcher.begin()
        return member, None

    async def _push(self) -> None:
        pending, self._pending = self._pending, {}
        for row in pending.values():
            frame = Frame(0, await self._execute(row), row.id)
            await self._hand_out(frame, tuple(self.members))
