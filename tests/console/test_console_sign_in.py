"""Promises of signing in at an identity provider: back to the page that was wanted, and no token where others could read it."""

from collections.abc import AsyncIterator

import pytest
from console.issuer import CLIENT, Issuer, open_issuer
from console.operator_desk import WALL, Desk, address, open_desk
from playwright.async_api import Browser, expect
from stage.cast import Alert
from stage.house import open_house
from tokens import AUDIENCE

from tocsin.settings import Settings

pytestmark = pytest.mark.timeout(600)

DOOR = "Sign in with your organization"


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with open_issuer() as issuer:
        yield issuer


@pytest.fixture
async def guarded_house(database: str, issuer: Issuer) -> AsyncIterator[Settings]:
    async with open_house(database, oidc_issuer=issuer.url, oidc_audience=AUDIENCE, oidc_client_id=CLIENT) as settings:
        yield settings


def watch(desk: Desk) -> list[str]:
    """Return the list to which the address of each request of the page, and of each page, will be added."""
    seen: list[str] = []
    desk.page.on("request", lambda request: seen.append(request.url))
    desk.page.on("framenavigated", lambda frame: seen.append(frame.url))
    return seen


async def test_an_operator_signs_in_there_and_comes_back_to_the_page_that_was_wanted(
    browser: Browser, guarded_house: Settings, alert: Alert, issuer: Issuer, capfd: pytest.CaptureFixture[str]
) -> None:
    async with open_desk(browser, guarded_house, None) as desk:
        seen = watch(desk)
        await desk.go(f"{address(alert.id, 'statistics')}?from=a-link")
        assert await desk.find_barriers() == []
        await desk.page.get_by_role("button", name=DOOR).click()
        await expect(desk.page.get_by_text("Odile").first).to_be_visible()
        await desk.wait_for_counts((0, 120, 0))
        assert desk.page.url == f"{guarded_house.public_url}{address(alert.id, 'statistics')}?from=a-link"
        kept = await desk.page.evaluate("Object.values(sessionStorage)")
        assert kept == [issuer.token], "the verifier is gone once it has been used"
    asked = issuer.wanted
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    assert (asked["redirect_uri"], asked["audience"]) == (f"{guarded_house.public_url}/sign-in", AUDIENCE)
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert not any(issuer.token in url for url in seen)
    ours = [url for url in seen if url.startswith(guarded_house.public_url)]
    assert not any("code=" in url.partition("#")[0] for url in ours), "no server is sent the code"
    said = capfd.readouterr()
    assert issuer.token not in said.out + said.err


@pytest.mark.parametrize(
    "lie", ["state", *(pytest.param(lie, marks=pytest.mark.proof) for lie in ("nonce", "refusal"))]
)
async def test_an_answer_that_is_not_meant_for_this_tab_signs_nobody_in(
    browser: Browser, guarded_house: Settings, alert: Alert, issuer: Issuer, lie: str
) -> None:
    issuer.lie = lie
    async with open_desk(browser, guarded_house, None, language="fr-CA", size=WALL, appearance="dark") as desk:
        await desk.go(address(alert.id, "statistics"))
        await desk.page.get_by_role("button", name="Ouvrir une session avec votre organisation").click()
        await expect(desk.page.get_by_text("L'ouverture de session a échoué")).to_be_visible()
        assert await desk.page.evaluate("sessionStorage.length") == 0
        assert desk.page.url == f"{guarded_house.public_url}/sign-in"
        assert await desk.find_barriers() == []


async def test_a_link_with_somebody_elses_answer_signs_nobody_in(
    browser: Browser, guarded_house: Settings, issuer: Issuer
) -> None:
    async with open_desk(browser, guarded_house, None) as desk:
        await desk.go("/sign-in#code=stolen&state=forged")
        await expect(desk.page.get_by_text("Signing in did not work")).to_be_visible()
        assert await desk.page.evaluate("sessionStorage.length") == 0
