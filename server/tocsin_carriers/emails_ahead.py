"""Signs events before they are due, so that a burst of them is not slowed by signing. Imports the e-mail."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from tocsin_carriers.emails_email import EventCallback

_AT_ONCE = 16
_MOST_AHEAD = 100_000
"""Beyond it events are signed when they are due: each takes three kilobytes until it is delivered."""


class SigningAhead:
    """Works through what is planned, a few at once, while there is something."""

    def __init__(self, sign: Callable[[EventCallback], Coroutine[Any, Any, object]]) -> None:
        self._sign = sign
        self._planned: deque[EventCallback] = deque()
        self._workers: set[asyncio.Task[None]] = set()

    @property
    def left(self) -> int:
        """How many are still to be signed."""
        return len(self._planned) + len(self._workers)

    def add(self, callbacks: Iterable[EventCallback]) -> None:
        for callback in callbacks:
            if len(self._planned) < _MOST_AHEAD:
                self._planned.append(callback)
        while len(self._workers) < min(_AT_ONCE, len(self._planned)):
            worker = asyncio.get_running_loop().create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    def clear(self) -> None:
        """Forget what is planned, and leave what is under way."""
        self._planned.clear()
        for worker in self._workers:
            worker.cancel()

    async def _work(self) -> None:
        while self._planned:
            await self._sign(self._planned.popleft())
