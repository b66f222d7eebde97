"""Promises of the pie that moves: present first, then newer, the same for all, soon even where a hint is lost."""

import asyncio
from inspect import signature

import pytest
from live.control_room import (
    PATIENCE,
    STATISTICS,
    Room,
    move,
    open_console,
    open_room,
    variables_of,
)
from stage.cast import Alert, Town, draft, found_town

from tocsin.identifiers import expose, make_id
from tocsin.live.hub import Hub
from tocsin.statuses import DeliveryStatus


@pytest.fixture
def size() -> int:
    return 12


async def test_the_present_value_comes_first_then_every_newer_one_until_complete(
    room: Room, town: Town, alert: Alert
) -> None:
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(STATISTICS, **variables_of(alert))
        first = await console.next("statistics")
        assert (first["total"], first["inProgress"], first["contacted"]) == (12, 12, 0)
        version = await move(alert, [0, 1])
        room.announcements.announce({alert.id: version})
        second = await console.next("statistics")
        assert (second["version"], second["contacted"], second["inProgress"]) == (version, 2, 10)
        await console.say({"id": "1", "type": "complete"})
        await console.subscribe(STATISTICS, "2", **variables_of(alert))
        assert (await console.hear())["id"] == "2"


async def test_members_of_a_group_get_the_same_bytes_from_one_execution(room: Room, town: Town, alert: Alert) -> None:
    async with (
        open_console(room, await room.admit(town)) as manon,
        open_console(room, await room.admit(town)) as luc,
    ):
        for console in (manon, luc):
            await console.subscribe(STATISTICS, **variables_of(alert))
        assert await manon.hear_raw() == await luc.hear_raw()
        before = room.view.gatherings.figures
        assert (before.groups, before.members) == (1, 2)
        room.announcements.announce({alert.id: await move(alert, [0])})
        assert await manon.hear_raw() == await luc.hear_raw()
        after = room.view.gatherings.figures
        assert (after.runs - before.runs, after.deliveries - before.deliveries) == (1, 2)


async def test_who_speaks_another_language_is_in_another_group(room: Room, town: Town, alert: Alert) -> None:
    authorization = await room.admit(town)
    async with open_console(room, authorization) as french, open_console(room) as english:
        await english.greet(authorization, locale="EN")
        for console in (french, english):
            await console.subscribe(STATISTICS, **variables_of(alert))
            await console.next("statistics")
        assert room.view.gatherings.figures.groups == 2


async def test_a_lost_announcement_makes_the_picture_a_second_late(town: Town, alert: Alert) -> None:
    assert signature(Hub).parameters["poll_interval"].default < 1
    async with open_room(announcing=False) as room, open_console(room, await room.admit(town)) as console:
        await console.subscribe(STATISTICS, **variables_of(alert))
        await console.next("statistics")
        version = await move(alert, [3])
        assert (await console.next("statistics"))["version"] == version


async def test_foreign_and_made_up_ids_get_the_same_words_and_the_unsent_its_own(room: Room, town: Town) -> None:
    other = await found_town("autre-rive")
    foreign = await draft(other)
    unsent = await draft(town)
    async with open_console(room, await room.admit(town)) as console:
        told = []
        for key in (expose("communication", foreign.id), expose("communication", make_id()), "nonsense"):
            await console.subscribe(STATISTICS, id=key)
            told.append(await console.hear_raw())
        assert told[0] == told[1] == told[2]
        assert '"code":"NOT_FOUND"' in told[0].replace(" ", "")
        await console.subscribe(STATISTICS, id=expose("communication", unsent.id))
        refused = await console.hear()
        assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "NOT_SENT")


@pytest.mark.parametrize("rate", [0, 21, -1])
async def test_a_rate_out_of_range_is_bad_input(room: Room, town: Town, alert: Alert, rate: int) -> None:
    query = "subscription($id: ID!, $rate: Int!) { statistics(communicationId: $id, maxPerSecond: $rate) { version } }"
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(query, **variables_of(alert, rate=rate))
        refused = await console.hear()
        assert refused["payload"][0]["extensions"] == {"code": "BAD_INPUT", "field": "maxPerSecond"}


async def test_nothing_is_watched_once_nobody_looks(room: Room, town: Town, alert: Alert) -> None:
    tasks = len(asyncio.all_tasks())
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(STATISTICS, **variables_of(alert))
        await console.next("statistics")
        assert room.hub.watched == 1
    async with asyncio.timeout(PATIENCE):
        while room.hub.watched or len(asyncio.all_tasks()) > tasks:  # noqa: ASYNC110 - the end is what is observed
            await asyncio.sleep(0.01)
    assert room.view.gatherings.figures.groups == 0


async def test_versions_rise_and_slices_sum_while_clients_come_and_go(room: Room, town: Town, alert: Alert) -> None:
    authorization = await room.admit(town)
    finals = []

    async def look(target: int) -> None:
        async with open_console(room, authorization) as console:
            await console.subscribe(STATISTICS, **variables_of(alert))
            values = await console.wait_until("statistics", target)
            versions = [value["version"] for value in values]
            assert versions == sorted(set(versions))
            assert all(v["contacted"] + v["inProgress"] + v["notContacted"] == v["total"] == 12 for v in values)
            finals.append(values[-1])

    before = await move(alert, [0], DeliveryStatus.SMS_SENT)
    looking = [asyncio.create_task(look(before + turn)) for turn in range(1, 9)]
    for turn in range(1, 12):
        room.announcements.announce({alert.id: await move(alert, [turn])})
    last = asyncio.create_task(look(before + 11))
    await asyncio.gather(*looking, last)
    assert finals[-1]["contacted"] == 11
