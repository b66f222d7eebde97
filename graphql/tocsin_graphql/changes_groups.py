"""Following pie and grid of a communication: every row that changed has to be told. Imports groups and members."""

from dataclasses import replace

from tocsin.database import get_database
from tocsin.errors import NotSent
from tocsin.live.changes import Change, merge, read_change, read_window
from tocsin.live.communication_watcher import CommunicationWatcher
from tocsin.live.hub import Hub
from tocsin.live.patience import try_patiently
from tocsin.viewers import Viewer
from tocsin_graphql.execution import Execution
from tocsin_graphql.groups import Group
from tocsin_graphql.members import Frame, Member
from tocsin_graphql.topics import ChangesTopic

UNSENT = "This communication has not been sent yet; subscribe once it has."


class ChangesGroup(Group[CommunicationWatcher, Member]):
    """All who follow one communication's changes within the same window; whoever missed one is told to resync."""

    listing = True

    def __init__(self, topic: ChangesTopic, *, execution: Execution, hub: Hub) -> None:
        super().__init__(
            hub.communications, topic.communication_id, execution=execution, hub=hub, interval=topic.interval
        )
        self._window = topic.window
        self._frames: dict[tuple[str, int | None], Frame] = {}
        self._frames_version = -1
        self._pending: Change | None = None

    def tell(self, value: Change) -> None:
        self._pending = merge(self._pending, value)
        self._filled.set()

    async def join(self, viewer: Viewer, since: int | None) -> tuple[Member, Frame]:
        member = Member(viewer, cumulative=True, catch_up=self._catch_up)
        async with self._admit(member):
            await self._watcher.refresh()
            async with self._turn:
                frame = await self._make_frame("opening", since)
                if frame is None:
                    raise NotSent(UNSENT)
                member.version = frame.version
                return member, frame

    async def _catch_up(self, member: Member) -> Frame | None:
        """Return a resync for a member that missed a change."""
        async with self._turn:
            frame = await self._make_frame("missed", member.version)
            member.missed = False
            if frame is not None:
                member.version = frame.version
            return frame

    async def _make_frame(self, kind: str, since: int | None) -> Frame | None:
        """Return the frame of the present; those who ask for the same at the same version share it."""
        if self._frames_version != self._watcher.version:
            self._frames, self._frames_version = {}, self._watcher.version
        if (kind, since) not in self._frames:
            frame = await self._try_frame(kind, since)
            if frame is None or frame.version != self._frames_version:
                return frame
            self._frames[kind, since] = frame
        return self._frames[kind, since]

    async def _try_frame(self, kind: str, since: int | None) -> Frame | None:
        change = await try_patiently("A communication", lambda: self._read(since))
        if change is None:
            return None
        if kind == "missed":
            # No window is looked through: nothing is listed.
            resync = replace(change, rows=(), resync=True)
            return Frame(change.version, await self._execute(resync))
        return await self._tell_apart(change)

    async def _read(self, since: int | None) -> Change | None:
        current = self._watcher.current
        if since is None and current is not None:
            return Change(current.picture, current.version)
        return await read_change(self._watcher.key, since)

    async def _tell_apart(self, change: Change) -> Frame:
        """Return the frame of a change within the window."""
        seen = await try_patiently("A window", lambda: self._look_through_window(change))
        return Frame(change.version, await self._execute(seen))

    async def _look_through_window(self, change: Change) -> Change:
        """Narrow a change to the window; what is too much for a grid is never too much for a window."""
        if self._window is None or not change.resync or change.since >= change.version:
            return change.within(self._window)
        rows = await read_window(get_database(), change, list(self._window))
        return replace(change, rows=rows, resync=False)

    async def _push(self) -> None:
        """Offer the change to every member that does not know it yet."""
        change, self._pending = self._pending, None
        if change is None or not any(waits_for(member, change) for member in self.members):
            return
        frames = await self._make_frames(change)
        behind = [one for one in self.members if waits_for(one, change)]
        await self._hand_out_chosen(lambda member: frames.get(member.version), behind)

    async def _make_frames(self, change: Change) -> dict[int | None, Frame]:
        """Return the frames by what their members know: nearly always one, another for who joined since the last."""
        frames: dict[int | None, Frame] = {}
        while True:
            known = {one.version for one in self.members if waits_for(one, change) and one.idle}
            wanted = [version for version in known - frames.keys() if version is not None and version >= change.since]
            if not wanted:
                return frames
            frames[wanted[0]] = await self._tell_apart(change.after(wanted[0]))


def waits_for(member: Member, change: Change) -> bool:
    """Whether the member has had its first message and knows less than the change brings."""
    return member.version is not None and member.version < change.version
