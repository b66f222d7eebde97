"""Keeping to a carrier's rate. Imports nothing of ours."""

import asyncio


class Pace:
    """Lets one through every 1/rate seconds; a little late is caught up, a long pause is not."""

    def __init__(self, per_second: float, *, slack: float = 0.1) -> None:
        self._interval = 1 / per_second
        self._slack = slack
        self._next = 0.0

    async def wait(self) -> None:
        """Return when the next one may go."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        turn = max(self._next, now - self._slack)
        self._next = turn + self._interval
        if turn > now:
            await asyncio.sleep(turn - now)
