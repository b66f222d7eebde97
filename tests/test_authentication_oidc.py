"""Tokens of an OpenID Connect issuer, which speaks on a socket here."""

import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from identities import Identity, make_curve, make_rsa, open_identity, publish
from tokens import AUDIENCE, NOW, SECRET, claim, configure, encode_part, forge, issue, refuse

from tocsin.principals import revoke
from tocsin.records.people import Municipality
from tocsin.secrets import Purpose, derive_key
from tocsin.words import Role
from tocsin_server.authentication import Authenticator


@pytest.fixture
async def valmont(database: str) -> Municipality:
    return await Municipality.create(slug="valmont", name="Valmont")


@pytest.fixture
async def identity() -> AsyncIterator[Identity]:
    async with open_identity() as issuer:
        yield issuer


def trust(identity: Identity) -> Authenticator:
    return Authenticator(configure(oidc_issuer=identity.url, oidc_audience=AUDIENCE))


async def test_a_token_of_the_issuer_says_who_it_is(valmont: Municipality, identity: Identity) -> None:
    token = identity.sign(make_rsa("one"), role="admin", name=None, jti=None)
    viewer = await trust(identity).authenticate(token, None, NOW)
    assert (viewer.subject, viewer.name, viewer.role) == ("m.roy", "m.roy", Role.ADMIN)


async def test_a_token_signed_on_a_curve_is_accepted(valmont: Municipality, identity: Identity) -> None:
    identity.keys.append(publish(make_curve("two"), "two"))
    assert await trust(identity).authenticate(identity.sign(make_curve("two"), "two", algorithm="ES256"), None, NOW)


async def test_our_own_tokens_hold_beside_the_issuers(valmont: Municipality, identity: Identity) -> None:
    assert await trust(identity).authenticate(issue(), None, NOW)
    assert identity.asked == 0


async def test_a_revoked_token_of_the_issuer_is_refused(valmont: Municipality, identity: Identity) -> None:
    await revoke("valmont", "m.roy", NOW)
    assert "revoked" in await refuse(trust(identity), identity.sign(make_rsa("one")))


async def test_an_hmac_made_with_the_public_key_is_refused(identity: Identity) -> None:
    public = make_rsa("one").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = encode_part(b'{"alg":"HS256","kid":"one","typ":"JWT"}')
    token = f"{header}.{encode_part(json.dumps(claim(iss=identity.url, aud=AUDIENCE)).encode())}"
    for key in (public, public.strip(), derive_key(SECRET, Purpose.TOKENS)):
        signature = encode_part(hmac.new(key, token.encode(), sha256).digest())
        assert "not accepted here" in await refuse(trust(identity), f"Bearer {token}.{signature}")


async def test_a_symmetric_key_that_is_published_signs_nothing(identity: Identity) -> None:
    identity.keys = [{"kty": "oct", "kid": "one", "k": encode_part(b"k" * 32), "alg": "HS256"}]
    assert "does not publish" in await refuse(trust(identity), identity.sign(b"k" * 32, algorithm="HS256"))


async def test_a_token_of_the_issuer_without_algorithm_is_refused(identity: Identity) -> None:
    token = jwt.encode(claim(iss=identity.url, aud=AUDIENCE), "", "none", headers={"kid": "one"})
    assert "not accepted here" in await refuse(trust(identity), f"Bearer {token}")


async def test_a_key_serves_one_algorithm_only(identity: Identity) -> None:
    for algorithm in ("RS512", "PS256"):
        token = identity.sign(make_rsa("one"), algorithm=algorithm)
        assert "not accepted here" in await refuse(trust(identity), token)


async def test_the_issuers_key_signs_no_token_in_our_name(identity: Identity) -> None:
    token = identity.sign(make_rsa("one"), iss="tocsin", aud="tocsin")
    assert "not accepted here" in await refuse(trust(identity), token)


async def test_our_key_signs_no_token_in_the_issuers_name(identity: Identity) -> None:
    token = forge(claim(iss=identity.url, aud=AUDIENCE), kid="one")
    assert "not accepted here" in await refuse(trust(identity), token)


async def test_another_key_of_the_same_name_is_refused(identity: Identity) -> None:
    assert "signature" in await refuse(trust(identity), identity.sign(make_rsa("stranger")))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"aud": "tocsin"}, "audience"),
        ({"exp": int(NOW.timestamp())}, "expired"),
        ({"municipality": None}, "municipality"),
        ({"role": None}, "role"),
        ({"sub": None}, "sub"),
        ({"exp": None}, "exp"),
        ({"iat": None}, "iat"),
        ({"role": "mayor"}, "role"),
    ],
    ids=repr,
)
async def test_a_token_of_the_issuer_has_to_say_all(identity: Identity, changes: dict[str, Any], word: str) -> None:
    assert word in await refuse(trust(identity), identity.sign(make_rsa("one"), **changes))


async def test_a_token_without_key_id_fits_only_a_key_without_one(valmont: Municipality, identity: Identity) -> None:
    token = identity.sign(make_rsa("one"), None)
    assert "does not publish" in await refuse(trust(identity), token)
    del identity.keys[0]["kid"]
    assert await trust(identity).authenticate(token, None, NOW)


async def test_a_new_key_is_fetched_when_first_seen_and_an_old_one_forgotten(
    valmont: Municipality, identity: Identity
) -> None:
    authenticator = trust(identity)
    assert await authenticator.authenticate(identity.sign(make_rsa("one")), None, NOW)
    identity.keys = [publish(make_rsa("two"), "two")]
    later = NOW + timedelta(seconds=30)
    assert await authenticator.authenticate(identity.sign(make_rsa("two"), "two"), None, later)
    assert "does not publish" in await refuse(authenticator, identity.sign(make_rsa("one")), later)
    assert identity.asked == 2


async def test_a_key_taken_back_is_forgotten_within_five_minutes(valmont: Municipality, identity: Identity) -> None:
    authenticator, token = trust(identity), identity.sign(make_rsa("one"))
    assert await authenticator.authenticate(token, None, NOW)
    identity.keys = [publish(make_rsa("two"), "two")]
    assert "does not publish" in await refuse(authenticator, token, NOW + timedelta(minutes=5, seconds=1))


async def test_a_viewer_is_the_same_whichever_way_it_came(valmont: Municipality, identity: Identity) -> None:
    authenticator = trust(identity)
    ours = await authenticator.authenticate(issue(), None, NOW)
    theirs = await authenticator.authenticate(identity.sign(make_rsa("one")), None, NOW)
    assert replace(theirs, issued_at=ours.issued_at, expires_at=ours.expires_at) == ours
