"""Promises of lists on screen: what is deleted elsewhere goes, and after a break all that is shown is current."""

import pytest
from console.operator_desk import issue, open_desk
from playwright.async_api import Browser, expect
from stage.cast import Town, draft
from stage.proxy import open_relay

from tocsin.records.people import Citizen
from tocsin.settings import Settings

pytestmark = pytest.mark.timeout(600)


async def test_a_draft_that_one_desk_deletes_goes_from_the_other(browser: Browser, house: Settings, town: Town) -> None:
    await draft(town)
    token = issue(house, "sainte-rive")
    async with open_desk(browser, house, token) as desk, open_desk(browser, house, token) as other:
        for each in (desk, other):
            await each.go("/communications")
            await expect(each.page.get_by_text("1 communication", exact=True)).to_be_visible()
        await other.page.get_by_role("link", name="The river rises", exact=True).click()
        await other.page.get_by_role("button", name="Delete…").click()
        await other.page.get_by_role("button", name="Delete the draft").click()
        for each in (desk, other):
            await expect(each.page.get_by_text("There is no communication yet.")).to_be_visible()


async def test_every_page_on_screen_is_current_after_a_break(browser: Browser, house: Settings, town: Town) -> None:
    async with open_relay(house.port) as relay:
        reached = house.model_copy(update={"public_url": relay.url})
        async with open_desk(browser, reached, issue(house, "sainte-rive")) as desk:
            rows = desk.page.get_by_role("table").get_by_role("row")
            await desk.go("/citizens")
            await expect(rows).to_have_count(51)
            await desk.page.get_by_role("button", name="Show more").click()
            await expect(rows).to_have_count(101)
            first = town.citizens[4]  # Bouchard, of the first page
            relay.break_down()
            await expect(desk.page.get_by_text("Connection lost", exact=True)).to_be_visible()
            await Citizen.filter(id=first.id).update(first_name="Renamed")
            relay.mend()
            await expect(desk.page.get_by_role("link", name="Renamed")).to_be_visible()
            await expect(rows).to_have_count(101)
