"""Promises of the socket: whatever is sent, it is answered in the protocol or the connection closes with a code."""

import asyncio
import statistics
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from live.control_room import PATIENCE, PROTOCOL, STATISTICS, Room, move, open_console, open_room, variables_of
from stage.cast import Alert, Town
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tocsin.database import get_database
from tocsin.identifiers import make_id
from tocsin.live.hub import POLL_INTERVAL
from tocsin.live.revocations import Presence, Revocations
from tocsin.principals import revoke
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.viewers import Viewer
from tocsin.words import Locale, Role
from tocsin_graphql.services import Services

DEEP = "[" * 60_000
LONG_NUMBER = f'{{"type": "ping", "payload": {{"x": {"9" * 5_000}}}}}'


@pytest.mark.parametrize(
    "message",
    [
        "not JSON",
        b"binary",
        "[1]",
        "5",
        "null",
        '"x"',
        DEEP,
        LONG_NUMBER,
        {"type": 5},
        {"type": "unknown" * 40},
        {"id": "1"},
        {"type": "subscribe"},
        {"type": "subscribe", "id": "1"},
        {"type": "subscribe", "id": "", "payload": {"query": "{ viewer { id } }"}},
        {"type": "subscribe", "id": None, "payload": {"query": "{ viewer { id } }"}},
        {"type": "subscribe", "id": ["1"], "payload": {"query": "{ viewer { id } }"}},
        {"type": "subscribe", "id": "1", "payload": "query"},
        {"type": "subscribe", "id": "1", "payload": {"query": None}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ viewer { id } }", "variables": []}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ viewer { id } }", "operationName": 5}},
        {"type": "complete", "id": 7},
        {"type": "ping", "payload": "x"},
    ],
    ids=lambda message: str(message)[:50],
)
async def test_what_is_no_message_closes_with_4400(room: Room, town: Town, message: Any) -> None:
    async with open_console(room, await room.admit(town)) as console:
        await console.say(message)
        code, reason = await console.wait_closed()
        assert code == 4400
        assert 0 < len(reason.encode()) <= 123


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("subscription {", None),
        ("{ " * 3000, None),
        ("query A { viewer { id } }", "B" * 200),
        ("query A { viewer { id } } query B { viewer { id } }", None),
        ("{ nothing }", None),
        ("subscription { statistics { version } }", None),
        ("subscription($id: ID!) { statistics(communicationId: $id) { nothing } }", None),
        ("subscription($id: ID!) { statistics(communicationId: $id) @skip(if: true) { version } }", None),
        ("fragment F on Query { viewer { id } }", None),
    ],
)
async def test_a_wrong_document_is_its_operations_error_and_the_socket_stays(
    room: Room, town: Town, alert: Alert, query: str, name: str | None
) -> None:
    async with open_console(room, await room.admit(town)) as console:
        payload = {"query": query, "operationName": name, "variables": variables_of(alert)}
        await console.say({"id": "1", "type": "subscribe", "payload": payload})
        told = await console.hear()
        assert (told["type"], told["id"]) in [("error", "1"), ("next", "1")]
        errors = told["payload"] if told["type"] == "error" else told["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == "BAD_INPUT"
        await console.subscribe(STATISTICS, "2", **variables_of(alert))
        while (told := await console.hear())["id"] != "2":
            assert told["type"] == "complete"
        assert told["payload"]["data"]["statistics"]["total"] == 3


async def test_an_id_in_use_closes_with_4409_however_long_it_is(room: Room, town: Town, alert: Alert) -> None:
    async with open_console(room, await room.admit(town)) as console:
        for _ in range(2):
            await console.subscribe(STATISTICS, "é" * 300, **variables_of(alert))
        assert (await console.wait_closed())[0] == 4409


async def test_queries_run_over_the_socket_each_in_its_own_context(room: Room, town: Town, alert: Alert) -> None:
    query = "query($id: ID!) { communication(id: $id) { statistics { contacted } } }"
    async with open_console(room, await room.admit(town)) as console:
        for contacted in (0, 1):
            await console.subscribe(query, "q", **variables_of(alert))
            answered = await console.next("communication")
            assert answered == {"statistics": {"contacted": contacted}}
            assert await console.hear() == {"id": "q", "type": "complete"}
            await move(alert, [0])


async def test_nothing_but_a_greeting_comes_first(room: Room, alert: Alert) -> None:
    async with open_console(room) as console:
        await console.subscribe(STATISTICS, **variables_of(alert))
        assert (await console.wait_closed())[0] == 4401


async def test_a_client_that_does_not_greet_is_closed_with_4408(database: str) -> None:
    async with open_room(greeting_timeout=timedelta(milliseconds=50)) as room, open_console(room) as console:
        assert (await console.wait_closed())[0] == 4408


async def test_whatever_else_it_says_a_client_has_5_seconds_to_greet(database: str) -> None:
    assert Services.__dataclass_fields__["greeting_timeout"].default == timedelta(seconds=5)
    async with open_room(greeting_timeout=timedelta(milliseconds=200)) as room, open_console(room) as console:
        with suppress(ConnectionClosed):
            while True:
                await console.say({"type": "ping"})
                assert await console.hear() == {"type": "pong"}
        assert await console.wait_closed() == (4408, "Connection initialisation timeout")


@pytest.mark.parametrize("payload", [{}, {"authorization": "Bearer forged"}, None])
async def test_a_stranger_is_closed_with_4403(room: Room, payload: dict[str, str] | None) -> None:
    async with open_console(room) as console:
        await console.say({"type": "connection_init", "payload": payload})
        assert await console.wait_closed() == (4403, "Forbidden")


async def test_a_second_greeting_closes_with_4429(room: Room, town: Town) -> None:
    authorization = await room.admit(town)
    async with open_console(room, authorization) as console:
        await console.say({"type": "connection_init", "payload": {"authorization": authorization}})
        assert (await console.wait_closed())[0] == 4429


async def test_a_token_ends_its_socket_when_it_expires(room: Room, town: Town, alert: Alert) -> None:
    async with open_console(room, await room.admit(town, lifetime=0.5)) as console:
        await console.subscribe(STATISTICS, **variables_of(alert))
        await console.next("statistics")
        assert await console.wait_closed() == (4403, "Forbidden")


async def test_a_revoked_principal_is_closed_within_the_next_poll(room: Room, town: Town, alert: Alert) -> None:
    authorization = await room.admit(town)
    async with open_console(room, authorization) as console, open_console(room, await room.admit(town)) as other:
        for one in (console, other):
            await one.subscribe(STATISTICS, **variables_of(alert))
            await one.next("statistics")
        principal = room.viewers[authorization].principal_id
        await get_database().execute_query("UPDATE principal SET epoch = now() WHERE id = $1", [principal])
        assert await console.wait_closed() == (4403, "Forbidden")
        room.announcements.announce({alert.id: await move(alert, [0])})
        assert (await other.next("statistics"))["contacted"] == 1


async def test_a_revocation_ends_the_socket_within_a_second(town: Town) -> None:
    took = []
    async with open_room(poll_interval=POLL_INTERVAL) as room:
        for _ in range(5):
            authorization = await room.admit(town)
            async with open_console(room, authorization) as console:
                await revoke(town.municipality.slug, room.viewers[authorization].subject, tell_time())
                begun = asyncio.get_running_loop().time()
                assert await console.wait_closed() == (4403, "Forbidden")
                took.append(asyncio.get_running_loop().time() - begun)
    assert statistics.median(took) < 1, "a busy machine may keep one of them waiting"


def test_who_was_revoked_while_being_recognised_is_ended_at_once() -> None:
    """Another socket of the same principal has made the revocation known, so that no poll tells of it again."""
    ended: list[str] = []
    revocations, now = Revocations(), tell_time()
    old = Viewer(make_id(), make_id(), "m.roy", "Manon Roy", Role.OPERATOR, Locale.FR, now, now + timedelta(hours=1))
    first = Presence(old, lambda: ended.append("first"))
    revocations.enter(first)
    revocations.learn({old.principal_id: now + timedelta(seconds=1)})
    late = Presence(old, lambda: ended.append("late"))
    revocations.enter(late)
    assert ended == ["first", "late"]
    fresh = Presence(replace(old, issued_at=now + timedelta(seconds=2)), lambda: ended.append("fresh"))
    revocations.enter(fresh)
    assert ended == ["first", "late"]
    for presence in (first, late, fresh):
        revocations.leave(presence)
    assert not revocations.principals


async def test_the_server_pings_and_answers_pings(town: Town, database: str) -> None:
    async with (
        open_room(ping_interval=timedelta(milliseconds=50)) as room,
        open_console(room, await room.admit(town)) as console,
        asyncio.timeout(PATIENCE),
    ):
        assert '"ping"' in str(await console.connection.recv())
        await console.say({"type": "pong"})
        await console.say({"type": "ping"})
        assert await console.hear() == {"type": "pong"}


async def test_too_many_operations_are_refused_and_the_others_stay(town: Town, alert: Alert) -> None:
    async with open_room(most_operations=2) as room, open_console(room, await room.admit(town)) as console:
        for operation_id in "123":
            await console.subscribe(STATISTICS, operation_id, **variables_of(alert))
        told = [await console.hear() for _ in range(3)]
        refused = next(message for message in told if message["type"] == "error")
        assert (refused["id"], refused["payload"][0]["extensions"]["code"]) == ("3", "RATE_LIMITED")
        room.announcements.announce({alert.id: await move(alert, [0])})
        assert {(await console.hear())["id"] for _ in range(2)} == {"1", "2"}


async def test_an_operation_that_was_completed_says_nothing_more(room: Room, town: Town, alert: Alert) -> None:
    async with open_console(room, await room.admit(town)) as console:
        for operation_id in "12":
            await console.subscribe(STATISTICS, operation_id, **variables_of(alert))
            await console.next("statistics")
        await console.say({"id": "1", "type": "complete"})
        await console.say({"type": "ping"})
        assert await console.hear() == {"type": "pong"}
        for index, status in enumerate([DeliveryStatus.SMS_RECEIVED] * 2):
            room.announcements.announce({alert.id: await move(alert, [index], status)})
            assert (await console.hear())["id"] == "2"


async def test_a_page_of_another_origin_is_refused(room: Room) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        await connect(room.socket_url, subprotocols=[PROTOCOL], origin="http://evil.test")  # type: ignore[arg-type, list-item]


@pytest.mark.parametrize("protocols", [None, ["graphql-ws"]])
async def test_only_graphql_transport_ws_is_spoken(room: Room, protocols: Any) -> None:
    async with connect(room.socket_url, subprotocols=protocols) as connection:
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert connection.close_code == 4406


async def test_an_operation_that_asks_too_much_is_its_own_error(room: Room, town: Town) -> None:
    expensive = "{ " + " ".join(f"viewer{n}: viewer {{ id }}" for n in range(51)) + " }"
    async with open_console(room, await room.admit(town)) as console:
        await console.subscribe(expensive, "1")
        refused = await console.hear()
        assert (refused["id"], refused["type"]) == ("1", "error")
        assert refused["payload"][0]["extensions"]["code"] == "TOO_EXPENSIVE"
        await console.say({"type": "ping"})
        assert await console.hear() == {"type": "pong"}
