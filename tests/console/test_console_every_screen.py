"""The long form of what every screen promises: axe finds nothing grave in any language and appearance, and no frame is held up."""

import asyncio

import pytest
from console.operator_desk import PHONE, address, issue, open_desk
from console.trace import FRAME_MS, measure_longest, tracing
from live.control_room import move
from playwright.async_api import Browser, expect
from stage.cast import Alert, Town, assess_all, draft, found_town, send_by_hand, settle_citizens

from tocsin.identifiers import expose
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel, Role

pytestmark = [pytest.mark.timeout(900), pytest.mark.proof]

ALERTS, SECONDS, TURNS_A_SECOND = 20, 4, 5


@pytest.mark.parametrize("language", ["en-CA", "fr-CA"])
@pytest.mark.parametrize("appearance", ["light", "dark", "wall"])
async def test_no_screen_keeps_anybody_out(
    browser: Browser, house: Settings, town: Town, alert: Alert, appearance: str, language: str
) -> None:
    written = await draft(town, [Channel.CALL, Channel.SMS, Channel.EMAIL])
    token = issue(house, "sainte-rive", Role.ADMIN)
    paths = [
        "/communications",
        "/communications/new",
        f"/communications/{expose('communication', written.id)}/edit",
        address(written.id, "view"),
        address(alert.id, "statistics"),
        "/wall",
        "/log",
        "/citizens",
        f"/citizens/{expose('citizen', town.citizens[0].id)}",
        "/audit",
        "/nowhere",
    ]
    for size in ({}, {"size": PHONE}):
        async with open_desk(browser, house, token, appearance=appearance, language=language, **size) as desk:
            for path in paths:
                await desk.go(path)
                await expect(desk.page.get_by_role("main").locator("h1, p").first).to_be_visible()
                assert await desk.find_barriers() == [], path


async def test_a_wall_of_20_alerts_that_all_move_holds_up_no_frame(
    browser: Browser, database: str, house: Settings
) -> None:
    town = await found_town()
    await settle_citizens(town, 50)
    alerts = [await send_by_hand(town) for _ in range(ALERTS)]
    for each in alerts:
        await assess_all(each)
    async with open_desk(browser, house, issue(house, "sainte-rive"), appearance="wall") as desk:
        await desk.go("/wall")
        await expect(desk.page.get_by_role("heading", name="The river rises")).to_have_count(ALERTS)
        async with tracing(desk) as events:
            for turn in range(SECONDS * TURNS_A_SECOND):
                status = DeliveryStatus.SMS_SENT if turn % 2 else DeliveryStatus.SMS_RECEIVED
                for each in alerts[:: 1 + turn % 2]:
                    await move(each, range(turn, turn + 3), status)
                await asyncio.sleep(1 / TURNS_A_SECOND)
        longest = measure_longest(events)
    print(f"on a wall of {ALERTS} alerts the longest task took {longest:.1f} ms")
    assert longest < FRAME_MS
