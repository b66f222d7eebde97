"""Promises to who has no mouse: everything can be done by keyboard alone, and the focus is where the work is."""

import pytest
from console.keyboard import focused, tab_to
from console.operator_desk import Desk, address, issue, open_desk, wait_until
from playwright.async_api import Browser, expect
from stage.cast import Alert, Town, draft
from stage.house import open_house

from tocsin.settings import Settings
from tocsin.words import Role

pytestmark = pytest.mark.timeout(600)


async def test_a_communication_is_written_and_scheduled_by_keyboard(
    browser: Browser, house: Settings, town: Town
) -> None:
    token = issue(house, "sainte-rive", Role.OPERATOR)
    async with open_desk(browser, house, None, language="en-US") as desk:
        page, keys = desk.page, desk.page.keyboard
        await desk.go("/")
        await tab_to(page, "Access token or link")
        await keys.insert_text(token)
        await tab_to(page, "Sign in")
        await keys.press("Enter")
        await expect(page.get_by_role("heading", name="Communication list")).to_be_visible()
        await tab_to(page, "New communication")
        await keys.press("Enter")
        await expect(page.get_by_role("heading", name="New communication")).to_be_visible()
        await write_by_keyboard(desk)
        await expect(page.get_by_text("Nobody has received it.")).to_be_visible()
        await tab_to(page, "Send…")
        await keys.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await tab_to(page, "Now")
        await keys.press("ArrowRight")
        await keys.press("Enter")
        await tab_to(page, "Day and time")
        await keys.type("01202031")
        await keys.press("ArrowRight")
        await keys.type("0830AM")
        await tab_to(page, "Schedule")
        await keys.press("Enter")
        await expect(page.get_by_text("This communication will be sent Jan 20, 2031, 08:30.")).to_be_visible()
        assert "Send" in await focused(page), "the focus is back where the question was asked"


async def write_by_keyboard(desk: Desk) -> None:
    """Fill in the editor, first in a way that is refused."""
    page, keys = desk.page, desk.page.keyboard
    await tab_to(page, "Save as draft")
    await keys.press("Enter")
    await expect(page.get_by_text("Write a title.")).to_be_visible()
    await wait_until(page, "() => document.activeElement.getAttribute('aria-invalid') === 'true'")
    assert await focused(page) == "Title", "the focus goes to what is wrong first"
    await keys.type("The river falls")
    await tab_to(page, "Category")
    await keys.press("ArrowDown")
    await tab_to(page, "Text message")
    await keys.press("Space")
    await tab_to(page, "Text message")
    await keys.type("La rivière baisse.")
    await tab_to(page, "Save as draft")
    await keys.press("Enter")


async def test_the_grid_is_walked_and_opened_by_keyboard(
    browser: Browser, house: Settings, town: Town, alert: Alert
) -> None:
    async with open_desk(browser, house, issue(house, "sainte-rive")) as desk:
        page, keys = desk.page, desk.page.keyboard
        await desk.go(address(alert.id, "statistics"))
        await expect(page.get_by_role("button", name="Bouchard-00004")).to_be_visible()
        await tab_to(page, "Bouchard-00004")
        for key, name in (
            ("ArrowDown", "Bouchard-00009"),
            ("ArrowUp", "Bouchard-00004"),
            ("End", "Tremblay-00115"),
            ("Home", "Bouchard-00004"),
        ):
            await keys.press(key)
            await wait_until(page, f"() => document.activeElement.textContent === '{name}'")
        await keys.press("Enter")
        await expect(page.get_by_role("list", name="Attempts to reach Édith Bouchard-00004")).to_be_visible()
        assert await focused(page) == "Bouchard-00004"
        await keys.press("Enter")
        await expect(page.get_by_role("list", name="Attempts to reach")).to_have_count(0)
        await page.reload()
        await tab_to(page, "All")
        await keys.press("ArrowRight")
        await keys.press("Space")
        await expect(page.get_by_text("0 citizens", exact=True)).to_be_visible()


async def test_a_reader_can_pass_the_head_and_a_question_can_be_left(
    browser: Browser, house: Settings, town: Town
) -> None:
    written = await draft(town)
    async with open_desk(browser, house, issue(house, "sainte-rive")) as desk:
        page, keys = desk.page, desk.page.keyboard
        await desk.go(address(written.id, "view"))
        await expect(page.get_by_text("Nobody has received it.")).to_be_visible()
        await keys.press("Tab")
        assert await focused(page) == "Go to the contents"
        await keys.press("Enter")
        await tab_to(page, "Send…")
        await keys.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await keys.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        assert await focused(page) == "Send…"


async def test_a_screen_reader_is_told_the_counts_sparingly(
    browser: Browser, database: str, town: Town, alert: Alert
) -> None:
    async with open_house(database) as house, open_desk(browser, house, issue(house, "sainte-rive")) as desk:
        await desk.go(address(alert.id, "statistics"))
        said = "In progress. 0 contacted, 120 in progress, 0 not contacted, of 120."
        await expect(desk.page.get_by_role("status").get_by_text(said)).to_be_attached()
