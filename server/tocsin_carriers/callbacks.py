"""Delivers callbacks over HTTP: one try, then a retry by its policy or the verdict `lost`.
Imports the shared parts only.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tocsin_carriers.clock import Clock
from tocsin_carriers.connections import Connections, NoAnswer, NoConnection
from tocsin_carriers.ledger import Answer, Callback, Ledger, Outgoing, Settlement
from tocsin_carriers.retries import RetryPolicy, acknowledged


class CallbackSender:
    """`again` puts a callback back on the schedule at a simulated instant."""

    def __init__(self, ledger: Callable[[], Ledger], clock: Clock, again: Callable[[float, Callback], None]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._again = again
        self._connections = Connections()

    async def send(self, callback: Callback) -> None:
        ledger, policy = self._ledger(), callback.retry_policy
        outgoing = callback.entry.wire.compose(callback)
        if isinstance(outgoing, Awaitable):
            outgoing = await outgoing
        if outgoing is None:
            return  # its wire has put it aside
        began = time.monotonic()
        answer = await self._post(outgoing, policy, policy.total_seconds - callback.spent)
        callback.spent += time.monotonic() - began
        ledger.note_attempt(callback, answer.status)
        if callback.settlement is not Settlement.OWED:
            return  # its message was cancelled while it was under way
        good = acknowledged(answer.status)
        if good or not self._retry(callback, answer.status):
            ledger.settle(callback, Settlement.ACKNOWLEDGED if good else Settlement.LOST)
            callback.conclude(answer)

    def _retry(self, callback: Callback, answer: int | str) -> bool:
        attempts, policy = len(callback.attempts), callback.retry_policy
        pause = policy.pause_after(attempts)
        if not policy.allows(answer, attempts=attempts, spent=callback.spent + pause):
            return False
        callback.spent += pause
        self._again(self._clock.now() + pause, callback)
        return True

    async def _post(self, outgoing: Outgoing, policy: RetryPolicy, seconds_left: float) -> Answer:
        try:
            async with asyncio.timeout(seconds_left):
                return await self._connections.post(
                    outgoing, connect_seconds=policy.connect_seconds, read_seconds=policy.read_seconds
                )
        except NoConnection:
            return Answer("ct")
        except (NoAnswer, TimeoutError):
            return Answer("rt")

    def close(self) -> None:
        self._connections.close()
