"""Promises of the hand-out: a frame is written where nothing is in its way, and never passes one that waits."""

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from live.control_room import STATISTICS, Room, move, open_console, variables_of
from stage.cast import Alert, Town

from tocsin.identifiers import make_id
from tocsin.viewers import Viewer
from tocsin.words import Locale, Role
from tocsin_graphql.groups import tell
from tocsin_graphql.members import Frame, ListingMember, Member
from tocsin_graphql.newest_groups import do_without
from tocsin_graphql.outlets import Outlet, spell_lead
from tocsin_graphql.prepared_frames import Heed, make_frame

NOW = datetime(2026, 11, 23, tzinfo=UTC)
VIEWER = Viewer(make_id(), make_id(), "m", "M", Role.OPERATOR, Locale.FR, NOW, NOW + timedelta(hours=1))
FRAMES = [Frame(version, b'{"data":{"version":%d}}' % version) for version in range(6)]


class Wire:
    """A socket as an outlet sees it: `written` came whole, `sent` by ASGI's send, which waits while it is full."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.told: list[tuple[str, int]] = []
        self.frames: list[bytes] = []
        self._heeding: list[Heed] = []
        self.drain()

    def attend(self, heed: Heed) -> None:
        self._heeding.append(heed)
        self._tell()

    def leave(self, heed: Heed) -> None:
        if heed in self._heeding:
            self._heeding.remove(heed)

    def fill(self) -> None:
        self.free.clear()
        self._tell()

    def drain(self) -> None:
        self.free.set()
        self._tell()

    def _tell(self) -> None:
        for heed in self._heeding:
            heed(self.write if self.free.is_set() else None)

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)
        self.told.append(("written", self.read(frame[2:])))

    async def send(self, text: str) -> None:
        await self.free.wait()
        self.told.append(("sent", self.read(text.encode())))

    def read(self, message: bytes) -> int:
        version: int = json.loads(message)["payload"]["data"]["version"]
        return version


class GoneWire(Wire):
    """A socket whose transport has been closed, as uvloop's tells it."""

    def write(self, frame: bytes) -> None:
        raise RuntimeError("unable to perform operation; the handler is closed")


async def settle() -> None:
    """Let whatever is on its way arrive."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_frame_never_passes_one_that_waits_and_of_those_that_come_meanwhile_the_newest_is_sent() -> None:
    wire, member = Wire(), Member(VIEWER, cumulative=False, catch_up=do_without)
    await Outlet("1", member, wire.send, wire).open(FRAMES[0])
    tell([member], lambda _: FRAMES[1])
    wire.fill()
    tell([member], lambda _: FRAMES[2])
    await asyncio.sleep(0)
    wire.drain()  # there is room again, but what waits has not left yet
    tell([member], lambda _: FRAMES[3])
    tell([member], lambda _: FRAMES[4])
    assert wire.told == [("sent", 0), ("written", 1)]
    wire.drain()
    await settle()
    tell([member], lambda _: FRAMES[5])
    assert wire.told[2:] == [("sent", 2), ("written", 4), ("written", 5)]
    assert member.version == 5


async def test_who_missed_a_change_is_told_nothing_until_it_has_caught_up() -> None:
    wire = Wire()

    async def catch_up(member: Member) -> Frame:
        member.missed, member.version = False, 4
        return FRAMES[4]

    member = Member(VIEWER, cumulative=True, catch_up=catch_up)
    await Outlet("1", member, wire.send, wire).open(FRAMES[0])
    wire.fill()
    for frame in FRAMES[1:4]:
        tell([member], lambda _, frame=frame: frame)  # type: ignore[misc]  # mypy infers no defaults of a lambda
    await asyncio.sleep(0)
    wire.drain()
    await settle()
    tell([member], lambda _: FRAMES[5])
    assert wire.told == [("sent", 0), ("sent", 1), ("sent", 4), ("written", 5)]


async def test_a_list_keeps_each_subject_for_a_full_socket_and_is_written_to_again_after() -> None:
    wire, member, subjects = Wire(), ListingMember(VIEWER), [make_id(), make_id()]
    await Outlet("1", member, wire.send, wire).open(None)
    wire.fill()
    for version in range(5):
        frame = Frame(0, FRAMES[version].payload, subjects[version % 2])
        tell([member], lambda _, frame=frame: frame)  # type: ignore[misc]  # as above
    await asyncio.sleep(0)
    wire.drain()
    await settle()
    tell([member], lambda _: Frame(0, FRAMES[5].payload, subjects[0]))
    assert wire.told == [("sent", 0), ("written", 3), ("written", 4), ("written", 5)]


async def test_a_closed_outlet_is_told_nothing_more() -> None:
    wire, member = Wire(), Member(VIEWER, cumulative=False, catch_up=do_without)
    outlet = Outlet("1", member, wire.send, wire)
    await outlet.open(FRAMES[0])
    outlet.close()
    tell([member], lambda _: FRAMES[1])
    assert wire.told == [("sent", 0)]


async def test_a_frame_is_made_once_for_those_who_have_the_same_id_one_after_another() -> None:
    wire, members = Wire(), [Member(VIEWER, cumulative=False, catch_up=do_without) for _ in range(4)]
    for operation_id, member in zip("1121", members, strict=True):
        await Outlet(operation_id, member, wire.send, wire).open(None)
    tell(members, lambda _: FRAMES[1])
    assert [json.loads(frame[2:])["id"] for frame in wire.frames] == ["1", "1", "2", "1"]
    assert wire.frames[0] is wire.frames[1]
    assert wire.frames[0] == make_frame(spell_lead("1"), FRAMES[1].payload)


async def test_a_closed_outlet_hears_no_more_of_its_socket() -> None:
    wire, member = Wire(), Member(VIEWER, cumulative=False, catch_up=do_without)
    outlet = Outlet("1", member, wire.send, wire)
    await outlet.open(FRAMES[0])
    wire.fill()
    outlet.close()
    wire.drain()
    tell([member], lambda _: FRAMES[1])
    assert wire.told == [("sent", 0)]


async def test_a_socket_that_is_gone_keeps_nobody_else_from_being_told() -> None:
    gone, wire = GoneWire(), Wire()
    members = [Member(VIEWER, cumulative=False, catch_up=do_without) for _ in range(2)]
    outlets = [Outlet("1", member, to.send, to) for member, to in zip(members, (gone, wire), strict=True)]
    for outlet in outlets:
        await outlet.open(FRAMES[0])
    tell(members, lambda _: FRAMES[1])
    assert (outlets[0].closed, gone.told) == (True, [("sent", 0)])
    assert (outlets[1].closed, wire.told) == (False, [("sent", 0), ("written", 1)])


async def test_everybody_in_a_group_is_told_under_an_id_of_their_own(room: Room, town: Town, alert: Alert) -> None:
    async with AsyncExitStack() as stack:
        consoles = [await stack.enter_async_context(open_console(room, await room.admit(town))) for _ in range(4)]
        ids = ["1", 'é"', "1", "2" * 200]
        for console, operation_id in zip(consoles, ids, strict=True):
            await console.subscribe(STATISTICS, operation_id, **variables_of(alert))
            await console.next("statistics")
        room.announcements.announce({alert.id: await move(alert, [0])})
        told = [await console.hear() for console in consoles]
        assert [message.pop("id") for message in told] == ids
        assert told.count(told[0]) == 4
        assert room.view.gatherings.figures.groups == 1
