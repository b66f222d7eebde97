"""The certificates by which Amazon's notification service signs: fetched once, kept a day. Imports webhook.

Only ask for URLs that `amazon_envelope` has let pass.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import httpx2
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from tocsin_providers.twilio_rest import LOST
from tocsin_providers.webhook import ForgedWebhook, UnreadableWebhook

TIMEOUT = httpx2.Timeout(4.0, connect=3.0, pool=3.0)
DEADLINE = 5.0
PATIENCE = 8.0
LARGEST = 65_536
MOST = 8
KEPT, KEPT_FAILURE = timedelta(hours=24), timedelta(seconds=60)
KEY_BITS = range(2048, 8193)

Value = TypeVar("Value")


class UnusableCertificate(Exception):
    """What was fetched is no certificate that could be Amazon's."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A public key and the time in which it may be used."""

    key: RSAPublicKey
    begins_at: datetime
    ends_at: datetime


class Certificates:
    """Fetches one at a time: whoever waits for the same one finds it there. `client` is closed by its owner."""

    def __init__(self, client: httpx2.AsyncClient, tell_time: Callable[[], datetime]) -> None:
        self._client = client
        self._tell_time = tell_time
        self._kept: dict[str, tuple[datetime, Certificate]] = {}
        self._failed: dict[str, datetime] = {}
        self._fetching = asyncio.Lock()

    async def verify(self, url: str, signature: bytes, signed: bytes) -> None:
        """Return if the certificate at this URL has signed; ForgedWebhook if not, UnreadableWebhook if it is out of reach."""
        certificate = await self._find(url)
        if not certificate.begins_at <= self._tell_time() <= certificate.ends_at:
            raise ForgedWebhook("The certificate is not valid at this time.")
        try:
            certificate.key.verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            raise ForgedWebhook("The signature does not fit.") from None

    async def _find(self, url: str) -> Certificate:
        found = self._recall(url)
        if found is not None:
            return found
        try:
            async with asyncio.timeout(PATIENCE), self._fetching:
                return self._recall(url) or await self._fetch(url)
        except TimeoutError:
            raise UnreadableWebhook("Too many certificates are asked for at once.") from None

    def _recall(self, url: str) -> Certificate | None:
        now = self._tell_time()
        if url in self._kept and is_fresh(self._kept[url][0], now, KEPT):
            return self._kept[url][1]
        if url in self._failed and is_fresh(self._failed[url], now, KEPT_FAILURE):
            raise UnreadableWebhook("The certificate could not be fetched a moment ago.")
        return None

    async def _fetch(self, url: str) -> Certificate:
        try:
            async with asyncio.timeout(DEADLINE):
                certificate = read_certificate(await self._download(url))
        except (*LOST, UnusableCertificate) as error:
            remember(self._failed, url, self._tell_time())
            raise UnreadableWebhook(f"The certificate can't be had ({type(error).__name__}).") from None
        remember(self._kept, url, (self._tell_time(), certificate))
        return certificate

    async def _download(self, url: str) -> bytes:
        content = bytearray()
        # Bytes as they came: what a compressed answer would unfold to has no limit.
        headers = {"Accept-Encoding": "identity"}
        async with self._client.stream(
            "GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=False
        ) as response:
            if response.status_code != 200:
                raise UnusableCertificate
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > LARGEST:
                    raise UnusableCertificate
        return bytes(content)


def read_certificate(content: bytes) -> Certificate:
    """Return key and dates of a certificate in PEM; UnusableCertificate for anything else."""
    try:
        certificate = load_pem_x509_certificate(content)
        key = certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableCertificate from None
    if not isinstance(key, RSAPublicKey) or key.key_size not in KEY_BITS:
        raise UnusableCertificate
    return Certificate(key, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def is_fresh(since: datetime, now: datetime, lasts: timedelta) -> bool:
    """Whether it is not over; a clock that was set back ends it too."""
    return timedelta(0) <= now - since < lasts


def remember(kept: dict[str, Value], url: str, value: Value) -> None:
    """Keep the newest few."""
    kept.pop(url, None)
    kept[url] = value
    while len(kept) > MOST:
        del kept[next(iter(kept))]
