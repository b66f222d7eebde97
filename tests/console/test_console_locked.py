"""The promise that the page works, unchanged, where nothing but trusted documents runs."""

from pathlib import Path

import pytest
from console.operator_desk import address, issue, open_desk
from live.control_room import move
from playwright.async_api import Browser, Response, WebSocket, expect
from stage.cast import Alert, Town, draft
from stage.house import open_house

from tocsin.identifiers import expose
from tocsin.words import Role

pytestmark = pytest.mark.timeout(600)


async def test_every_screen_works_with_trusted_documents_alone(
    browser: Browser, database: str, town: Town, alert: Alert, tmp_path: Path
) -> None:
    written = await draft(town)
    profile = f"/citizens/{expose('citizen', town.citizens[0].id)}"
    screens = ("/wall", "/log", "/citizens", "/audit", "/communications", profile, address(written.id, "view"))
    statuses: list[int] = []
    frames: list[str | bytes] = []

    def note(response: Response) -> None:
        if response.url.endswith("/graphql"):
            statuses.append(response.status)

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: frames.append(frame))

    async with (
        open_house(database, tocsin_production=True, graphql_trusted_documents=tmp_path) as house,
        open_desk(browser, house, issue(house, "sainte-rive", Role.ADMIN)) as desk,
    ):
        desk.page.on("response", note)
        desk.page.on("websocket", listen)
        for path in screens:
            await desk.go(path)
            await expect(desk.page.get_by_role("heading").first).to_be_visible()
        await desk.page.get_by_role("link", name="Edit").click()
        await desk.go(address(alert.id, "statistics"))
        await desk.wait_for_counts((0, 120, 0))
        await move(alert, range(5))
        await desk.wait_for_counts((5, 115, 0))
        await desk.page.get_by_role("button", name="Stop…").click()
        await desk.page.get_by_role("button", name="Stop it now").click()
        await expect(desk.page.locator(".chip-CANCELLED")).to_be_visible()
    assert statuses
    assert set(statuses) == {200}
    assert [frame for frame in frames if '"next"' in str(frame)]
    assert [frame for frame in frames if "FORBIDDEN" in str(frame)] == []
