"""Delivers callbacks over HTTP: one try, then a retry by its policy or the verdict `lost`.
Imports the shared parts only.
"""

import asyncio
import time
from collections.abc import Callable

import httpx2

from tocsin_carriers.clock import Clock
from tocsin_carriers.ledger import Callback, Ledger, Outgoing, Settlement
from tocsin_carriers.loopback import split_loopback_url
from tocsin_carriers.retries import RetryPolicy, acknowledged, back_off

# Shorter than common servers keep an idle connection, so that a reused one is rarely closed under a callback.
_IDLE_SECONDS = 2.0


def open_client() -> httpx2.AsyncClient:
    """Loopback only: no proxy from the environment, no redirects. Concurrency is bounded by whoever calls."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=200, keepalive_expiry=_IDLE_SECONDS)
    return httpx2.AsyncClient(trust_env=False, follow_redirects=False, limits=limits)


class CallbackSender:
    """`again` puts a callback back on the schedule at a simulated instant."""

    def __init__(self, ledger: Callable[[], Ledger], clock: Clock, again: Callable[[float, Callback], None]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._again = again
        self._client = open_client()

    async def send(self, callback: Callback) -> None:
        ledger, policy = self._ledger(), callback.entry.retry_policy
        began = time.monotonic()
        answer = await self._post(callback.entry.wire.compose(callback), policy, policy.total_seconds - callback.spent)
        callback.spent += time.monotonic() - began
        ledger.note_attempt(callback, answer)
        if callback.settlement is not Settlement.OWED:
            return  # its message was cancelled while it was under way
        if acknowledged(answer):
            ledger.settle(callback, Settlement.ACKNOWLEDGED)
        elif not self._retry(callback, answer):
            ledger.settle(callback, Settlement.LOST)

    def _retry(self, callback: Callback, answer: int | str) -> bool:
        attempts, policy = len(callback.attempts), callback.entry.retry_policy
        pause = back_off(attempts)
        if not policy.allows(answer, attempts=attempts, spent=callback.spent + pause):
            return False
        callback.spent += pause
        self._again(self._clock.now() + pause, callback)
        return True

    async def _post(self, outgoing: Outgoing, policy: RetryPolicy, seconds_left: float) -> int | str:
        """The status, or `ct` (no connection), or `rt` (no whole answer in time)."""
        timeout = httpx2.Timeout(policy.read_seconds, connect=policy.connect_seconds, pool=None)
        try:
            async with asyncio.timeout(seconds_left):
                response = await self._client.post(
                    outgoing.url,
                    content=outgoing.body,
                    headers=outgoing.headers,
                    timeout=timeout,
                    extensions={"target": _target(outgoing.url)},
                )
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            return "ct"
        except (httpx2.TransportError, TimeoutError):
            return "rt"
        return response.status_code

    async def close(self) -> None:
        await self._client.aclose()


def _target(url: str) -> bytes:
    """Path and query byte for byte, for the signature covers them: the client must not normalise them."""
    parts = split_loopback_url(url)
    if parts is None:
        raise ValueError("A callback may go to a loopback address only.")
    target = url.partition(f"//{parts.netloc}")[2]
    return (target if target.startswith("/") else f"/{target}").encode("ascii")
