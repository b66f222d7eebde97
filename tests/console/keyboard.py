"""Walking a page by the Tab key, as who has no mouse does. Imports playwright."""

from playwright.async_api import Page

MOST_STEPS = 60
NAME = """() => {
  const here = document.activeElement;
  const labelled = here.labels?.[0]?.textContent;
  return (here.getAttribute("aria-label") ?? labelled ?? here.textContent).trim();
}"""


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus bears a name."""
    passed = []
    for _ in range(MOST_STEPS):
        await page.keyboard.press("Tab")
        passed.append(await page.evaluate(NAME))
        if passed[-1].startswith(name):
            return
    raise AssertionError(f"Tab never led to {name!r}, only to {passed}")


async def focused(page: Page) -> str:
    name: str = await page.evaluate(NAME)
    return name
