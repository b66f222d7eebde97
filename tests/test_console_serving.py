"""Promises of how the page is served, over real HTTP: what is kept how long, what it may do, and which addresses are its own."""

import gzip
import html
import json
import re
from pathlib import Path

import httpx2
import pytest
from stage.house import choose_settings, open_house

from tocsin.errors import ConfigurationError
from tocsin.settings import check_service
from tocsin_server.console import STATIC, Console, make_policy, read_assets
from tocsin_server.sign_in import SignIn

PAGES = ["/", "/communications", "/communications/communication-1/statistics", "/sign-in/again", "/index.html"]
OTHERS = ["/webhooks", "/exports", "/exports/1", "/verify/token", "/metrics", "/graphql/x", "/healthz/x"]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What a build leaves behind, in small."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<meta property="csp-nonce" content="%NONCE%"><script src="/assets/a-1.js">')
    (tmp_path / "assets" / "a-1.js").write_text("plain")
    (tmp_path / "assets" / "a-1.js.gz").write_bytes(b"gzipped")
    (tmp_path / "assets" / "a-1.js.br").write_bytes(b"brotli")
    (tmp_path / "bell.svg").write_text("<svg/>")
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text("{}")
    return tmp_path


def ask(built: Path) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=Console("https://alert.exemple.test", built))
    return httpx2.AsyncClient(transport=transport, base_url="https://alert.exemple.test")


async def test_every_address_of_the_page_gets_the_page_and_nothing_keeps_it(database: str) -> None:
    async with open_house(database) as settings, httpx2.AsyncClient(base_url=settings.public_url, timeout=30) as client:
        for path in PAGES:
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert answer.headers["cache-control"] == "no-cache"
            assert (await client.head(path)).status_code == 200


async def test_addresses_of_others_never_get_the_page(database: str) -> None:
    async with open_house(database) as settings, httpx2.AsyncClient(base_url=settings.public_url, timeout=30) as client:
        for path in OTHERS:
            answer = await client.get(path)
            assert answer.status_code in (401, 404)
            assert "/assets/" not in answer.text
        assert (await client.get("/healthz")).json() == {"status": "alive"}
        assert (await client.post("/communications")).status_code == 405
        assert (await client.get("/assets/nothing-0.js")).status_code == 404


async def test_the_real_page_loads_nothing_that_its_policy_forbids(database: str) -> None:
    assert (STATIC / "index.html").exists(), "the console has not been built; run make install"
    async with open_house(database) as settings, httpx2.AsyncClient(base_url=settings.public_url, timeout=30) as client:
        page = (await client.get("/")).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?://", page)
        for path in re.findall(r'(?:src|href)="([^"]+)"', page):
            asset = await client.get(path, headers={"Accept-Encoding": "gzip"})
            assert asset.status_code == 200
            if path.startswith("/assets/"):
                assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
                assert asset.headers["content-encoding"] == "gzip"


async def test_what_the_page_may_do_is_said_strictly(database: str) -> None:
    async with open_house(database) as settings, httpx2.AsyncClient(base_url=settings.public_url, timeout=30) as client:
        headers = (await client.get("/")).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == f"'self' {settings.public_url.replace('http', 'ws', 1)}"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "camera=()" in headers["permissions-policy"]


async def test_the_nonce_is_new_for_each_page_and_the_same_in_page_and_policy(built: Path) -> None:
    async with ask(built) as client:
        answers = [await client.get("/") for _ in range(2)]
    nonces = [re.findall(r'content="([\w-]+)"', answer.text)[0] for answer in answers]
    assert nonces[0] != nonces[1]
    for nonce, answer in zip(nonces, answers, strict=True):
        assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("br, gzip", "br", b"brotli"),
        ("gzip, deflate", "gzip", b"gzipped"),
        ("br;q=0, gzip;q=0.5", "gzip", b"gzipped"),
        ("identity", None, b"plain"),
        ("", None, b"plain"),
    ],
)
async def test_an_asset_is_sent_as_small_as_the_browser_takes_it(
    built: Path, accepted: str, encoding: str | None, body: bytes
) -> None:
    async with (
        ask(built) as client,
        client.stream("GET", "/assets/a-1.js", headers={"Accept-Encoding": accepted}) as answer,
    ):
        assert b"".join([chunk async for chunk in answer.aiter_raw()]) == body
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_only_hashed_names_are_kept_for_ever(built: Path) -> None:
    async with ask(built) as client:
        assert "immutable" in (await client.head("/assets/a-1.js")).headers["cache-control"]
        assert (await client.get("/bell.svg")).headers["cache-control"] == "no-cache"


async def test_nothing_but_the_build_s_assets_can_be_asked_for(built: Path) -> None:
    (built.parent / "secret.txt").write_text("secret")
    assert set(dict(read_assets(built))) == {"/assets/a-1.js", "/bell.svg"}
    async with ask(built) as client:
        for path in (
            "/../secret.txt",
            "/assets/../../secret.txt",
            "/assets/%2e%2e/%2e%2e/secret.txt",
            "/.vite/manifest.json",
        ):
            assert "secret" not in (await client.get(path)).text


async def test_without_a_build_the_page_says_what_to_do_in_both_languages(tmp_path: Path) -> None:
    async with ask(tmp_path / "nowhere") as client:
        answer = await client.get("/communications")
    assert answer.status_code == 200
    assert "make install" in answer.text
    assert 'lang="fr"' in answer.text


async def test_behind_tls_browsers_are_told_to_stay_there(built: Path) -> None:
    async with ask(built) as client:
        assert (await client.get("/")).headers["strict-transport-security"] == "max-age=31536000"
    assert "wss://alert.exemple.test" in make_policy("https://alert.exemple.test")


async def test_the_page_is_told_where_to_sign_in_and_may_connect_there(built: Path) -> None:
    sign_in = SignIn('https://id.exemple.test/realms/"rive"', "page", "tocsin")
    (built / "index.html").write_text('<meta name="sign-in" content="%SIGN_IN%">')
    transport = httpx2.ASGITransport(app=Console("https://alert.exemple.test", built, sign_in=sign_in))
    async with httpx2.AsyncClient(transport=transport, base_url="https://alert.exemple.test") as client:
        answer = await client.get("/")
    written = html.unescape(re.findall(r'content="([^"]*)"', answer.text)[0])
    assert json.loads(written) == {"issuer": sign_in.issuer, "clientId": "page", "audience": "tocsin"}
    policy = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
    assert policy["connect-src"] == "'self' wss://alert.exemple.test https://id.exemple.test"


@pytest.mark.parametrize(
    "half", [{"oidc_client_id": "page"}, {"oidc_issuer": "https://id.exemple.test", "oidc_client_id": "page"}]
)
def test_half_an_identity_provider_is_refused_before_anything_listens(half: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="OIDC_"):
        check_service(choose_settings(8000, **half))


def test_compressed_assets_are_what_they_were() -> None:
    zipped = sorted((STATIC / "assets").glob("*.js.gz"))
    assert zipped
    for file in zipped:
        assert gzip.decompress(file.read_bytes()) == file.with_suffix("").read_bytes()
