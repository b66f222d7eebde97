"""How often somebody may do something: at a steady rate, and more at once. Imports nothing of ours."""

AT_ONCE = 4.0
"""Seconds' worth of messages that may come at once: a client that reconnects opens all its operations together."""


class Allowance:
    """So much a second in the long run, and several seconds' worth at once."""

    def __init__(self, per_second: float, now: float) -> None:
        """`now` is in seconds of a clock that never goes back."""
        self._per_second = per_second
        self._most = max(per_second * AT_ONCE, 1.0)
        self._left = self._most
        self._counted_at = now

    def take(self, now: float) -> bool:
        """Take one; False where there is none to take."""
        self._left = min(self._most, self._left + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
