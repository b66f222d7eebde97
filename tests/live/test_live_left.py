"""The promise that a socket which has ended leaves nothing of ours for the garbage collector, however it ended."""

import asyncio
import gc
from collections.abc import Iterator

import pytest
from live.control_room import STATISTICS, Console, Room, open_console, variables_of
from stage.cast import Alert, Town
from stage.polling import until

from tocsin_graphql.members import AnyMember
from tocsin_graphql.outlets import Outlet
from tocsin_graphql.socket import SocketHandler

OURS = (SocketHandler, Outlet, AnyMember)
SOCKETS = 5


@pytest.fixture
def untidy() -> Iterator[None]:
    """Let nothing be collected meanwhile."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def count_ours() -> int:
    return sum(issubclass(type(each), OURS) for each in gc.get_objects())


async def leave(console: Console, way: str) -> None:
    if way == "complete":
        await console.say({"id": "1", "type": "complete"})
    if way == "abort":
        console.connection.transport.abort()


@pytest.mark.parametrize("way", ["close", "complete", "abort"])
@pytest.mark.usefixtures("untidy")
async def test_of_sockets_that_came_and_went_nothing_is_left(room: Room, alert: Alert, town: Town, way: str) -> None:
    authorization = await room.admit(town)

    async def visit() -> None:
        async with open_console(room, authorization) as console:
            await console.subscribe(STATISTICS, **variables_of(alert))
            await console.next("statistics")
            await leave(console, way)

    await visit()
    for _ in range(SOCKETS):
        await visit()

    async def is_tidy() -> bool:
        await asyncio.sleep(0)
        return count_ours() == 0

    await until(is_tidy, seconds=10)
