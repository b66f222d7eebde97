"""What the end-to-end tests of the console share: a browser, and the town that they watch."""

import os
from collections.abc import AsyncIterator

import pytest
from console.browsers import find_browser, open_browser
from playwright.async_api import Browser, expect
from stage.cast import Alert, Town, found_town, send_and_assess, settle_citizens

from tocsin_server.console import STATIC


@pytest.fixture(scope="session")
def program() -> str:
    """The browser's program, where it can be had, and a console to show in it."""
    if os.environ.get("TOCSIN_SKIP_CONSOLE"):
        pytest.skip("TOCSIN_SKIP_CONSOLE is set: there is no page to look at")
    assert (STATIC / "index.html").exists(), "the console has not been built; run make install"
    found, reason = find_browser()
    if found is None:
        pytest.skip(reason)
    return found


@pytest.fixture
async def browser(program: str) -> AsyncIterator[Browser]:
    # How soon something shows is measured elsewhere, against the machine's crowding.
    expect.set_options(timeout=30_000)
    async with open_browser(program) as opened:
        yield opened


@pytest.fixture
async def town(database: str) -> Town:
    town = await found_town()
    await settle_citizens(town, 120)
    return town


@pytest.fixture
async def alert(town: Town) -> Alert:
    """A text message on its way to everybody in town; nothing has been reported."""
    return await send_and_assess(town)
