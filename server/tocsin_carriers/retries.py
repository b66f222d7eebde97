"""When a carrier tries a callback again and how long it waits for an answer; one value per callback URL.
Imports nothing of ours.
"""

from dataclasses import dataclass

FIRST_BACK_OFF = 0.25
"""Simulated seconds before the first retry; doubles with each further one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """`retried` names the failures that deserve a retry: `ct` (no connection), `rt` (no answer), `4xx`,
    `5xx`, or one status such as `429`.
    """

    retries: int
    retried: frozenset[str]
    connect_seconds: float
    read_seconds: float
    total_seconds: float
    pause_seconds: float | None = None
    """Simulated seconds before each retry; None: a quarter of a second, doubled each time."""

    def pause_after(self, attempts: int) -> float:
        return back_off(attempts) if self.pause_seconds is None else self.pause_seconds

    def allows(self, answer: int | str, *, attempts: int, spent: float) -> bool:
        """Whether another try follows, after this many attempts and seconds."""
        names = {answer} if isinstance(answer, str) else {str(answer), f"{answer // 100}xx"}
        return attempts <= self.retries and bool(names & self.retried) and spent < self.total_seconds


def back_off(attempts: int) -> float:
    return float(FIRST_BACK_OFF * 2 ** (attempts - 1))


def acknowledged(answer: int | str) -> bool:
    return isinstance(answer, int) and 200 <= answer < 300
