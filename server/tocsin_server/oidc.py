"""The public keys of an OpenID Connect issuer: fetched, kept, renewed when needed. Imports errors."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tocsin.errors import ConfigurationError, Unavailable

ALGORITHMS: Mapping[tuple[str, str | None], str] = {("RSA", None): "RS256", ("EC", "P-256"): "ES256"}
"""By type and curve of a key. Nothing symmetric: a public key must never check an HMAC."""

FRESH = timedelta(minutes=5)
COOL_DOWN = timedelta(seconds=30)
RETRY = timedelta(seconds=5)
LONGEST_USE = timedelta(hours=24)
DEADLINE = 10.0
TIMEOUT = httpx2.Timeout(5.0)
LARGEST_DOCUMENT = 262_144
MOST_KEYS = 64
SMALLEST_RSA = 2048
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class KeySet:
    """What the issuer published at an instant, by key id."""

    keys: Mapping[str, jwt.PyJWK]
    fetched_at: datetime


class IssuerKeys:
    """The keys of one issuer. Concurrent callers share one fetch; an issuer that is away costs nobody more than one."""

    def __init__(self, issuer: str) -> None:
        if not is_safe(issuer):
            raise ConfigurationError("OIDC_ISSUER has to be an https URL (http on a loopback address only).")
        self._issuer = issuer
        self._known: KeySet | None = None
        self._next_fetch: datetime | None = None
        self._fetching = asyncio.Lock()

    async def find(self, key_id: str, now: datetime) -> jwt.PyJWK | None:
        """Return the key of this id, or nothing; Unavailable where no keys could be had from the issuer."""
        # Who holds a known key does not wait while another one asks whether it is still published.
        if self._wants(key_id, now) and not (self._fetching.locked() and self._knows(key_id)):
            async with self._fetching:
                if self._wants(key_id, now):
                    await self._renew(now)
        if self._known is None or now - self._known.fetched_at > LONGEST_USE:
            raise Unavailable("The identity provider can't be reached; try again in a few seconds.")
        return self._known.keys.get(key_id)

    def _knows(self, key_id: str) -> bool:
        return self._known is not None and key_id in self._known.keys

    def _wants(self, key_id: str, now: datetime) -> bool:
        if self._next_fetch is not None and now < self._next_fetch:
            return False
        return self._known is None or now - self._known.fetched_at > FRESH or key_id not in self._known.keys

    async def _renew(self, now: datetime) -> None:
        """Fetch; where that fails, what is known stays in use for a while."""
        try:
            async with asyncio.timeout(DEADLINE):
                keys = await fetch_keys(self._issuer)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError, RecursionError):
            self._next_fetch = now + RETRY
        else:
            self._known, self._next_fetch = KeySet(keys, now), now + COOL_DOWN


def is_safe(url: str) -> bool:
    """Whether keys may be fetched from there: nobody on the way can exchange them."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


async def fetch_keys(issuer: str) -> dict[str, jwt.PyJWK]:
    """Return the issuer's usable keys by id; ValueError where its documents are not what they have to be."""
    async with httpx2.AsyncClient(timeout=TIMEOUT, follow_redirects=False) as client:
        discovery = await fetch_document(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        address = discovery.get("jwks_uri")
        if discovery.get("issuer") != issuer or not isinstance(address, str) or not is_safe(address):
            raise ValueError("the discovery document is another issuer's or names no safe jwks_uri")
        published = (await fetch_document(client, address)).get("keys")
    if not isinstance(published, list):
        raise ValueError("the key document has no list of keys")
    usable = ((entry.get("kid", ""), read_key(entry)) for entry in published[:MOST_KEYS] if isinstance(entry, dict))
    return {str(key_id): key for key_id, key in usable if key is not None}


async def fetch_document(client: httpx2.AsyncClient, url: str) -> dict[str, Any]:
    """Return a JSON object of bounded size."""
    content = b""
    async with client.stream("GET", url) as response:
        response.raise_for_status()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > LARGEST_DOCUMENT:
                raise ValueError("the document is too large")
    value = json.loads(content)
    if not isinstance(value, dict):
        raise ValueError("the document is no object")
    return value


def read_key(entry: dict[str, Any]) -> jwt.PyJWK | None:
    """Return a key that may check signatures by an algorithm of ours, or nothing: others' keys may stand beside it."""
    curve = entry.get("crv")
    algorithm = ALGORITHMS.get((str(entry.get("kty")), str(curve) if curve is not None else None))
    if algorithm is None or entry.get("alg", algorithm) != algorithm or entry.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(entry, algorithm)
    except jwt.PyJWTError:
        return None
    if isinstance(key.key, RSAPublicKey):
        return key if key.key.key_size >= SMALLEST_RSA else None
    return key if isinstance(key.key, EllipticCurvePublicKey) else None
