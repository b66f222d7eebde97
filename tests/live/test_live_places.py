"""Promises of places: so many sockets an address and a principal, so many messages a socket, and every place is given back."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live.control_room import PATIENCE, Console, Room, open_console, open_room
from stage.cast import Town

from tocsin.settings import read_settings
from tocsin_graphql.allowances import AT_ONCE, Allowance
from tocsin_graphql.places import Cap, SocketLimits, name_network
from tocsin_server.application import read_socket_limits

ANOTHER = {"additional_headers": {"X-Forwarded-For": "203.0.113.7"}}
"""A client behind a proxy on this machine, which is believed."""


async def open_places(room: Room, addresses: int, principals: int) -> None:
    """Wait until so many places are taken, no more and no fewer."""
    places, wanted = room.view.places, (addresses, principals)
    async with asyncio.timeout(PATIENCE):
        while (len(places.addresses), len(places.principals)) != wanted:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def refuse(room: Room, authorization: str | None = None, **options: Any) -> str:
    """Return why one more console is closed."""
    async with open_console(room, **options) as console:
        if authorization is not None:
            await console.say({"type": "connection_init", "payload": {"authorization": authorization}})
        code, reason = await console.wait_closed()
        assert code == 1013
        return reason


async def test_an_address_has_so_many_sockets_whether_it_has_greeted_or_not(database: str, town: Town) -> None:
    async with open_room(sockets=SocketLimits(of_address=2)) as room, AsyncExitStack() as stack:
        await stack.enter_async_context(open_console(room))
        await stack.enter_async_context(open_console(room, await room.admit(town)))
        assert "from this address" in await refuse(room)
        assert room.view.places.refused == 1
        async with open_console(room, await room.admit(town), **ANOTHER):
            await open_places(room, 3, 2)
        await stack.aclose()
        async with open_console(room, await room.admit(town)):
            await open_places(room, 1, 1)


async def test_a_principal_has_so_many_sockets_from_wherever(database: str, town: Town) -> None:
    async with open_room(sockets=SocketLimits(of_principal=2)) as room:
        authorization = await room.admit(town)
        async with open_console(room, authorization), open_console(room, authorization, **ANOTHER) as other:
            assert "your identity" in await refuse(room, authorization)
            assert room.view.places.refused == 1
            async with open_console(room, await room.admit(town)):
                await open_places(room, 3, 3)
            await other.connection.close()
            await open_places(room, 1, 1)
            async with open_console(room, authorization):
                await open_places(room, 2, 2)


async def leave(console: Console) -> None:
    await console.connection.close()


async def break_off(console: Console) -> None:
    console.connection.transport.abort()


async def stammer(console: Console) -> None:
    await console.say("not JSON")


async def repeat_oneself(console: Console) -> None:
    await console.say({"type": "connection_init"})


async def say_too_much(console: Console) -> None:
    await console.say("x" * 70_000)


@pytest.mark.parametrize("greeted", [True, False])
@pytest.mark.parametrize("end", [leave, break_off, stammer, repeat_oneself, say_too_much])
async def test_whatever_ends_a_socket_gives_its_places_back(database: str, town: Town, end: Any, greeted: bool) -> None:
    async with open_room(sockets=SocketLimits(of_address=1, of_principal=1)) as room:
        authorization = await room.admit(town)
        async with open_console(room, authorization if greeted else None) as console:
            await open_places(room, 1, int(greeted))
            await end(console)
            await open_places(room, 0, 0)
        async with open_console(room, authorization):
            await open_places(room, 1, 1)


async def test_a_flood_of_messages_is_closed_with_1008_and_what_is_usual_is_not(database: str, town: Town) -> None:
    per_second = 20.0
    async with open_room(sockets=SocketLimits(messages_per_second=per_second)) as room:
        async with open_console(room, await room.admit(town)) as console:
            for _ in range(int(per_second * AT_ONCE) - 1):
                await console.say({"type": "ping"})
                assert await console.hear() == {"type": "pong"}
        async with open_console(room, await room.admit(town)) as console:
            for number in range(500):
                await console.say({"type": "complete", "id": str(number)})
            assert await console.wait_closed() == (1008, "Too many messages in a short time")


def test_the_edge_passes_the_limits_that_are_set() -> None:
    settings = read_settings(socket_address_limit=5, socket_principal_limit=4, socket_message_rate=3.0)
    assert read_socket_limits(settings) == SocketLimits(of_address=5, of_principal=4, messages_per_second=3.0)
    assert read_socket_limits(read_settings()) == SocketLimits(512, 32, 50.0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60))
def test_places_are_counted_exactly_whoever_comes_and_goes(moves: list[tuple[str, bool]]) -> None:
    places = Cap(2)
    held = dict.fromkeys("abc", 0)
    for name, coming in moves:
        if coming:
            taken = places.take(name)
            assert taken == (held[name] < 2)
            held[name] += taken
        elif held[name]:
            places.leave(name)
            held[name] -= 1
        assert len(places) == sum(held.values())


def test_who_comes_by_a_socket_of_the_file_system_has_no_address_to_be_capped_by() -> None:
    places = Cap(0)
    assert places.take(None)
    places.leave(None)
    assert (len(places), places.refused) == (0, 0)
    assert not places.take("203.0.113.7")


@given(st.floats(1, 100), st.lists(st.floats(0, 10), min_size=1, max_size=300))
def test_no_span_of_time_holds_more_than_its_allowance(per_second: float, waits: list[float]) -> None:
    now, taken, allowance = 0.0, [], Allowance(per_second, 0.0)
    for wait in waits:
        now += wait
        if allowance.take(now):
            taken.append(now)
    for index, begin in enumerate(taken):
        for count, end in enumerate(taken[index:], start=1):
            assert count <= per_second * (AT_ONCE + end - begin) + 1e-6


def test_an_allowance_comes_back_as_fast_as_it_is_set() -> None:
    allowance = Allowance(10.0, 0.0)
    assert [allowance.take(0.0) for _ in range(41)] == [True] * 40 + [False]
    assert [allowance.take(0.1), allowance.take(0.1)] == [True, False]
    assert [allowance.take(60.0) for _ in range(41)] == [True] * 40 + [False]


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_an_address_is_a_number_or_a_network_of_64_bits(host: str, named: str) -> None:
    assert name_network(host) == named
