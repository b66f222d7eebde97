"""Simulated time: real time multiplied by a speed that may change while it runs. Imports nothing of ours."""

import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

_STRETCHES_KEPT = 256


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A time of constant speed, from an instant known in both times."""

    real: float
    simulated: float
    speed: float


class Clock:
    """Seconds of simulated time since the start. Calendar dates are real ones: what an observer's watch
    shows.
    """

    def __init__(self, speed: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._calendar_start = time.time() - monotonic()
        self._stretches = [_Stretch(monotonic(), 0.0, speed)]

    @property
    def speed(self) -> float:
        return self._stretches[-1].speed

    def now(self) -> float:
        last = self._stretches[-1]
        return last.simulated + (self._monotonic() - last.real) * last.speed

    def seconds_until(self, due: float) -> float:
        """Real seconds until a simulated instant; zero if it has passed."""
        return max(0.0, (due - self.now()) / self.speed)

    def change_speed(self, speed: float) -> None:
        self._stretches.append(_Stretch(self._monotonic(), self.now(), speed))
        del self._stretches[:-_STRETCHES_KEPT]

    def calendar(self, moment: float) -> datetime:
        """The UTC date at which a simulated instant happens, or will at the present speed."""
        position = bisect_right(self._stretches, moment, key=lambda stretch: stretch.simulated)
        stretch = self._stretches[max(0, position - 1)]
        real = stretch.real + (moment - stretch.simulated) / stretch.speed
        return datetime.fromtimestamp(self._calendar_start + real, UTC)
