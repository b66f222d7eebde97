"""Promises of the citizen editor: what is edited is seen at every desk, and an address is proved to be the citizen's."""

from collections.abc import AsyncIterator

import pytest
from console.operator_desk import Desk, issue, open_desk, tell_once
from playwright.async_api import Browser, expect
from stage.carriers_settings import describe_carriers
from stage.cast import Town, found_town, settle_citizens
from stage.house import open_house
from stage.received import WRITTEN_CODE, read_link, read_text
from stage.simulator import Carriers, open_carriers

from tocsin.identifiers import expose
from tocsin.records.people import ContactPoint
from tocsin.settings import Settings
from tocsin.times import tell_time
from tocsin.words import Channel, Role

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
async def town(database: str) -> Town:
    town = await found_town()
    await settle_citizens(town, 1, [Channel.CALL, Channel.SMS, Channel.EMAIL])
    return town


@pytest.fixture
async def carriers() -> AsyncIterator[Carriers]:
    async with open_carriers() as carriers:
        yield carriers


@pytest.fixture
async def working_house(database: str, carriers: Carriers) -> AsyncIterator[Settings]:
    async with open_house(database, working=True, **describe_carriers(carriers)) as settings:
        events = f"{settings.public_url}/webhooks/ses"
        await carriers.client.post(f"{carriers.url}/simulator/subscribe", json={"url": events})
        yield settings


def profile_of(town: Town) -> str:
    return f"/citizens/{expose('citizen', town.citizens[0].id)}"


def differ(code: str) -> str:
    """Return six digits that are not these."""
    return f"{(int(code) + 1) % 1_000_000:06}"


async def confirm(desk: Desk, code: str) -> None:
    await desk.page.get_by_label("Code that the citizen tells").fill(code)
    await desk.page.get_by_role("button", name="Confirm").click()


async def test_a_number_is_proved_by_the_code_that_the_citizen_tells(
    browser: Browser, working_house: Settings, town: Town, carriers: Carriers
) -> None:
    token = issue(working_house, "sainte-rive")
    async with (
        open_desk(browser, working_house, token) as desk,
        open_desk(browser, working_house, token, language="fr-CA", appearance="dark") as other,
    ):
        page = desk.page
        for each in (desk, other):
            await each.go(profile_of(town))
        await expect(page.get_by_text("Not verified")).to_have_count(2)
        await expect(other.page.get_by_text("Non vérifié")).to_have_count(2)
        resend = page.get_by_role("button", name="Resend verification text: +14185550000")
        await resend.click()
        await expect(page.get_by_text("Text message Received")).to_be_visible()
        await expect(other.page.get_by_text("Message texte Reçu")).to_be_visible()
        await expect(other.page.get_by_role("button", name="Renvoyer le texto de vérification")).to_be_visible()
        await resend.click()
        await expect(page.get_by_role("alert").get_by_text("again from")).to_be_visible()
        [code] = WRITTEN_CODE.findall(read_text(carriers))
        await confirm(desk, "12345")
        await expect(page.get_by_text("The code has six digits.")).to_be_visible()
        await confirm(desk, differ(code))
        await expect(page.get_by_text("This is not the code that was sent.")).to_be_visible()
        for each in (desk, other):
            assert await each.find_barriers() == []
        await confirm(desk, code)
        await expect(page.get_by_text("Not verified")).to_have_count(1)
        assert await page.evaluate("document.activeElement.textContent") == "+14185550000"
        await expect(other.page.get_by_text("Vérifié le")).to_be_visible()


async def test_an_e_mail_address_is_proved_by_the_link_and_the_page_follows(
    browser: Browser, working_house: Settings, town: Town, carriers: Carriers
) -> None:
    async with open_desk(browser, working_house, issue(working_house, "sainte-rive"), language="fr-CA") as desk:
        page = desk.page
        await desk.go(profile_of(town))
        await page.get_by_role("button", name="Renvoyer le courriel de vérification").click()
        await expect(page.get_by_text("Courriel Reçu")).to_be_visible()
        await expect(page.get_by_label("Code que dit le citoyen")).to_have_count(0)
        (await carriers.client.post(read_link(carriers))).raise_for_status()
        await expect(page.get_by_text("Vérifié le")).to_be_visible()
        await expect(page.get_by_text("Non vérifié")).to_have_count(1)


async def test_what_was_verified_meanwhile_is_said_to_be(browser: Browser, house: Settings, town: Town) -> None:
    async with open_desk(browser, house, issue(house, "sainte-rive")) as desk:
        # The server sees the proof by itself within a second; here the click has to come first.
        told = await tell_once(desk.page, '"citizenChanged"')
        await desk.go(profile_of(town))
        await told.wait()
        resend = desk.page.get_by_role("button", name="Resend verification call")
        await expect(resend).to_be_visible()
        await ContactPoint.all().update(verified_at=tell_time())
        await resend.click()
        await expect(desk.page.get_by_text("This address has been verified already")).to_be_visible()


async def test_a_profile_is_edited_and_every_desk_sees_it(browser: Browser, house: Settings, town: Town) -> None:
    await ContactPoint.all().update(verified_at=tell_time())
    token = issue(house, "sainte-rive")
    async with (
        open_desk(browser, house, token) as desk,
        open_desk(browser, house, token, language="fr-CA") as other,
    ):
        page = desk.page
        for each in (desk, other):
            await each.go(profile_of(town))
        await other.page.get_by_role("button", name="Modifier").click()
        await page.get_by_role("button", name="Edit").click()
        assert await page.evaluate("document.activeElement.labels[0].textContent") == "First name"
        assert await desk.find_barriers() == []
        await page.get_by_label("Last name").fill("Roy")
        number = page.get_by_role("group", name="Number or address 1").get_by_role("textbox")
        await number.fill("12")
        await page.get_by_role("button", name="Update").click()
        await expect(page.get_by_text("This can't be accepted")).to_be_visible()
        await expect(number).to_be_focused()
        await number.fill("418 555-0199")
        await page.get_by_role("button", name="Add a number or an address").click()
        await page.get_by_role("button", name="Update").click()
        await expect(page.get_by_text("Write a number or an e-mail address")).to_be_visible()
        await page.get_by_role("button", name="Remove number or address 3").click()
        await page.get_by_role("button", name="Update").click()
        await expect(page.get_by_role("heading", name="Aline Roy")).to_be_visible()
        await expect(page.get_by_role("button", name="Edit")).to_be_focused()
        await expect(page.get_by_role("row", name="+14185550199").get_by_text("Not verified")).to_be_visible()
        await expect(page.get_by_text("Verified", exact=False)).not_to_have_count(0)
        await expect(other.page.get_by_text("a modifié ce profil entre-temps")).to_be_visible()
        assert await other.find_barriers() == []
        await other.page.get_by_role("button", name="Annuler").click()
        await expect(other.page.get_by_role("heading", name="Aline Roy")).to_be_visible()


async def test_a_viewer_reads_a_profile_and_changes_nothing(browser: Browser, house: Settings, town: Town) -> None:
    async with open_desk(browser, house, issue(house, "sainte-rive", Role.VIEWER)) as desk:
        await desk.go(profile_of(town))
        await expect(desk.page.get_by_text("Not verified")).to_have_count(2)
        await expect(desk.page.get_by_role("main").get_by_role("button")).to_have_count(0)
