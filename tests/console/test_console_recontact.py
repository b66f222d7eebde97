"""Promises of recontact: what one operator starts, the other sees, to the last count."""

import pytest
from console.operator_desk import address, issue, open_desk, read_counts
from live.control_room import move
from playwright.async_api import Browser, expect
from stage.carriers_settings import describe_carriers
from stage.cast import Alert, Town, draft, found_town, link_points, send_now, settle_citizens
from stage.house import open_house
from stage.simulator import open_carriers

from tocsin.records.people import ContactPoint
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus
from tocsin.words import Role

pytestmark = pytest.mark.timeout(600)


async def finish(alert: Alert) -> None:
    """Let a hundred be reached, twenty not, and nobody be waited for."""
    await link_points(alert)
    await move(alert, range(100))
    await move(alert, range(100, 120), DeliveryStatus.SMS_UNDELIVERED)


async def test_recontact_asked_for_at_one_desk_appears_at_the_other(
    browser: Browser, house: Settings, town: Town, alert: Alert
) -> None:
    await finish(alert)
    here = address(alert.id, "statistics")
    async with (
        open_desk(browser, house, issue(house, "sainte-rive")) as desk,
        open_desk(browser, house, issue(house, "sainte-rive", Role.ADMIN)) as other,
    ):
        await desk.go(here)
        await other.go(here)
        await other.wait_for_counts((100, 0, 20))
        await expect(other.page.get_by_role("button", name="Recontact…")).to_be_visible()
        await desk.page.get_by_role("button", name="Recontact…").focus()
        await desk.page.keyboard.press("Enter")
        dialog = desk.page.get_by_role("dialog", name="Recontact 20 citizens?")
        await expect(dialog.get_by_text("This is irreversible.")).to_be_visible()
        assert await desk.find_barriers() == []
        await dialog.get_by_role("button", name="Recontact now").click()
        await expect(other.page.get_by_text("A recontact is running")).to_be_visible()
        await expect(other.page.get_by_text("Last one by Odile")).to_be_visible()
        await expect(other.page.get_by_role("button", name="Recontact…")).to_have_count(0)


async def test_a_recontact_is_followed_at_both_desks_to_the_numbers_of_the_database(
    browser: Browser, database: str
) -> None:
    town = await found_town()
    await settle_citizens(town, 10)
    written = await draft(town)
    async with (
        open_carriers() as carriers,
        open_house(database, working=True, tocsin_reminder_minutes="", **describe_carriers(carriers)) as house,
        open_desk(browser, house, issue(house, "sainte-rive")) as desk,
        open_desk(browser, house, issue(house, "sainte-rive", Role.ADMIN), language="fr-CA") as other,
    ):
        await send_now(written)
        for each in (desk, other):
            await each.go(address(written.id, "statistics"))
            await each.wait_for_counts((5, 0, 5), timeout=40)
        for index, number in ((3, "+14185559901"), (5, "+14185559902")):  # nobody is reached at the numbers they gave
            await ContactPoint.filter(citizen_id=town.citizens[index].id).update(address=number)
        await desk.page.get_by_role("button", name="Recontact…").click()
        await desk.page.get_by_role("button", name="Recontact now").click()
        for each in (desk, other):
            await each.wait_for_counts((7, 0, 3), timeout=40)
        assert await desk.counts() == await other.counts() == await read_counts(written.id)
        await expect(other.page.get_by_text("Odile").nth(1)).to_be_visible()
