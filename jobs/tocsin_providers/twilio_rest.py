"""Twilio's REST interface as all its products use it: one request, once, with its account. Imports settings."""

import asyncio
import logging
from collections.abc import Mapping
from urllib.parse import urlencode

import httpx2

from tocsin.settings import Settings

TIMEOUT = httpx2.Timeout(15.0, connect=5.0, pool=5.0)
DEADLINE = 30.0
NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
"""Faults before anything reached Twilio."""

LOST = (httpx2.HTTPError, TimeoutError)
"""Faults after which nobody knows what Twilio did; NOT_SENT are among them, so catch those first."""

OVERRIDES = "#rc=5&rp=ct,rt,5xx"
"""Asks Twilio to try a callback five times more, also after an error of ours, which it would otherwise drop."""


class TwilioRest:
    """One account's requests. `client` is shared and closed by its owner."""

    def __init__(self, settings: Settings, client: httpx2.AsyncClient) -> None:
        self.account = settings.twilio_account_sid
        self._settings = settings
        self._client = client
        # These two would write every URL to the log, and a search for a message has the citizen's number in it.
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)

    def callback_url(self, path: str, public_id: str, **query: str) -> str:
        """Return where Twilio shall report on this delivery, or ask about it; the query comes back signed."""
        fields = urlencode({"delivery": public_id, **query})
        return f"{self._settings.public_url.rstrip('/')}{path}?{fields}{OVERRIDES}"

    async def post(self, resource: str, form: Mapping[str, str | list[str]]) -> httpx2.Response:
        """Post a form to a resource of the account, such as `Messages.json`; raises NOT_SENT or LOST."""
        return await self._ask("POST", resource, data=dict(form))

    async def get(self, resource: str, query: Mapping[str, str] | None = None) -> httpx2.Response:
        """Read a resource of the account; raises NOT_SENT or LOST."""
        return await self._ask("GET", resource, params=dict(query or {}))

    async def _ask(
        self, method: str, resource: str, *, data: dict[str, str | list[str]] | None = None,
        params: dict[str, str] | None = None,
    ) -> httpx2.Response:  # fmt: skip
        settings = self._settings
        async with asyncio.timeout(DEADLINE):
            return await self._client.request(
                method,
                f"{settings.twilio_base_url.rstrip('/')}/2010-04-01/Accounts/{self.account}/{resource}",
                data=data,
                params=params,
                auth=httpx2.BasicAuth(self.account, settings.twilio_auth_token),
                timeout=TIMEOUT,
                follow_redirects=False,
            )
