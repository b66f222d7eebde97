"""Promises of long grids: they scroll smoothly, keep their place, and many changes a second hold up no frame."""

import asyncio
import json
import time

import pytest
from console.operator_desk import address, issue, open_desk, wait_until
from console.trace import FRAME_MS, measure_longest, tracing
from live.control_room import move
from playwright.async_api import Browser, expect
from stage.cast import Alert, Town, found_town, send_and_assess, settle_citizens

from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus

pytestmark = pytest.mark.timeout(600)

CHANGES_A_SECOND, SECONDS = 50, 4
STATUSES = (DeliveryStatus.SMS_SENT, DeliveryStatus.SMS_RECEIVED)


@pytest.fixture
async def town(database: str) -> Town:
    return await found_town()


async def send_to(town: Town, count: int) -> Alert:
    """Put an alert to so many citizens on stage; nothing has been reported."""
    await settle_citizens(town, count)
    return await send_and_assess(town)


async def test_50_changes_a_second_hold_up_no_frame(browser: Browser, house: Settings, town: Town) -> None:
    alert = await send_to(town, 400)
    async with open_desk(browser, house, issue(house, "sainte-rive")) as desk:
        await desk.go(address(alert.id, "statistics"))
        grid = desk.page.get_by_role("table")
        await expect(grid.get_by_text("In progress").first).to_be_visible()
        await desk.page.get_by_label("Order").select_option(label="First name")
        await expect(grid.get_by_role("button", name="Tremblay-00000")).to_be_visible()
        async with tracing(desk) as events:
            changed = await change_steadily(alert)
            await expect(grid.get_by_text("Contacted", exact=True).nth(9)).to_be_visible()
        longest = measure_longest(events)
    print(f"{changed} rows changed; the longest task took {longest:.1f} ms")
    assert longest < FRAME_MS


async def change_steadily(alert: Alert) -> int:
    """Change rows that are on screen, so many a second for some seconds; return how many changes that were."""
    on_screen = range(0, 5 * CHANGES_A_SECOND // 5, 5)  # those of the first first name
    begun = time.monotonic()
    for turn in range(SECONDS * 5):
        await move(alert, on_screen, STATUSES[turn % 2])
        await asyncio.sleep(max(0.0, begun + (turn + 1) / 5 - time.monotonic()))
    return SECONDS * 5 * len(on_screen)


async def test_a_grid_is_scrolled_to_its_end_and_keeps_its_place(browser: Browser, house: Settings, town: Town) -> None:
    await scroll_to_the_end(browser, house, await send_to(town, 3_000), 3_000)


@pytest.mark.proof
async def test_a_grid_of_100_000_is_scrolled_to_its_end_and_keeps_its_place(
    browser: Browser, house: Settings, town: Town
) -> None:
    await scroll_to_the_end(browser, house, await send_to(town, 100_000), 100_000)


async def scroll_to_the_end(browser: Browser, house: Settings, alert: Alert, count: int) -> None:
    async with open_desk(browser, house, issue(house, "sainte-rive")) as desk:
        await desk.go(address(alert.id, "statistics"))
        grid = desk.page.get_by_role("table")
        await expect(grid.get_by_role("button").nth(8)).to_be_visible()
        assert await grid.get_attribute("aria-rowcount") == str(count + 1)
        begun = time.monotonic()
        async with tracing(desk) as events:
            await grid.evaluate("(element) => { element.scrollTop = element.scrollHeight; }")
            last = grid.locator(f"[aria-rowindex='{count + 1}'] [data-row]")
            await expect(last).to_be_visible(timeout=120_000)
            print(f"the last of {count} rows was there after {time.monotonic() - begun:.1f} s")
            for _ in range(40):
                await desk.page.mouse.move(700, 750)
                await desk.page.mouse.wheel(0, -400)
        print(f"scrolling, the longest task took {measure_longest(events):.1f} ms")
        assert measure_longest(events) < FRAME_MS
        await wait_until(desk.page, SETTLED)
        place = await grid.evaluate("(element) => element.scrollTop")
        shown = await grid.locator("[data-row]").all_inner_texts()
        by_name = {f"{recipient.last_name}": index for index, recipient in enumerate(alert.recipients)}
        await move(alert, [by_name[name] for name in shown])
        await expect(grid.get_by_text("In progress")).to_have_count(0)
        assert await grid.evaluate("(element) => element.scrollTop") == place
        assert await grid.locator("[data-row]").all_inner_texts() == shown


SETTLED = """() => {
  const grid = document.querySelector("[role=table]");
  const settled = window.place === grid.scrollTop && !grid.querySelector(".grid-unread");
  window.place = grid.scrollTop;
  return settled;
}"""


def test_a_trace_that_holds_a_long_task_would_be_noticed() -> None:
    thread = {"name": "thread_name", "pid": 1, "tid": 2, "args": {"name": "CrRendererMain"}}
    tasks = [{"name": "RunTask", "pid": 1, "tid": 2, "tdur": 1_000 + 60_000 * (turn == 7)} for turn in range(200)]
    assert measure_longest(json.loads(json.dumps([thread, *tasks]))) == 61
