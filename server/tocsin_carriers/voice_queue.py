"""How fast the account may dial: calls wait their turn at so many a second. Imports nothing of ours."""

LONGEST_QUEUE_SECONDS = 86_400.0


class CallQueue:
    """A bucket of one token: nobody is dialled sooner than the one before him plus the pause of the rate."""

    def __init__(self) -> None:
        self._free_at = 0.0

    def wait(self, now: float) -> float:
        """Simulated seconds until the next call's turn."""
        return max(0.0, self._free_at - now)

    def take(self, now: float, calls_per_second: float) -> float:
        """The same, and the turn is taken."""
        wait = self.wait(now)
        self._free_at = now + wait + 1.0 / calls_per_second
        return wait
