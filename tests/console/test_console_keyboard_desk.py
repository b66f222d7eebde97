"""Promises to who has no mouse and wants no motion, in the dark: citizens, log, wall, recontact and audit by keyboard alone."""

from typing import Any

import pytest
from console.keyboard import focused, tab_to
from console.operator_desk import Desk, issue, open_desk
from live.control_room import move
from playwright.async_api import Browser, expect
from stage.cast import Alert, Town, link_points

from tocsin.citizens import refresh_citizen_words
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus
from tocsin.transactions import in_transaction
from tocsin.words import Role

pytestmark = pytest.mark.timeout(600)

MOVING = """() => document.getAnimations()
  .filter((each) => each.playState === "running" && each.effect.getComputedTiming().duration > 1).length"""


async def assert_still(desk: Desk) -> None:
    """Make sure that nothing moves, and that the screen keeps nobody out."""
    assert await desk.page.evaluate(MOVING) == 0
    assert await desk.find_barriers() == []


async def enter(desk: Desk, name: str) -> None:
    """Go to what bears a name, and press it."""
    await tab_to(desk.page, name)
    await desk.page.keyboard.press("Enter")


async def test_a_citizen_is_found_edited_and_sent_a_verification_by_keyboard(
    browser: Browser, house: Settings, town: Town
) -> None:
    async with in_transaction() as connection:
        await refresh_citizen_words(connection, [citizen.id for citizen in town.citizens])
    async with open_desk(
        browser, house, issue(house, "sainte-rive"), appearance="dark", reduced_motion="reduce"
    ) as desk:
        page, keys = desk.page, desk.page.keyboard
        await desk.go("/citizens")
        await tab_to(page, "Search by name")
        await keys.type("tremblay-00005")
        await expect(page.get_by_text("1 citizen", exact=True)).to_be_visible()
        await assert_still(desk)
        await enter(desk, "Tremblay-00005, Aline")
        await enter(desk, "Edit")
        await expect(page.get_by_label("First name")).to_be_focused()
        await keys.press("ControlOrMeta+A")
        await keys.type("Annick")
        await assert_still(desk)
        await enter(desk, "Update")
        await expect(page.get_by_role("heading", name="Annick Tremblay-00005")).to_be_visible()
        await expect(page.get_by_role("button", name="Edit")).to_be_focused()
        await enter(desk, "Resend verification text")
        await expect(page.get_by_text("on its way")).to_be_visible()
        assert (await focused(page)).startswith("Resend"), "the focus stays where the work is"
        await tab_to(page, "Code that the citizen tells")
        await keys.type("000000")
        await keys.press("Enter")
        await expect(page.get_by_text("The code has not been sent yet")).to_be_visible()
        await assert_still(desk)


async def test_the_log_the_wall_a_recontact_and_the_audit_are_done_by_keyboard(
    browser: Browser, house: Settings, town: Town, alert: Alert
) -> None:
    token = issue(house, "sainte-rive", Role.ADMIN)
    chosen: dict[str, Any] = {"language": "en-US", "appearance": "dark", "reduced_motion": "reduce"}
    async with open_desk(browser, house, token, **chosen) as desk:
        page, keys = desk.page, desk.page.keyboard
        await desk.go("/log")
        await expect(page.get_by_role("link", name="The river rises", exact=True)).to_be_visible()
        await tab_to(page, "This week")
        for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Enter"):  # to the last, the days of one's own
            await keys.press(key)
        await tab_to(page, "First day")
        await keys.type("01022020")
        await tab_to(page, "Last day")
        await keys.type("01032020")
        await expect(page.get_by_text("Nothing was sent")).to_be_visible()
        await assert_still(desk)
        await enter(desk, "Being sent now")
        await expect(page.get_by_role("heading", name="The river rises")).to_be_visible()
        await assert_still(desk)
        await enter(desk, "The river rises")
        await desk.wait_for_counts((0, 120, 0))
        await link_points(alert)
        await move(alert, range(100))
        await move(alert, range(100, 120), DeliveryStatus.SMS_UNDELIVERED)
        await desk.wait_for_counts((100, 0, 20))
        await enter(desk, "Recontact…")
        await expect(page.get_by_role("dialog", name="Recontact 20 citizens?")).to_be_visible()
        await assert_still(desk)
        await enter(desk, "Recontact now")
        await expect(page.get_by_text("A recontact is running")).to_be_visible()
        await enter(desk, "Audit")
        await expect(page.get_by_role("cell", name="recontactUncontacted")).to_be_visible()
        await enter(desk, "Read again")
        await assert_still(desk)
