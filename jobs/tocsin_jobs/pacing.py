"""Keeping to a carrier's rate, which recovers after it was lowered. Imports lanes."""

from tocsin.lanes import recover

SLACK = 0.1
"""Seconds by which lateness is caught up; a longer pause is not."""


class Pace:
    """Lets one through every 1/rate seconds. Every function is told the time, in seconds of a clock that never goes back."""

    def __init__(
        self,
        full: float,
        now: float,
        *,
        wait: float = 0.0,
        slowed_to: float | None = None,
        slowed_for: float | None = None,
    ) -> None:
        self._full = full
        self._begun = now
        self._next = now + wait
        self._slowed_to = slowed_to
        self._slowed_for = slowed_for

    def rate(self, now: float) -> float:
        """How many a second may go at this moment."""
        elapsed = None if self._slowed_for is None else self._slowed_for + now - self._begun
        return recover(self._full, self._slowed_to, elapsed)

    def delay(self, now: float) -> float:
        """Seconds until the next may go."""
        return max(self._next - now, 0.0)

    def count_ready(self, now: float) -> int:
        """How many may go now."""
        lateness = min(now - self._next, SLACK)
        return int(lateness * self.rate(now)) + 1 if lateness >= 0 else 0

    def spend(self, number: int, now: float) -> None:
        """Note that so many went."""
        self._next = max(self._next, now - SLACK) + number / self.rate(now)
