"""The keys of an issuer: which are taken, how long they are kept, how often they are asked for."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from identities import Identity, make_curve, make_rsa, open_identity, publish
from starlette.responses import JSONResponse, Response
from tokens import NOW

from tocsin.errors import Unavailable
from tocsin_server.oidc import LARGEST_DOCUMENT, IssuerKeys, read_key


@pytest.fixture
async def identity() -> AsyncIterator[Identity]:
    async with open_identity() as issuer:
        yield issuer


async def test_invented_key_ids_cost_the_issuer_one_question_in_thirty_seconds(identity: Identity) -> None:
    keys = IssuerKeys(identity.url)
    for number in range(50):
        assert await keys.find(f"invented-{number}", NOW + timedelta(milliseconds=number)) is None
    assert identity.asked == 1
    assert await keys.find("invented", NOW + timedelta(seconds=30)) is None
    assert identity.asked == 2


async def test_many_at_once_share_one_question(identity: Identity) -> None:
    keys = IssuerKeys(identity.url)
    found = await asyncio.gather(*(keys.find("one", NOW) for _ in range(20)))
    assert all(found)
    assert identity.asked == 1


async def test_nobody_with_a_known_key_waits_for_an_issuer_that_hangs(identity: Identity) -> None:
    keys = IssuerKeys(identity.url)
    assert await keys.find("one", NOW)
    identity.open.clear()
    later = NOW + timedelta(minutes=6)
    first = asyncio.create_task(keys.find("one", later))
    await identity.entered.wait()
    assert await keys.find("one", later)
    assert not first.done()
    identity.open.set()
    assert await first
    assert identity.asked == 2


@pytest.mark.parametrize(
    "broken",
    [
        Response("no", 500),
        Response("", 302, {"location": "http://127.0.0.1:1/"}),
        Response("{"),
        Response("[]"),
        Response("[" * 100_000),
        JSONResponse({"keys": {}}),
        JSONResponse({"keys": [], "more": "x" * LARGEST_DOCUMENT}),
    ],
    ids=["500", "redirect", "half", "list", "deep", "object", "huge"],
)
async def test_an_issuer_without_usable_answer_is_unavailable_and_asked_again_soon(
    identity: Identity, broken: Response
) -> None:
    keys, identity.broken = IssuerKeys(identity.url), broken
    for _ in range(3):
        with pytest.raises(Unavailable):
            await keys.find("one", NOW)
    assert identity.asked == 1
    identity.broken = None
    assert await keys.find("one", NOW + timedelta(seconds=5))


@pytest.mark.parametrize(
    "discovery", [{"issuer": "https://elsewhere.test"}, {"jwks_uri": "http://elsewhere.test/"}, {"jwks_uri": 7}]
)
async def test_a_discovery_document_that_points_elsewhere_is_refused(
    identity: Identity, discovery: dict[str, Any]
) -> None:
    identity.discovery = discovery
    with pytest.raises(Unavailable):
        await IssuerKeys(identity.url).find("one", NOW)
    assert identity.asked == 0


async def test_known_keys_outlive_an_outage_of_the_issuer_but_not_a_day(identity: Identity) -> None:
    keys = IssuerKeys(identity.url)
    assert await keys.find("one", NOW)
    identity.broken = Response("no", 503)
    assert await keys.find("one", NOW + timedelta(hours=23))
    with pytest.raises(Unavailable):
        await keys.find("one", NOW + timedelta(hours=25))


async def test_strange_keys_beside_a_good_one_do_no_harm(identity: Identity) -> None:
    strange: list[Any] = [
        None,
        7,
        {},
        {"kty": "RSA"},
        {"kty": "RSA", "n": 1, "e": []},
        {"kty": []},
        {"kty": "OKP"},
    ]
    identity.keys = [*strange, *identity.keys]
    assert await IssuerKeys(identity.url).find("one", NOW)


@pytest.mark.parametrize(
    "entry",
    [
        publish(make_rsa("one"), "one", use="enc"),
        publish(make_rsa("one"), "one", alg="RS512"),
        publish(make_rsa("one"), "one", alg="HS256"),
        publish(make_rsa("small", 1024), "one"),
        publish(make_curve("one"), "one", crv="secp256k1"),
        jwt.algorithms.RSAAlgorithm.to_jwk(make_rsa("one"), as_dict=True),
    ],
    ids=["encryption", "RS512", "HS256", "small", "curve", "private"],
)
def test_a_key_that_should_check_no_signature_is_left_out(entry: dict[str, Any]) -> None:
    assert read_key(entry) is None
