"""An operator's desk: a page of the console in a real browser, signed in, and what can be read from it. Imports playwright."""

import asyncio
import re
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.async_api import Browser, ConsoleMessage, Page, WebSocketRoute

from tocsin.database import get_database
from tocsin.identifiers import expose
from tocsin.settings import Settings
from tocsin.times import tell_time
from tocsin.words import Role
from tocsin_server.authentication import issue_token

ROOT = Path(__file__).parent.parent.parent
AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "docs" / "pictures"
DESK, PHONE, WALL = (1440, 900), (390, 844), (1920, 1080)
QUALITY = 80
COUNTS = ("CONTACTED", "IN_PROGRESS", "NOT_CONTACTED")
GRAVE = ("serious", "critical")
# What the browser itself says of a server that is away on purpose.
EXPECTED = re.compile(r"WebSocket connection to|Failed to load resource")


def issue(settings: Settings, slug: str, role: Role = Role.OPERATOR, lifetime: float = 3600) -> str:
    """Return a bearer token for the operator of a town."""
    return issue_token(
        settings, municipality=slug, subject=f"desk-{role.value}", name="Odile", role=role, now=tell_time(),
        lifetime=timedelta(seconds=lifetime),
    )  # fmt: skip


def address(communication_id: UUID, part: str) -> str:
    return f"/communications/{expose('communication', communication_id)}/{part}"


class Desk:
    """One page, and everything that went wrong on it."""

    def __init__(self, page: Page, root: str, token: str | None) -> None:
        self.page = page
        self.root = root
        self.token = token
        self.faults: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.faults.append(f"{error}"))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.match(message.text):
            self.faults.append(message.text)

    async def go(self, path: str) -> None:
        """Go to an address of the console, signing in where there is a token."""
        fragment = f"#token={self.token}" if self.token else ""
        await self.page.goto(f"{self.root}{path}{fragment}")

    async def counts(self) -> tuple[int, ...]:
        """Return the three counts as they are written on the page."""
        texts = [await self.page.locator(f"[data-count={name}]").inner_text() for name in COUNTS]
        return tuple(int(re.sub(r"\D", "", text)) for text in texts)

    async def wait_for_counts(self, expected: Sequence[int], timeout: float = 30) -> None:
        """Return once the page shows these counts."""
        wanted = {name: str(count) for name, count in zip(COUNTS, expected, strict=True)}
        try:
            await wait_until(self.page, SHOWS, wanted, timeout=timeout)
        except TimeoutError as error:
            raise AssertionError(f"{expected} expected, {await self.counts()} shown after {timeout} s") from error

    async def find_barriers(self) -> list[str]:
        """Return what axe finds serious or critical on this page, with where it found it."""
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['id']} ({each['impact']}): {each['help']} {[node['html'][:160] for node in each['nodes'][:3]]}"
            for each in found["violations"]
            if each["impact"] in GRAVE
        ]

    async def settle(self) -> None:
        """Return once the pie has glided to where it belongs."""
        await wait_until(self.page, AT_REST)

    async def shoot(self, name: str) -> None:
        """Keep what the page looks like, for whoever reads about it: as WebP, a third of what PNG takes."""
        session = await self.page.context.new_cdp_session(self.page)
        taken = await session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / f"{name}.webp").write_bytes(b64decode(taken["data"]))


AT_REST = """() => {
  const picture = document.querySelector(".pie-ring canvas")?.toDataURL();
  const same = picture !== undefined && picture === window.picture;
  window.still = same ? (window.still ?? 0) + 1 : 0;
  window.picture = picture;
  return window.still > 10;
}"""

SHOWS = """(wanted) => Object.entries(wanted).every(([name, count]) =>
  document.querySelector(`[data-count=${name}]`)?.textContent.replace(/\\D/g, "") === count)"""


async def wait_until(page: Page, condition: str, argument: object = None, *, timeout: float = 30) -> None:
    """Return once a function of the page is true. Playwright's own waiting evaluates text in the page, which its policy forbids."""
    async with asyncio.timeout(timeout):
        while not await page.evaluate(condition, argument):  # noqa: ASYNC110 - a browser offers no event
            await asyncio.sleep(0.02)


async def tell_once(page: Page, word: str) -> asyncio.Event:
    """Let the page hear of this word once and never again; return what is set once it has heard."""
    told = asyncio.Event()

    def join(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            concerned = word in (message if isinstance(message, str) else message.decode())
            if not (concerned and told.is_set()):
                route.send(message)
            if concerned:
                told.set()

        server.on_message(pass_on)

    await page.route_web_socket("**", join)
    return told


@asynccontextmanager
async def open_desk(
    browser: Browser,
    settings: Settings,
    token: str | None,
    *,
    size: tuple[int, int] = DESK,
    language: str = "en-CA",
    appearance: str | None = None,
    **options: Any,
) -> AsyncIterator[Desk]:
    """Open a page of its own, with nothing kept from another, and make sure at the end that nothing went wrong on it."""
    viewport = {"width": size[0], "height": size[1]}
    context = await browser.new_context(**{"viewport": viewport, "locale": language, **options})
    if appearance:
        await context.add_init_script(f"localStorage.setItem('tocsin.appearance', '{appearance}')")
    try:
        desk = Desk(await context.new_page(), settings.public_url, token)
        yield desk
        assert desk.faults == []
    finally:
        await context.close()


async def read_counts(communication_id: UUID) -> tuple[int, int, int]:
    """Return the three counts as the database has them."""
    rows = await get_database().execute_query_dict(
        "SELECT contacted, in_progress, not_contacted FROM tally WHERE communication_id = $1", [communication_id]
    )
    return rows[0]["contacted"], rows[0]["in_progress"], rows[0]["not_contacted"]
