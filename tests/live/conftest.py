"""What the tests of live pictures share: a town, an alert that its citizens are being told of, and a control room."""

from collections.abc import AsyncIterator

import pytest
from live.control_room import Room, open_room
from stage.cast import Alert, Town, found_town, send_and_assess, settle_citizens


@pytest.fixture
def size() -> int:
    """How many citizens the town has; a module that needs more says so by a fixture of its own."""
    return 3


@pytest.fixture
async def town(database: str, size: int) -> Town:
    founded = await found_town()
    await settle_citizens(founded, size)
    return founded


@pytest.fixture
async def alert(town: Town) -> Alert:
    return await send_and_assess(town)


@pytest.fixture(params=[True, pytest.param(False, marks=pytest.mark.proof)], ids=["prepared frames", "ASGI's send"])
async def room(database: str, request: pytest.FixtureRequest) -> AsyncIterator[Room]:
    async with open_room(prepared=request.param) as opened:
        yield opened
