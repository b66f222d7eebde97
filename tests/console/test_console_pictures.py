"""The pictures that the README shows, made of a town in the middle of an alert; the README says how to renew them."""

import re
from datetime import timedelta

import pytest
from console.operator_desk import DESK, PHONE, PICTURES, ROOT, WALL, address, issue, open_desk
from live.control_room import move
from playwright.async_api import Browser, Page, expect
from stage.cast import Alert, Town, assess_all, draft, found_town, make_citizen, make_delivery, send_by_hand

from tocsin.database import get_database
from tocsin.folding import fold
from tocsin.records.communications import Communication, Delivery
from tocsin.records.people import Citizen, Municipality
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus as S
from tocsin.times import tell_time
from tocsin.words import Channel, CommunicationKind, CommunicationState, Handling, Outcome, Role
from tocsin_server.drill import FIRST, LAST

pytestmark = pytest.mark.timeout(600)

SHOWN = {"statistics", "list", "log", "editor", "wall", "phone"}
LARGEST = 120_000
PEOPLE = 1_840
# What was reported on each channel: by turns of so many citizens, so that the shares come near those of a real alert.
REPORTS = {
    Channel.CALL: [S.CALL_COMPLETED] * 9
    + [S.CALL_VOICEMAIL] * 3
    + [S.CALL_NO_ANSWER] * 3
    + [S.CALL_RINGING, S.CALL_BUSY],
    Channel.SMS: [S.SMS_RECEIVED] * 7 + [S.SMS_SENT] * 3 + [S.SMS_UNDELIVERED] * 2 + [S.SMS_FAILED],
    Channel.EMAIL: [S.EMAIL_OPENED] * 3 + [S.EMAIL_RECEIVED] * 4 + [S.EMAIL_SENT] * 2 + [S.EMAIL_REBOUND] * 2,
}


@pytest.fixture
async def town(database: str) -> Town:
    town = await found_town()
    await Municipality.filter(id=town.municipality.id).update(name="Sainte-Rive")
    town.citizens = [
        make_citizen(town, FIRST[number % len(FIRST)], LAST[number * 7 % len(LAST)]) for number in range(PEOPLE)
    ]
    await Citizen.bulk_create(town.citizens)
    return town


@pytest.fixture
async def alert(town: Town) -> Alert:
    """An evacuation by call, text and e-mail, some minutes after it began."""
    alert = await send_by_hand(town, each=0)
    sent_at = tell_time() - timedelta(minutes=11)
    await Communication.filter(id=alert.id).update(
        title="Évacuation du secteur de la rivière", channels=list(Channel), sent_at=sent_at
    )
    deliveries = []
    for number, recipient in enumerate(alert.recipients):
        recipient.phone = f"+1418555{number:04}"
        recipient.email = f"{fold(recipient.first_name)}.{fold(recipient.last_name)}{number}@exemple.test"
        # Three of four gave a telephone that is called, most an address; some one thing only.
        ways = [Channel.CALL] * (number % 4 > 0) + [Channel.SMS] * (number % 5 > 1) + [Channel.EMAIL] * (number % 7 > 3)
        for channel in ways or [Channel.CALL]:
            made = make_delivery(recipient, alert.waves[0], Handling.TAKEN, channel)
            turns = REPORTS[channel]
            made.status = turns[number * 5 % len(turns)]
            made.address = recipient.email if channel is Channel.EMAIL else recipient.phone
            deliveries.append(made)
    await Delivery.bulk_create(deliveries)
    await get_database().execute_query(
        "UPDATE delivery SET status_at = $1::timestamptz + random() * interval '9 minutes' WHERE status IS NOT NULL",
        [sent_at],
    )
    for recipient in alert.recipients:
        await recipient.save(update_fields=["phone", "email"])
    await assess_all(alert)
    await get_database().execute_query(
        "UPDATE recipient SET contacted_via = 2, contacted_at = $1::timestamptz + random() * interval '9 minutes'"
        " WHERE outcome = $2",
        [sent_at, int(Outcome.CONTACTED)],
    )
    return alert


@pytest.fixture
async def others(town: Town, alert: Alert) -> None:
    """What else stands in the list of a town: two alerts that are smaller, a campaign, a draft, one for tomorrow."""
    now = tell_time()
    for title, reached, minutes in (("Avis d'ébullition, secteur nord", 1_690, 95), ("Rue Principale fermée", 610, 3)):
        sent = await send_by_hand(town)
        await Communication.filter(id=sent.id).update(title=title, sent_at=now - timedelta(minutes=minutes))
        await assess_all(sent)
        await move(sent, range(reached))
    texts = ((CommunicationState.DRAFT, "Collecte des débris"), (CommunicationState.SCHEDULED, "Essai des sirènes"))
    for state, title in texts:
        written = await draft(town)
        at = now + timedelta(days=1) if state is CommunicationState.SCHEDULED else None
        await Communication.filter(id=written.id).update(title=title, state=state, scheduled_for=at)
    await Communication.create(
        municipality=town.municipality, category=town.category, kind=CommunicationKind.CAMPAIGN,
        state=CommunicationState.DRAFT, title="Crue du printemps", channels=[], created_at=now, modified_at=now,
    )  # fmt: skip


@pytest.mark.proof
async def test_pictures(browser: Browser, house: Settings, town: Town, alert: Alert, others: None) -> None:
    token = issue(house, "sainte-rive", Role.OPERATOR)
    here = address(alert.id, "statistics")
    still = {"reduced_motion": "reduce"}
    async with open_desk(browser, house, token, size=DESK, **still) as desk:
        page = desk.page
        await desk.go(here)
        await expect(page.get_by_role("table").get_by_role("button").nth(9)).to_be_visible()
        await page.get_by_label("Order").select_option(label="Latest change")
        await expect(page.get_by_text("1,840 citizens", exact=True)).to_be_visible()
        await desk.settle()
        await desk.shoot("statistics")
        await desk.go("/communications")
        await expect(page.get_by_role("link", name="Essai des sirènes", exact=True)).to_be_visible()
        await desk.shoot("list")
        await desk.go("/log")
        await page.get_by_role("radio", name="This month").click()
        await expect(page.get_by_role("link", name="Rue Principale fermée", exact=True)).to_be_visible()
        await desk.shoot("log")
        await desk.go("/communications/new")
        await write(page)
        await desk.shoot("editor")
    async with open_desk(browser, house, token, size=WALL, appearance="wall", language="fr-CA", **still) as desk:
        await desk.go("/wall")
        await expect(desk.page.get_by_role("heading", name="Rue Principale fermée")).to_be_visible()
        await desk.shoot("wall")
    async with open_desk(browser, house, token, size=PHONE, appearance="dark", language="fr-CA", **still) as desk:
        await desk.go(here)
        await expect(desk.page.get_by_text("sur 1\u00a0840 citoyens")).to_be_visible()
        await desk.settle()
        await desk.shoot("phone")
    assert {each.stem for each in PICTURES.iterdir()} == SHOWN
    assert max(each.stat().st_size for each in PICTURES.iterdir()) < LARGEST


async def write(page: Page) -> None:
    """Fill in a new communication."""
    await page.get_by_label("Title").fill("Boil your water")
    await page.get_by_label("Category", exact=True).select_option(label="Floods")
    await page.get_by_label("Text message").check()
    text = "Sainte-Rive : faites bouillir l'eau une minute avant de la boire, jusqu'à nouvel ordre."
    await page.get_by_role("group", name="French").get_by_label("Text message").fill(text)


def test_the_readme_shows_every_picture_and_no_other() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"docs/pictures/(\w+)\.webp", readme)) == SHOWN
