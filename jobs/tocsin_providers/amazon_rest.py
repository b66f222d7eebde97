"""Amazon's interfaces as we use them: one signed request, once. Imports signature."""

import asyncio

import httpx2

from tocsin.settings import Settings
from tocsin_providers.amazon_signature import Scope, Signer

TIMEOUT = httpx2.Timeout(15.0, connect=5.0, pool=5.0)
DEADLINE = 30.0


class AmazonRest:
    """One key's requests. `client` is shared and closed by its owner."""

    def __init__(self, settings: Settings, client: httpx2.AsyncClient) -> None:
        self._signer = Signer(settings)
        self._client = client

    async def post(self, url: str, body: bytes, *, media_type: str, scope: Scope) -> httpx2.Response:
        """Post bytes, follow nowhere; raises NOT_SENT or LOST."""
        headers = self._signer.sign(url, body, {"Content-Type": media_type}, scope)
        async with asyncio.timeout(DEADLINE):
            return await self._client.post(url, content=body, headers=headers, timeout=TIMEOUT, follow_redirects=False)
