"""Promises of the wall: everything that a municipality is sending, as it begins, moves and ends."""

import asyncio
from typing import Any

import pytest
from live.control_room import COUNTS, PATIENCE, Console, Room, move, open_console, open_room
from stage.cast import Alert, Town, draft, found_town, send_and_assess, settle_citizens

from tocsin.database import get_database
from tocsin.identifiers import expose
from tocsin.listing import touch_listing
from tocsin.pictures import MOST_ACTIVE
from tocsin.records.communications import Communication, Tally
from tocsin.times import tell_time
from tocsin.transactions import in_transaction
from tocsin.words import CommunicationState

ACTIVE = f"subscription {{ activeStatistics(maxPerSecond: 20) {{ communicationId state {COUNTS} }} }}"
FIELD = "activeStatistics"


async def begin(town: Town) -> Alert:
    """Send to everybody, and change the list as sending does."""
    alert = await send_and_assess(town)
    async with in_transaction() as connection:
        await touch_listing(connection, [alert.id])
    return alert


async def hear_until(console: Console, *wanted: tuple[Alert, int]) -> list[dict[str, Any]]:
    """Return the first value that shows these communications, and no other, with so many contacted."""
    expected = {expose("communication", alert.id): contacted for alert, contacted in wanted}
    while True:
        value: Any = await console.next(FIELD)
        if {row["communicationId"]: row["contacted"] for row in value} == expected:
            assert all(row["contacted"] + row["inProgress"] + row["notContacted"] == row["total"] for row in value)
            return list(value)


def announce(room: Room, town: Town) -> None:
    room.announcements.announce_listing([town.municipality.id])


async def test_the_wall_shows_what_is_being_sent_now_newest_first(room: Room, town: Town) -> None:
    earlier, later = await begin(town), await begin(town)
    await draft(town)
    over = await begin(town)
    await move(over, range(3))
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(ACTIVE)
        shown: Any = await console.next(FIELD)
    assert [row["communicationId"] for row in shown] == [expose("communication", one.id) for one in (later, earlier)]
    assert {row["state"] for row in shown} == {"IN_PROGRESS"}


@pytest.mark.parametrize("announcing", [True, False])
async def test_communications_come_as_they_begin_move_and_go_as_they_end(town: Town, announcing: bool) -> None:
    async with open_room(announcing=announcing) as room, open_console(room, await room.admit(town)) as console:
        await console.subscribe(ACTIVE)
        assert not await console.next(FIELD)
        async with asyncio.timeout(PATIENCE):
            first = await begin(town)
            announce(room, town)
            await hear_until(console, (first, 0))
            second = await begin(town)
            announce(room, town)
            await hear_until(console, (first, 0), (second, 0))
            room.announcements.announce({second.id: await move(second, [0, 1])})
            await hear_until(console, (first, 0), (second, 2))
            await move(first, range(3))
            announce(room, town)
            await hear_until(console, (second, 2))


async def test_a_municipality_has_one_group_and_hears_of_no_other(room: Room, town: Town) -> None:
    alert = await begin(town)
    other = await found_town("autre-rive")
    await settle_citizens(other, 3)
    theirs = await begin(other)
    async with (
        open_console(room, await room.admit(town)) as manon,
        open_console(room, await room.admit(town)) as luc,
        open_console(room, await room.admit(other)) as stranger,
    ):
        for console in (manon, luc):
            await console.subscribe(ACTIVE)
        assert await manon.hear_raw() == await luc.hear_raw()
        assert room.view.gatherings.figures.groups == 1
        await stranger.subscribe(ACTIVE)
        await hear_until(stranger, (theirs, 0))
        before = room.view.gatherings.figures
        room.announcements.announce({alert.id: await move(alert, [0])})
        assert await manon.hear_raw() == await luc.hear_raw()
        after = room.view.gatherings.figures
        assert (after.groups, after.runs - before.runs, after.deliveries - before.deliveries) == (2, 1, 2)
        room.announcements.announce({theirs.id: await move(theirs, [0])})
        await hear_until(stranger, (theirs, 1))


async def test_the_wall_is_bounded_and_leaves_out_the_oldest(room: Room, town: Town) -> None:
    now = tell_time()
    sent = [await draft(town) for _ in range(MOST_ACTIVE + 1)]
    await Communication.all().update(state=CommunicationState.IN_PROGRESS, sent_at=now)
    await Tally.bulk_create([Tally(communication_id=one.id, changed_at=now) for one in sent])
    await get_database().execute_query(
        "UPDATE communication SET sent_at = sent_at - interval '1 day' WHERE id = $1", [sent[0].id]
    )
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(ACTIVE)
        shown: Any = await console.next(FIELD)
    assert {row["communicationId"] for row in shown} == {expose("communication", one.id) for one in sent[1:]}


async def test_nothing_is_watched_or_heard_once_the_wall_is_dark(room: Room, town: Town) -> None:
    await begin(town)
    tasks = len(asyncio.all_tasks())
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(ACTIVE)
        await console.next(FIELD)
        assert room.hub.watched == 1
    async with asyncio.timeout(PATIENCE):
        while room.hub.watched or len(asyncio.all_tasks()) > tasks:  # noqa: ASYNC110 - the end is what is observed
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("rate", [0, 21])
async def test_a_rate_out_of_range_is_bad_input(room: Room, town: Town, rate: int) -> None:
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(f"subscription {{ activeStatistics(maxPerSecond: {rate}) {{ version }} }}")
        assert (await console.hear())["payload"][0]["extensions"] == {"code": "BAD_INPUT", "field": "maxPerSecond"}
