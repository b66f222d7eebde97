"""Following a communication together: executed once for each change, the same bytes to every member. Imports members and execution."""

import asyncio
from contextvars import Context as Surroundings
from dataclasses import replace

from tocsin.database import get_database
from tocsin.errors import NotSent
from tocsin.live.changes import Change, merge, read_change, read_window
from tocsin.live.hub import Hub
from tocsin.live.patience import try_patiently
from tocsin.viewers import Viewer
from tocsin_graphql.execution import Execution, Refused
from tocsin_graphql.members import AnyMember, Frame, Member
from tocsin_graphql.topics import ChangesTopic, StatisticsTopic

BREATH = 200
"""After so many members the loop may do something else."""

UNSENT = "This communication has not been sent yet; subscribe once it has."


class Group:
    """All who follow one communication with the same words, rights and language."""

    def __init__(
        self,
        topic: StatisticsTopic | ChangesTopic,
        *,
        execution: Execution,
        hub: Hub,
    ) -> None:
        self.interval = topic.interval
        self.members: set[Member] = set()
        self.deliveries = 0
        self._cumulative = isinstance(topic, ChangesTopic)
        self._window = topic.window if isinstance(topic, ChangesTopic) else None
        self._execution = execution
        self._hub = hub
        self._watcher = hub.watch(topic.communication_id)
        self._frames: dict[tuple[str, int | None], Frame] = {}
        self._frames_version = -1
        self._pending: Change | None = None
        self._filled = asyncio.Event()
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def runs(self) -> int:
        """How often the document has been executed."""
        return self._execution.runs

    def start(self) -> None:
        self._watcher.follow(self)
        self._task = asyncio.create_task(self._run(), name="group", context=Surroundings())

    async def close(self) -> None:
        self._watcher.unfollow(self)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._execution.close()
        await self._hub.release(self._watcher)

    def tell(self, change: Change) -> None:
        self._pending = merge(self._pending, change)
        self._filled.set()

    def end(self) -> None:
        for member in tuple(self.members):
            member.end()

    def dismiss(self, member: AnyMember) -> None:
        self.members -= {member}

    async def join(self, viewer: Viewer, since: int | None) -> tuple[Member, Frame]:
        """Return a member and its first frame. It is registered before the snapshot, so that nothing falls between."""
        member = Member(viewer, cumulative=self._cumulative, catch_up=self._catch_up)
        self.members.add(member)
        try:
            return member, await self._open(member, since if self._cumulative else None)
        except BaseException:
            self.members.discard(member)
            raise

    async def _open(self, member: Member, since: int | None) -> Frame:
        await self._watcher.refresh()
        async with self._turn:
            frame = await self._make_frame("opening", since)
            if frame is None:
                raise NotSent(UNSENT)
            member.version = frame.version
            return frame

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
        if change is None or kind == "opening":
            return await self._execute(change) if change else None
        return await self._execute(replace(change, rows=(), resync=True), passed_over=True)

    async def _read(self, since: int | None) -> Change | None:
        current = self._watcher.current
        if since is None and current is not None:
            return Change(current.picture, current.version)
        return await read_change(self._watcher.communication_id, since)

    async def _execute(self, change: Change, *, passed_over: bool = False) -> Frame:
        """Execute a change, again if the database is away; where a message was passed over no window is looked through."""

        async def execute() -> str:
            return await self._execution.run(change if passed_over else await self._look_through_window(change))

        payload = await try_patiently("A subscription", execute, final=(Refused,), longest=None)
        return Frame(change.version, payload)

    async def _look_through_window(self, change: Change) -> Change:
        """Narrow a change to the window; what is too much for a grid is never too much for a window."""
        if self._window is None or not change.resync or change.since >= change.version:
            return change.within(self._window)
        rows = await read_window(get_database(), change, list(self._window))
        return replace(change, rows=rows, resync=False)

    async def _run(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            async with self._turn:
                change, self._pending = self._pending, None
                if change is not None and any(waits_for(member, change) for member in self.members):
                    await self._push_or_end(change)
            await asyncio.sleep(self.interval)

    async def _push_or_end(self, change: Change) -> None:
        try:
            await self._push(change)
        except Refused:
            self.end()

    async def _push(self, change: Change) -> None:
        """Offer the change to every member that does not know it yet."""
        frames = await self._make_frames(change)
        newest = None if self._cumulative else await self._make_frame("opening", None)
        for number, member in enumerate(tuple(self.members)):
            if waits_for(member, change) and not self._hub.revocations.excludes(member.viewer):
                member.offer(frames.get(member.version) if self._cumulative else newest)
                self.deliveries += 1
            if number % BREATH == BREATH - 1:
                await asyncio.sleep(0)

    async def _make_frames(self, change: Change) -> dict[int | None, Frame]:
        """Return the frames by what their members know: nearly always one, another for who joined since the last."""
        frames: dict[int | None, Frame] = {}
        while self._cumulative:
            known = {one.version for one in self.members if waits_for(one, change) and one.idle}
            wanted = [version for version in known - frames.keys() if version is not None and version >= change.since]
            if not wanted:
                break
            frames[wanted[0]] = await self._execute(change.after(wanted[0]))
        return frames


def waits_for(member: Member, change: Change) -> bool:
    """Whether the member has had its first message and knows less than the change brings."""
    return member.version is not None and member.version < change.version
