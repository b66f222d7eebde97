"""Clients of groups without a socket, and each one's frames rendered a second time for it alone, over the same change."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from tocsin.database import get_database
from tocsin.live.active_watcher import Active
from tocsin.live.changes import Change, read_change, read_window
from tocsin.pictures import read_active
from tocsin.viewers import Viewer
from tocsin_graphql.execution import Execution
from tocsin_graphql.feed import Event
from tocsin_graphql.gatherings import Attendance, Gatherings
from tocsin_graphql.outlets import Outlet
from tocsin_graphql.plans import Binding, Plan
from tocsin_graphql.topics import ActiveTopic, ChangesTopic, StatisticsTopic

PATIENCE = 30


@dataclass(eq=False)
class Client:
    """One subscriber: what it was sent, and how its next frame has to look. `gate` holds what it is sent while closed."""

    viewer: Viewer
    plan: Plan
    binding: Binding
    variables: Mapping[str, Any]
    alone: Execution
    known: int | None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[str] = field(default_factory=list)
    behind: int = 0
    attendance: Attendance | None = None
    outlet: Outlet | None = None

    @property
    def stalled(self) -> bool:
        return not self.gate.is_set()

    def concerns(self, moved: Collection[UUID], municipalities: Collection[UUID]) -> bool:
        """Whether one of these communications, or something of these municipalities, is what the client follows."""
        topic = self.binding.topic
        if isinstance(topic, ActiveTopic):
            return self.viewer.municipality_id in municipalities
        assert isinstance(topic, StatisticsTopic | ChangesTopic)
        return topic.communication_id in moved

    async def send(self, text: str) -> None:
        self.sent.append(text)
        await self.gate.wait()

    async def join(self, gatherings: Gatherings) -> None:
        self.gate.set()
        self.attendance = await gatherings.join(self.plan, self.binding, self.variables, self.viewer)
        self.outlet = Outlet("1", self.attendance.member, self.send)
        await self.outlet.open(self.attendance.first)

    async def leave(self, gatherings: Gatherings) -> None:
        assert self.outlet is not None
        assert self.attendance is not None
        self.gate.set()
        self.outlet.close()
        await gatherings.leave(self.attendance)
        await self.alone.close()

    def take(self) -> str:
        """Return the one frame that has been sent since the last call."""
        frame, *more = self.sent
        assert not more, "one change, one frame"
        self.sent.clear()
        return frame

    async def release(self) -> None:
        """Take again what is sent; where something waits, until it has come."""
        self.gate.set()
        async with asyncio.timeout(PATIENCE):
            while self.behind and not self.sent:  # noqa: ASYNC110 - a group offers no event to its tests
                await asyncio.sleep(0.001)

    async def render(self, moment: "Moment") -> str:
        """Return what this client has to be told of the present, executed for it and nobody else."""
        event = await moment.tell(self)
        payload = await self.alone.run(event)
        self.behind = 0
        if isinstance(event, Change):
            self.known = event.version
        return f'{{"id":"1","type":"next","payload":{payload.decode()}}}'


class Moment:
    """The present as the database has it: the same change is read once, however many are told of it."""

    def __init__(self) -> None:
        self._changes: dict[tuple[UUID, int | None], Change] = {}
        self._active: dict[UUID, Active] = {}

    async def tell(self, client: Client) -> Event:
        """Return what this client has not been told."""
        topic = client.binding.topic
        if isinstance(topic, ActiveTopic):
            return await self._read_active(client.viewer.municipality_id)
        assert isinstance(topic, StatisticsTopic | ChangesTopic)
        if isinstance(topic, StatisticsTopic):
            return await self._read_change(topic.communication_id, None)
        change = await self._read_change(topic.communication_id, client.known)
        return await narrow(change, topic, passed_over=client.behind > 1)

    async def _read_active(self, municipality_id: UUID) -> Active:
        if municipality_id not in self._active:
            pictures = await read_active(get_database(), municipality_id)
            self._active[municipality_id] = Active(0, tuple(pictures))
        return self._active[municipality_id]

    async def _read_change(self, communication_id: UUID, since: int | None) -> Change:
        if (communication_id, since) not in self._changes:
            change = await read_change(communication_id, since)
            assert change is not None
            self._changes[communication_id, since] = change
        return self._changes[communication_id, since]


async def narrow(change: Change, topic: ChangesTopic, *, passed_over: bool) -> Change:
    """Return what a client sees of a change: nothing listed where it missed one, else its window."""
    if passed_over:
        return replace(change, rows=(), resync=True)
    if topic.window is None:
        return change
    if change.resync and change.since < change.version:
        return replace(change, rows=await read_window(get_database(), change, list(topic.window)), resync=False)
    return replace(change, rows=tuple(row for row in change.rows if row.id in topic.window))
