"""Promises of the list that moves, and of every picture while the database is away."""

import asyncio
from urllib.parse import urlsplit

import asyncpg
import pytest
from live.control_room import PATIENCE, STATISTICS, Room, move, open_console, open_room, variables_of
from stage.cast import Town, draft, found_town, send_and_assess

from tocsin.editing import delete_communication
from tocsin.embedded import EmbeddedPostgres
from tocsin.identifiers import expose
from tocsin.listing import touch_listing
from tocsin.records.communications import Communication
from tocsin.transactions import in_transaction

CHANGED = "subscription { communicationChanged { id title } }"


async def rename(communication: Communication, title: str) -> None:
    async with in_transaction() as connection:
        await Communication.filter(id=communication.id).using_db(connection).update(title=title)
        await touch_listing(connection, [communication.id])


async def follow_list(room: Room) -> None:
    """Wait until every change from now on will be told: a list has no first message."""
    async with asyncio.timeout(PATIENCE):
        while not room.hub.watched:  # noqa: ASYNC110 - the server offers no event to its tests
            await asyncio.sleep(0.01)
        listing = next(iter(room.hub.listings))
        await listing.begin()


@pytest.mark.parametrize("announcing", [True, False])
async def test_a_changed_communication_is_told_to_its_municipality_alone(town: Town, announcing: bool) -> None:
    mine = await draft(town)
    other = await found_town("autre-rive")
    theirs = await draft(other)
    async with open_room(announcing=announcing) as room, open_console(room, await room.admit(town)) as console:
        await console.subscribe(CHANGED)
        await follow_list(room)
        await rename(theirs, "Not yours")
        await rename(mine, "Yours")
        room.announcements.announce_listing([other.municipality.id, town.municipality.id])
        told = await console.next("communicationChanged")
        assert told == {"id": expose("communication", mine.id), "title": "Yours"}


async def test_many_changes_of_a_second_are_told_each_communication_once_at_its_newest(room: Room, town: Town) -> None:
    communications = [await draft(town) for _ in range(3)]
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(CHANGED)
        await follow_list(room)
        for turn in range(4):
            for communication in communications:
                await rename(communication, f"title {turn}")
        room.announcements.announce_listing([town.municipality.id])
        told = [await console.next("communicationChanged") for _ in communications]
        assert {value["id"] for value in told} == {expose("communication", one.id) for one in communications}
        assert {value["title"] for value in told} == {"title 3"}


@pytest.mark.parametrize("announcing", [True, False])
async def test_a_deletion_ends_the_subscription_since_nothing_is_left_to_tell(town: Town, announcing: bool) -> None:
    kept, gone = await draft(town), await draft(town)
    neighbour = await found_town("autre-rive")
    theirs = await draft(neighbour)
    async with open_room(announcing=announcing) as room, open_console(room, await room.admit(town)) as console:
        await console.subscribe(CHANGED)
        await follow_list(room)
        await delete_communication(neighbour.operator, theirs.id)
        await delete_communication(town.operator, gone.id)
        await rename(kept, "Changed in the same second")
        room.announcements.announce_listing([town.municipality.id])
        told = await console.hear()
        assert told["type"] in ("next", "complete")
        while told["type"] == "next":
            told = await console.hear()
        assert told["type"] == "complete"
        await console.subscribe(CHANGED, "again")
        await follow_list(room)
        await rename(kept, "Changed afterwards")
        room.announcements.announce_listing([town.municipality.id])
        assert (await console.next("communicationChanged"))["title"] == "Changed afterwards"


async def test_subscribers_stay_while_the_database_is_away_and_are_current_soon_after(
    town: Town, database: str, postgres: EmbeddedPostgres
) -> None:
    alert = await send_and_assess(town)
    async with open_room(poll_interval=60) as room, open_console(room, await room.admit(town)) as console:
        await console.subscribe(STATISTICS, **variables_of(alert))
        first = await console.next("statistics")
        version = await move(alert, [0, 1])
        name = urlsplit(database).path.removeprefix("/")
        guard = await asyncpg.connect(postgres.url("postgres"))
        await guard.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await guard.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        room.announcements.announce({alert.id: version})
        await console.say({"type": "ping"})
        assert await console.hear() == {"type": "pong"}
        await guard.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await guard.close()
        healed = await console.next("statistics")  # the poll would only come after this had lost patience
        assert (first["contacted"], healed["contacted"], healed["version"]) == (0, 2, version)
