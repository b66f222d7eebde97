"""Promises of every screen in a real browser: nobody is kept out, in either language, at any size; and what it looks like."""

from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import pytest
from console.operator_desk import PHONE, WALL, Desk, address, issue, open_desk
from live.control_room import move
from playwright.async_api import Browser, expect
from stage.cast import Alert, Town, draft

from tocsin.records.communications import Communication
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.words import Channel, CommunicationKind, CommunicationState, Role

pytestmark = pytest.mark.timeout(600)

APPEARANCES = ("light", "dark")
FIRST = "Aline Tremblay-00000"


@pytest.fixture
async def reported(alert: Alert) -> Alert:
    """The alert, with every kind of report about somebody."""
    await move(alert, range(70))
    await move(alert, range(70, 90), DeliveryStatus.SMS_UNDELIVERED)
    await move(alert, range(90, 110), DeliveryStatus.SMS_SENT)
    return alert


@pytest.fixture
async def campaign(town: Town, reported: Alert) -> Communication:
    """A campaign that holds a draft."""
    now = tell_time()
    held = await draft(town, [Channel.CALL, Channel.SMS, Channel.EMAIL])
    campaign = await Communication.create(
        municipality=town.municipality, category=town.category, kind=CommunicationKind.CAMPAIGN,
        state=CommunicationState.DRAFT, title="Crue du printemps", channels=[], created_at=now, modified_at=now,
    )  # fmt: skip
    held.campaign_id = campaign.id
    await held.save()
    return campaign


@pytest.fixture(params=APPEARANCES)
async def desk(request: pytest.FixtureRequest, browser: Browser, house: Settings, town: Town) -> AsyncIterator[Desk]:
    token = issue(house, "sainte-rive", Role.ADMIN)
    async with open_desk(browser, house, token, appearance=request.param) as desk:
        yield desk


async def test_the_door(browser: Browser, house: Settings, town: Town) -> None:
    for appearance in APPEARANCES:
        async with open_desk(browser, house, None, appearance=appearance) as desk:
            await desk.go("/")
            await desk.page.get_by_role("button", name="Sign in").click()
            await expect(desk.page.get_by_text("neither a token nor a link")).to_be_visible()
            assert await desk.find_barriers() == []


async def test_the_list_and_a_campaign(desk: Desk, campaign: Communication) -> None:
    await desk.go("/communications")
    await expect(desk.page.get_by_role("link", name="The river rises", exact=True)).to_be_visible()
    assert await desk.find_barriers() == []
    await desk.page.get_by_role("searchbox").fill("ÉCRUE DU")
    await expect(desk.page.get_by_text("Nothing fits this search.")).to_be_visible()
    await desk.page.get_by_role("searchbox").fill("CRUE DU")
    await desk.page.get_by_role("link", name="Open the campaign Crue du printemps").click()
    await expect(desk.page.get_by_role("heading", name="Crue du printemps")).to_be_visible()
    await expect(desk.page.get_by_role("link", name="View The river rises")).to_be_visible()
    assert await desk.find_barriers() == []


async def test_statistics_with_the_attempts_of_a_citizen(desk: Desk, reported: Alert) -> None:
    await desk.go(address(reported.id, "statistics"))
    await desk.wait_for_counts((70, 30, 20))
    await desk.page.get_by_role("searchbox").fill("Tremblay-00000")
    await expect(desk.page.get_by_text("1 citizen", exact=True)).to_be_visible()
    await desk.page.get_by_role("button", name="Tremblay-00000").click()
    await expect(desk.page.get_by_role("list", name=f"Attempts to reach {FIRST}")).to_be_visible()
    assert await desk.find_barriers() == []


async def test_statistics_of_one_outcome_and_status(desk: Desk, reported: Alert) -> None:
    await desk.go(address(reported.id, "statistics"))
    await desk.page.get_by_role("radio", name="Not contacted").click()
    await expect(desk.page.get_by_text("20 citizens", exact=True)).to_be_visible()
    await desk.page.get_by_label("Status").select_option(label="Text message – Received")
    await expect(desk.page.get_by_text("Nobody fits this choice.")).to_be_visible()


async def test_what_citizens_receive_and_the_question_before_sending(desk: Desk, town: Town) -> None:
    written = await draft(town, [Channel.CALL, Channel.SMS, Channel.EMAIL])
    await desk.go(address(written.id, "view"))
    await expect(desk.page.get_by_text("Nobody has received it.")).to_be_visible()
    assert await desk.find_barriers() == []
    await desk.page.get_by_role("button", name="Send…").click()
    await desk.page.get_by_role("radio", name="At a set time").click()
    await desk.page.get_by_role("button", name="Schedule").click()
    await expect(desk.page.get_by_text("Choose a moment that is still to come.")).to_be_visible()
    assert await desk.find_barriers() == []


async def test_the_editor_and_a_new_category(desk: Desk) -> None:
    await desk.go("/communications/new")
    await desk.page.get_by_label("Text message").check()
    await desk.page.get_by_role("button", name="Save as draft").click()
    await expect(desk.page.get_by_text("Write a title.")).to_be_visible()
    assert await desk.find_barriers() == []
    await desk.page.get_by_role("button", name="New category").click()
    dialog = desk.page.get_by_role("dialog", name="New category")
    await dialog.get_by_role("button", name="Make the category").click()
    await expect(dialog.get_by_text("Write a name.")).to_be_visible()
    assert await desk.find_barriers() == []


async def test_an_address_that_leads_nowhere(desk: Desk) -> None:
    await desk.go("/somewhere")
    await expect(desk.page.get_by_text("There is nothing at this address.")).to_be_visible()
    assert await desk.find_barriers() == []


async def test_the_wall_is_read_from_afar(browser: Browser, house: Settings, town: Town, reported: Alert) -> None:
    token = issue(house, "sainte-rive", Role.VIEWER)
    async with open_desk(browser, house, token, size=WALL, appearance="wall") as desk:
        await desk.go(address(reported.id, "statistics"))
        await desk.wait_for_counts((70, 30, 20))
        number = await desk.page.locator("[data-count=CONTACTED]").bounding_box()
        assert number is not None
        assert number["height"] >= WALL[1] / 12, "three metres away"
        assert await desk.page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "all of it at once"
        assert await desk.find_barriers() == []


async def test_a_phone_shows_everything_without_scrolling_sideways(
    browser: Browser, house: Settings, town: Town, campaign: Communication, reported: Alert
) -> None:
    token = issue(house, "sainte-rive", Role.ADMIN)
    async with open_desk(browser, house, token, size=PHONE, has_touch=True, language="fr-CA") as desk:
        for path in (
            "/communications",
            "/communications/new",
            address(reported.id, "statistics"),
            address(reported.id, "view"),
            address(campaign.id, "campaign"),
        ):
            await desk.go(path)
            await expect(desk.page.get_by_role("heading").first).to_be_visible()
            assert await desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert await desk.find_barriers() == []


async def test_french_says_everything_in_french(browser: Browser, house: Settings, town: Town, reported: Alert) -> None:
    async with open_desk(browser, house, issue(house, "sainte-rive"), language="fr-CA") as desk:
        await desk.go("/communications")
        await expect(desk.page.get_by_role("heading", name="Liste des communications")).to_be_visible()
        assert await desk.page.evaluate("document.documentElement.lang") == "fr"
        await desk.page.get_by_role("link", name="Statistiques").click()
        await desk.wait_for_counts((70, 30, 20))
        for words in (
            "Contactés",
            "Non contactés",
            "Message texte",
            "Non livré",
            "Dernier changement",
            "sur 120 citoyens",
        ):
            await expect(desk.page.get_by_text(words).first).to_be_visible()
        await desk.page.get_by_role("radio", name="English").click()
        await expect(desk.page.get_by_text("of 120 citizens")).to_be_visible()
        await expect(desk.page.get_by_text("Undelivered").first).to_be_visible()
        await desk.page.reload()
        await expect(desk.page.get_by_text("of 120 citizens")).to_be_visible()


async def test_a_viewer_is_offered_nothing_that_he_may_not_do(browser: Browser, house: Settings, town: Town) -> None:
    written = await draft(town)
    async with open_desk(browser, house, issue(house, "sainte-rive", Role.VIEWER)) as desk:
        await desk.go("/communications")
        await expect(desk.page.get_by_role("link", name="The river rises", exact=True)).to_be_visible()
        await expect(desk.page.get_by_role("link", name="New communication")).to_have_count(0)
        await desk.go(address(written.id, "view"))
        await expect(desk.page.get_by_text("Nobody has received it.")).to_be_visible()
        await expect(desk.page.get_by_role("button", name="Send…")).to_have_count(0)


async def test_a_token_that_ends_leads_back_to_the_door(
    browser: Browser, house: Settings, town: Town, alert: Alert
) -> None:
    async with open_desk(browser, house, issue(house, "sainte-rive", lifetime=6)) as desk:
        await desk.go(address(alert.id, "statistics"))
        await desk.wait_for_counts((0, 120, 0))
        await expect(desk.page.get_by_text("Your session is over")).to_be_visible()
        assert await desk.page.evaluate("sessionStorage.length") == 0


async def test_the_list_follows_what_others_do(browser: Browser, house: Settings, town: Town) -> None:
    async with open_desk(browser, house, issue(house, "sainte-rive")) as desk:
        await desk.go("/communications")
        await expect(desk.page.get_by_text("There is no communication yet.")).to_be_visible()
        async with open_desk(browser, house, issue(house, "sainte-rive", Role.ADMIN)) as other:
            await other.go("/communications/new")
            await other.page.get_by_role("radio", name="Campaign").click()
            await other.page.get_by_label("Title").fill("Crue du printemps")
            await other.page.get_by_label("Category", exact=True).select_option(label="Floods")
            await other.page.get_by_role("button", name="Save as draft").click()
            await expect(other.page.get_by_role("heading", name="Crue du printemps")).to_be_visible()
        await expect(desk.page.get_by_role("link", name="Crue du printemps", exact=True)).to_be_visible()


async def test_motion_that_is_not_wanted_is_left_out(
    browser: Browser, house: Settings, town: Town, alert: Alert
) -> None:
    async with open_desk(browser, house, issue(house, "sainte-rive"), reduced_motion="reduce") as desk:
        await desk.go(address(alert.id, "statistics"))
        await expect(desk.page.get_by_role("table").get_by_text("In progress").first).to_be_visible()
        await move(alert, range(60))
        flash = desk.page.locator(".flash").first
        await expect(flash).to_be_attached()
        assert await flash.evaluate("(element) => getComputedStyle(element).animationName") == "none"


async def test_times_are_the_municipality_s_whatever_the_browser_s_zone(
    browser: Browser, house: Settings, town: Town, alert: Alert
) -> None:
    sent_at = alert.communication.sent_at
    assert sent_at is not None
    local = sent_at.astimezone(ZoneInfo("America/Toronto"))
    async with open_desk(browser, house, issue(house, "sainte-rive"), timezone_id="Asia/Tokyo") as desk:
        await desk.go(address(alert.id, "statistics"))
        await expect(desk.page.get_by_text(f"{local.day}, {local.year}, {local:%H:%M}")).to_be_visible()
