"""Promises of the grid that moves: which rows changed, since when, within which window, and what a slow reader gets."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from live.control_room import (
    CHANGES,
    STATISTICS,
    Console,
    Room,
    move,
    open_console,
    open_room,
    read_version,
    variables_of,
)
from stage.cast import Alert, Town

from tocsin.identifiers import expose
from tocsin.statuses import DeliveryStatus

FIELD = "communicationChanges"


@pytest.fixture
def size() -> int:
    return 620


def name(alert: Alert, index: int) -> str:
    return expose("recipient", alert.recipients[index].id)


def rows(value: dict[str, Any]) -> list[str]:
    return [row["id"] for row in value["recipients"]]


async def test_the_first_message_has_no_rows_and_the_next_those_that_changed(
    room: Room, town: Town, alert: Alert
) -> None:
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(CHANGES, **variables_of(alert))
        first = await console.next(FIELD)
        assert (first["recipients"], first["changed"], first["resync"]) == ([], 0, False)
        version = await move(alert, [4, 7])
        room.announcements.announce({alert.id: version})
        second = await console.next(FIELD)
        assert set(rows(second)) == {name(alert, 4), name(alert, 7)}
        assert (second["version"], second["changed"], second["resync"]) == (version, 2, False)
        assert second["statistics"]["contacted"] == 2


async def test_a_client_resumes_after_the_version_that_it_knows(room: Room, town: Town, alert: Alert) -> None:
    known = await read_version(alert.id)
    await move(alert, [1])
    present = await move(alert, [2, 1])
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(CHANGES, **variables_of(alert, since=known))
        first = await console.next(FIELD)
        assert set(rows(first)) == {name(alert, 1), name(alert, 2)}
        assert (first["version"], first["changed"]) == (present, 2)
        room.announcements.announce({alert.id: await move(alert, [3])})
        assert rows(await console.next(FIELD)) == [name(alert, 3)]


@pytest.mark.parametrize("ahead", [True, False])
async def test_a_version_that_cannot_be_told_from_gives_a_resync(
    room: Room, town: Town, alert: Alert, ahead: bool
) -> None:
    since = await read_version(alert.id) + 5 if ahead else 0
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(CHANGES, **variables_of(alert, since=since))
        first = await console.next(FIELD)
        assert (first["resync"], first["recipients"]) == (True, [])
        assert first["changed"] == (0 if ahead else 620)


async def test_those_who_differ_in_since_share_a_group(room: Room, town: Town, alert: Alert) -> None:
    known = await read_version(alert.id)
    await move(alert, [1])
    authorization = await room.admit(town)
    async with open_console(room, authorization) as resumed, open_console(room, authorization) as fresh:
        await resumed.subscribe(CHANGES, **variables_of(alert, since=known))
        await fresh.subscribe(CHANGES, **variables_of(alert))
        assert len(rows(await resumed.next(FIELD))) == 1
        assert rows(await fresh.next(FIELD)) == []
        assert room.view.gatherings.figures.groups == 1
        room.announcements.announce({alert.id: await move(alert, [2])})
        assert await resumed.hear_raw() == await fresh.hear_raw()


async def test_more_than_five_hundred_rows_give_a_resync_but_a_window_is_listed(
    room: Room, town: Town, alert: Alert
) -> None:
    authorization = await room.admit(town)
    async with open_console(room, authorization) as whole, open_console(room, authorization) as windowed:
        await whole.subscribe(CHANGES, **variables_of(alert))
        await windowed.subscribe(CHANGES, **variables_of(alert, window=[name(alert, 9), name(alert, 619)]))
        await whole.next(FIELD)
        await windowed.next(FIELD)
        room.announcements.announce({alert.id: await move(alert, range(600))})
        everything, shown = await whole.next(FIELD), await windowed.next(FIELD)
        assert (everything["resync"], everything["recipients"], everything["changed"]) == (True, [], 600)
        assert (shown["resync"], rows(shown), shown["changed"]) == (False, [name(alert, 9)], 600)


async def test_a_window_lists_its_own_rows_and_counts_all(room: Room, town: Town, alert: Alert) -> None:
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(CHANGES, **variables_of(alert, window=[name(alert, 1)]))
        await console.next(FIELD)
        room.announcements.announce({alert.id: await move(alert, [1, 2, 3])})
        value = await console.next(FIELD)
        assert (rows(value), value["changed"]) == ([name(alert, 1)], 3)


async def test_who_comes_to_list_what_others_only_count_misses_no_row(room: Room, town: Town, alert: Alert) -> None:
    authorization = await room.admit(town)
    async with open_console(room, authorization) as counting, open_console(room, authorization) as listing:
        await counting.subscribe(STATISTICS, **variables_of(alert))
        await counting.next("statistics")
        room.announcements.announce({alert.id: await move(alert, [0])})
        told = await counting.next("statistics")
        await listing.subscribe(CHANGES, **variables_of(alert))
        assert (await listing.next(FIELD))["version"] == told["version"]
        for index in (1, 2):
            room.announcements.announce({alert.id: await move(alert, [index], DeliveryStatus.SMS_FAILED)})
            value = await listing.next(FIELD)
            assert (rows(value), value["resync"]) == ([name(alert, index)], False)


async def test_a_window_of_more_than_two_hundred_is_bad_input(room: Room, town: Town, alert: Alert) -> None:
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(CHANGES, **variables_of(alert, window=[name(alert, index) for index in range(201)]))
        refused = await console.hear()
        assert refused["payload"][0]["extensions"] == {"code": "BAD_INPUT", "field": "recipientIds"}


@pytest.mark.parametrize("prepared", [True, False], ids=["prepared frames", "ASGI's send"])
async def test_a_reader_that_fell_behind_is_told_to_resync_and_never_a_later_change_alone(
    town: Town, alert: Alert, *, prepared: bool
) -> None:
    async with open_room(send_buffer=4096, prepared=prepared) as room:
        authorization = await room.admit(town)
        async with open_console(room, authorization) as swift, open_slow_console(room, authorization) as slow:
            for console in (swift, slow):
                await console.subscribe(CHANGES, **variables_of(alert))
            seen = [(await swift.next(FIELD))["version"]]
            for turn in range(12):
                status = DeliveryStatus.SMS_SENT if turn % 2 else DeliveryStatus.SMS_RECEIVED
                room.announcements.announce({alert.id: await move(alert, range(480), status)})
                value = await swift.next(FIELD)
                assert value["changed"] == 480
                seen.append(value["version"])
            values = await slow.wait_until(FIELD, seen[-1])
            room.announcements.announce({alert.id: await move(alert, [0], DeliveryStatus.SMS_FAILED)})
            assert rows(await slow.next(FIELD)) == [name(alert, 0)]
    assert len(values) < len(seen)
    assert any(value["resync"] and not value["recipients"] and value["changed"] == 480 for value in values)
    for earlier, later in pairwise(values):
        follows = seen.index(later["version"]) == seen.index(earlier["version"]) + 1
        assert later["version"] > earlier["version"]
        assert follows or later["resync"]


@asynccontextmanager
async def open_slow_console(room: Room, authorization: str) -> AsyncIterator[Console]:
    """A client whose own buffers are small and who reads only when asked."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", room.port))
    narrow.setblocking(False)
    async with open_console(room, authorization, sock=narrow, max_queue=1, compression=None) as console:
        yield console
