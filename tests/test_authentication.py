"""Who is let in with a token of ours, in which language, and each way of being refused."""

import hmac
import json
from datetime import timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokens import AUDIENCE, HOUR, NOW, SECRET, SETTINGS, claim, configure, encode_part, forge, issue, refuse

from tocsin.errors import ConfigurationError, Unauthenticated
from tocsin.records.people import Municipality, Principal
from tocsin.secrets import Purpose, derive_key
from tocsin.words import Locale, Role
from tocsin_server.authentication import Authenticator, choose_locale, issue_token, read_claims


@pytest.fixture
async def valmont(database: str) -> Municipality:
    return await Municipality.create(slug="valmont", name="Valmont")


async def test_a_token_that_we_issued_says_who_it_is(valmont: Municipality) -> None:
    viewer = await Authenticator(SETTINGS).authenticate(issue(), None, NOW)
    assert (viewer.municipality_id, viewer.subject, viewer.name) == (valmont.id, "m.roy", "Manon Roy")
    assert (viewer.role, viewer.locale) == (Role.OPERATOR, Locale.FR)
    assert viewer.issued_at == NOW
    assert viewer.expires_at == (NOW + HOUR).replace(microsecond=0)
    principal = await Principal.get(id=viewer.principal_id)
    assert (principal.name, principal.role, principal.epoch) == ("Manon Roy", Role.OPERATOR, None)


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_may_be_written_as_one_likes(valmont: Municipality, scheme: str) -> None:
    assert await Authenticator(SETTINGS).authenticate(issue().replace("Bearer", scheme), None, NOW)


@pytest.mark.parametrize("authorization", [None, ""])
async def test_no_token_is_told_how_to_send_one(authorization: str | None) -> None:
    assert "missing" in await refuse(Authenticator(SETTINGS), authorization)


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Basic YTpi",
        "Bearer a b",
        "Bearer a.b",
        "Bearer é.é.é",
        "Bearer a.b.c.d",
        f"Bearer {'a' * 9000}.b.c",
    ],
    ids=lambda text: text[:12],
)
async def test_what_is_no_bearer_token_is_refused(authorization: str) -> None:
    assert "not a bearer token" in await refuse(Authenticator(SETTINGS), authorization)


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{", b"\xff", b"null", b"[" * 3000, b'{"iss": "tocsin"}', b"{}", b'{"iss": []}']
)
@pytest.mark.parametrize("header", [b'{"alg":"HS256"}', b"{}", b"[]", b'{"alg":[]}', b'{"alg":"HS256","kid":[]}'])
async def test_junk_between_the_dots_is_refused(header: bytes, payload: bytes) -> None:
    token = f"{encode_part(header)}.{encode_part(payload)}"
    signature = hmac.digest(derive_key(SECRET, Purpose.TOKENS), token.encode(), "sha256")
    assert await refuse(Authenticator(SETTINGS), f"Bearer {token}.{encode_part(signature)}")


@given(text=st.text(), dots=st.lists(st.from_regex(r"[\w-]{0,20}", fullmatch=True), max_size=4))
async def test_no_authorization_makes_it_fail(text: str, dots: list[str]) -> None:
    authenticator = Authenticator(SETTINGS)
    assert await refuse(authenticator, text or None)
    assert await refuse(authenticator, f"Bearer {'.'.join(dots)}")


async def test_a_token_without_algorithm_is_refused() -> None:
    none = jwt.encode(claim(), "", "none")
    assert "not accepted here" in await refuse(Authenticator(SETTINGS), f"Bearer {none}")


async def test_a_token_of_another_algorithm_with_our_key_is_refused() -> None:
    token = forge(claim(), algorithm="HS384", key=derive_key(SECRET, Purpose.TOKENS) * 2)
    assert "not accepted here" in await refuse(Authenticator(SETTINGS), token)


async def test_a_token_signed_with_another_secret_is_refused() -> None:
    other = configure(tocsin_secret=SECRET[::-1])
    token = issue_token(
        other, municipality="valmont", subject="m.roy", name="M", role=Role.ADMIN, now=NOW, lifetime=HOUR
    )
    assert "signature" in await refuse(Authenticator(SETTINGS), f"Bearer {token}")


@pytest.mark.parametrize("key", [SECRET.encode(), derive_key(SECRET, Purpose.LINKS)], ids=["secret", "links"])
async def test_the_secret_itself_and_the_keys_of_other_purposes_sign_no_token(key: bytes) -> None:
    assert "signature" in await refuse(Authenticator(SETTINGS), forge(claim(), key=key))


async def test_a_changed_payload_is_refused() -> None:
    head, _, tail = issue()[7:].split(".")
    admin = encode_part(json.dumps(claim(role="ADMIN")).encode())
    assert "signature" in await refuse(Authenticator(SETTINGS), f"Bearer {head}.{admin}.{tail}")


@pytest.mark.parametrize("name", ["sub", "name", "municipality", "role", "jti", "iss", "aud", "exp", "iat"])
async def test_a_missing_claim_is_named(name: str) -> None:
    assert f"`{name}`" in await refuse(Authenticator(SETTINGS), forge(claim(**{name: None})))


async def test_a_token_expires_at_its_instant() -> None:
    authenticator = Authenticator(SETTINGS)
    for late in (timedelta(), timedelta(days=400)):
        assert "expired" in await refuse(authenticator, issue(), (NOW + HOUR).replace(microsecond=0) + late)


async def test_a_token_of_the_future_is_refused_beyond_what_clocks_differ(valmont: Municipality) -> None:
    authenticator = Authenticator(SETTINGS)
    assert await authenticator.authenticate(issue(now=NOW + timedelta(seconds=29)), None, NOW)
    assert "not valid yet" in await refuse(authenticator, issue(now=NOW + timedelta(seconds=31)))
    assert "not valid yet" in await refuse(authenticator, forge(claim(nbf=(NOW + HOUR).timestamp())))


@pytest.mark.parametrize("value", [True, "1", -1, 1e400, float("nan"), 10**30, [], {}], ids=repr)
@pytest.mark.parametrize("name", ["iat", "exp", "nbf"])
async def test_an_instant_that_is_none_is_refused(name: str, value: object) -> None:
    assert f"`{name}`" in await refuse(Authenticator(SETTINGS), forge(claim(**{name: value})))


@pytest.mark.parametrize("audience", ["other", [], ["other"], "Tocsin"], ids=repr)
async def test_a_token_for_another_audience_is_refused(audience: object) -> None:
    assert "aud" in await refuse(Authenticator(SETTINGS), forge(claim(aud=audience)))


async def test_a_token_of_another_issuer_is_refused() -> None:
    assert "issuer" in await refuse(Authenticator(SETTINGS), forge(claim(iss="https://elsewhere.test")))


@pytest.mark.parametrize("role", ["MAYOR", "ADMIN "])
async def test_an_unknown_role_is_refused(role: str) -> None:
    assert "role" in await refuse(Authenticator(SETTINGS), forge(claim(role=role)))


@pytest.mark.parametrize("role", ["viewer", "Operator", "ADMIN"])
async def test_a_role_may_be_written_as_one_likes(valmont: Municipality, role: str) -> None:
    viewer = await Authenticator(SETTINGS).authenticate(forge(claim(role=role)), None, NOW)
    assert viewer.role is Role[role.upper()]


@pytest.mark.parametrize("value", ["", "a\x00b", "x" * 256, "\ud800", 7, ["valmont"]], ids=repr)
@pytest.mark.parametrize("name", ["sub", "name", "municipality"])
def test_a_claim_that_could_not_be_stored_is_refused(name: str, value: object) -> None:
    with pytest.raises(Unauthenticated, match=f"`{name}`"):
        read_claims(claim(**{name: value}), NOW)


@pytest.mark.parametrize(
    ("explicit", "accepted", "chosen"),
    [
        (None, None, Locale.FR),
        ("EN", None, Locale.EN),
        ("en-CA", "fr", Locale.EN),
        ("DE", "en", Locale.EN),
        ("", "", Locale.FR),
        (None, "en-CA,en;q=0.9,fr;q=0.8", Locale.EN),
        (None, "fr;q=0.5, en;q=0.7", Locale.EN),
        (None, "en;q=0.5, fr;q=0.5", Locale.EN),
        (None, "de, en;q=0.1", Locale.EN),
        (None, "en;q=0, fr;q=0.1", Locale.FR),
        (None, "en;q=0", Locale.FR),
        (None, "*", Locale.FR),
        (None, "en;q=nan", Locale.FR),
        (None, ",;q=1,;;,en" + "," * 5000, Locale.EN),
    ],
)
def test_the_language_is_what_was_said_else_preferred_else_the_municipalitys(
    explicit: str | None, accepted: str | None, chosen: Locale
) -> None:
    assert choose_locale(explicit, accepted, Locale.FR) is chosen


@given(st.none() | st.text(), st.none() | st.text())
def test_no_language_makes_it_fail(explicit: str | None, accepted: str | None) -> None:
    assert choose_locale(explicit, accepted, Locale.EN) in Locale


async def test_the_viewer_speaks_the_language_that_was_chosen(valmont: Municipality) -> None:
    authenticator = Authenticator(SETTINGS)
    assert (await authenticator.authenticate(issue(), "EN", NOW)).locale is Locale.EN
    assert (await authenticator.authenticate(issue(), None, NOW, accept_language="en-CA")).locale is Locale.EN


@pytest.mark.parametrize("secret", ["", "short", "a" * 64])
def test_no_token_is_made_or_checked_with_a_weak_secret(secret: str) -> None:
    weak = configure(tocsin_secret=secret)
    with pytest.raises(ConfigurationError, match="TOCSIN_SECRET"):
        Authenticator(weak)
    with pytest.raises(ConfigurationError, match="TOCSIN_SECRET"):
        issue_token(weak, municipality="v", subject="s", name="n", role=Role.VIEWER, now=NOW, lifetime=HOUR)


def test_an_issuer_without_audience_is_a_mistake_of_configuration() -> None:
    with pytest.raises(ConfigurationError, match="OIDC_AUDIENCE"):
        Authenticator(configure(oidc_issuer="https://identity.exemple.test"))


@pytest.mark.parametrize(
    "issuer", ["http://identity.exemple.test", "identity", "ftp://127.0.0.1", "http://127.0.0.1.evil.test"]
)
def test_an_issuer_that_anybody_on_the_way_could_play_is_refused(issuer: str) -> None:
    with pytest.raises(ConfigurationError, match="https"):
        Authenticator(configure(oidc_issuer=issuer, oidc_audience=AUDIENCE))
