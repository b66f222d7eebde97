"""How often a contact point may be sent a verification, and how long one is good for. Imports periods and words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.periods import DAY, Calendar
from tocsin.words import Channel, WeekStart

PAUSE = timedelta(minutes=1)
MOST_A_DAY = 5
MOST_TRIES = 5

LIFETIMES: Mapping[Channel, timedelta] = {
    Channel.CALL: timedelta(minutes=15),
    Channel.SMS: timedelta(minutes=15),
    Channel.EMAIL: timedelta(hours=24),
}
"""How long a code or a link is accepted, from its hand-over."""

LONGEST_DAY = "interval '26 hours'"
"""No calendar day is longer, even where the clocks go back."""

LIFETIME = " ".join(f"WHEN {channel:d} THEN {lasts.total_seconds()}" for channel, lasts in LIFETIMES.items())


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many were asked for on this day, and from when another one may be; nothing where that is now."""

    attempts_today: int
    retry_at: datetime | None


def measure_allowance(requested: Sequence[datetime], time_zone: str, now: datetime) -> Allowance:
    """Return what is left after the requests of the last day; days are the municipality's."""
    calendar = Calendar(ZoneInfo(time_zone), WeekStart.SUNDAY)
    today = calendar.find_day(now)
    count = sum(calendar.find_day(instant) == today for instant in requested)
    free_at = max(requested, default=now - PAUSE) + PAUSE
    if count >= MOST_A_DAY:
        free_at = max(free_at, calendar.begin_day(today + DAY))
    return Allowance(count, free_at if free_at > now else None)
