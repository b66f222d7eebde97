"""Following what has one present value: of all values only the newest counts. Imports groups and members."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from tocsin.live.hub import Hub
from tocsin.live.watcher import VersionedWatcher
from tocsin.live.watches import Watches
from tocsin.viewers import Viewer
from tocsin_graphql.execution import Execution
from tocsin_graphql.groups import Group
from tocsin_graphql.members import Frame, Member

AnyVersioned = TypeVar("AnyVersioned", bound=VersionedWatcher[Any])


class NewestGroup(Group[AnyVersioned, Member]):
    """Statistics, what is being sent, an export. `refuse` makes the error for whoever joins where there is nothing.

    Who joins at the same version shares a frame, unless it is `fleeting`: an export's link is good for a minute only.
    """

    def __init__(
        self,
        watches: Watches[AnyVersioned],
        key: UUID,
        *,
        execution: Execution,
        hub: Hub,
        interval: float,
        refuse: Callable[[], Exception],
        fleeting: bool = False,
    ) -> None:
        super().__init__(watches, key, execution=execution, hub=hub, interval=interval)
        self._refuse = refuse
        self._fleeting = fleeting
        self._frame: Frame | None = None

    def tell(self, value: object) -> None:
        self._filled.set()

    async def join(self, viewer: Viewer, since: int | None) -> tuple[Member, Frame]:
        member = Member(viewer, cumulative=False, catch_up=do_without)
        async with self._admit(member):
            await self._watcher.refresh()
            async with self._turn:
                if self._watcher.current is None:
                    raise self._refuse()
                frame = await self._make_frame(self._watcher.current)
                member.version = frame.version
                return member, frame

    async def _make_frame(self, value: Any) -> Frame:
        """Return the frame of the present value."""
        if self._fleeting or self._frame is None or self._frame.version != value.version:
            self._frame = Frame(value.version, await self._execute(value))
        return self._frame

    async def _push(self) -> None:
        if self._watcher.current is None or not (behind := self._find_behind()):
            return
        frame = await self._make_frame(self._watcher.current)
        await self._hand_out(frame, behind)

    def _find_behind(self) -> list[Member]:
        """Return the members that have had their first message and know less than the watcher."""
        return [one for one in self.members if one.version is not None and one.version < self._watcher.version]


async def do_without(member: Member) -> None:
    """Make nothing: where only the newest counts, nobody misses anything."""
