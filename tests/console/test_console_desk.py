"""Promises of what an operator does besides watching: edit, delete, stop and export."""

import pytest
from console.operator_desk import PHONE, WALL, address, issue, open_desk
from playwright.async_api import Browser, expect
from stage.cast import Alert, Town, draft
from stage.house import open_house

from tocsin.identifiers import expose
from tocsin.settings import Settings
from tocsin.words import Role

pytestmark = pytest.mark.timeout(600)

SCREENS = ("/wall", "/log", "/citizens", "/audit")


async def test_a_draft_is_edited_and_deleted(browser: Browser, house: Settings, town: Town) -> None:
    written = await draft(town)
    async with open_desk(browser, house, issue(house, "sainte-rive")) as desk:
        page = desk.page
        await desk.go(address(written.id, "view"))
        await page.get_by_role("link", name="Edit").click()
        await expect(page.get_by_label("Title")).to_have_value("The river rises")
        assert await desk.find_barriers() == []
        await page.get_by_label("Title").fill("The river falls")
        await page.get_by_role("button", name="Save the changes").click()
        await expect(page.get_by_role("heading", name="The river falls")).to_be_visible()
        await page.get_by_role("button", name="Delete…").click()
        await page.get_by_role("button", name="Delete the draft").click()
        await expect(page.get_by_text("There is no communication yet.")).to_be_visible()


async def test_an_alert_is_stopped_and_says_so(browser: Browser, house: Settings, town: Town, alert: Alert) -> None:
    async with open_desk(browser, house, issue(house, "sainte-rive")) as desk:
        await desk.go(address(alert.id, "statistics"))
        await desk.page.get_by_role("button", name="Stop…").click()
        await desk.page.get_by_role("button", name="Stop it now").click()
        await expect(desk.page.locator(".chip-CANCELLED")).to_be_visible()
        await expect(desk.page.get_by_role("button", name="Stop…")).to_have_count(0)


@pytest.mark.parametrize(("size", "appearance", "language"), [(PHONE, "dark", "fr-CA"), (WALL, "wall", "en-CA")])
async def test_new_screens_fit_a_phone_and_a_wall(
    browser: Browser, house: Settings, town: Town, alert: Alert, size: tuple[int, int], appearance: str, language: str
) -> None:
    token = issue(house, "sainte-rive", Role.ADMIN)
    profile = f"/citizens/{expose('citizen', town.citizens[0].id)}"
    async with open_desk(browser, house, token, size=size, appearance=appearance, language=language) as desk:
        for path in (*SCREENS, profile):
            await desk.go(path)
            await expect(desk.page.get_by_role("heading").first).to_be_visible()
            assert await desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert await desk.find_barriers() == [], path


async def test_a_workbook_is_made_and_saved(browser: Browser, database: str, town: Town, alert: Alert) -> None:
    async with (
        open_house(database, working=True) as house,
        open_desk(browser, house, issue(house, "sainte-rive")) as desk,
    ):
        await desk.go(address(alert.id, "statistics"))
        async with desk.page.expect_download(timeout=30_000) as download:
            await desk.page.get_by_role("button", name="Export").click()
        assert (await download.value).suggested_filename.endswith(".xlsx")
        await expect(desk.page.get_by_role("button", name="Save again")).to_be_visible()
