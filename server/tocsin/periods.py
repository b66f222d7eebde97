"""The log's periods: calendar days of a municipality as half-open ranges of instants. Imports errors and words.

Days are added, never seconds: a week with a change of clocks has 167 or 169 hours.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from tocsin.errors import BadInput
from tocsin.words import WeekStart

SECOND, DAY, WEEK = timedelta(seconds=1), timedelta(days=1), timedelta(days=7)
EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)
FROM, TO = "filter.from", "filter.to"


class Period(Enum):
    """What can be chosen; CUSTOM takes two days."""

    THIS_WEEK = "THIS_WEEK"
    LAST_WEEK = "LAST_WEEK"
    THIS_MONTH = "THIS_MONTH"
    CUSTOM = "CUSTOM"


@dataclass(frozen=True, slots=True)
class Span:
    """From the first instant of a day to the first instant of another, which is no longer part of it. In UTC."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """How a municipality counts its days."""

    time_zone: ZoneInfo
    week_start: WeekStart

    def find_day(self, instant: datetime) -> date:
        """Return the day on which an instant falls."""
        return instant.astimezone(self.time_zone).date()

    def begin_day(self, day: date) -> datetime:
        """Return the first instant of a day in UTC; where the clocks skip it, the first instant after it.

        Midnight comes twice where clocks go back over it, and not at all where they go forward over it.
        """
        midnight = datetime.combine(day, time(), self.time_zone)
        earlier, later = sorted(midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        if self.find_day(earlier) >= day:
            return earlier
        seconds = range(int((later - earlier).total_seconds()) + 1)
        skipped = bisect_left(seconds, True, key=lambda after: self.find_day(earlier + after * SECOND) >= day)
        return earlier + skipped * SECOND

    def span(self, first: date, last: date) -> Span:
        """Return both days and all between."""
        return Span(self.begin_day(first), self.begin_day(last + DAY))


def list_week(calendar: Calendar, today: date) -> tuple[date, date]:
    """Return first and last day of the week that a day is in."""
    first = today - timedelta(days=(today.isoweekday() - calendar.week_start) % 7)
    return first, first + WEEK - DAY


def list_last_week(calendar: Calendar, today: date) -> tuple[date, date]:
    return list_week(calendar, today - WEEK)


def list_month(calendar: Calendar, today: date) -> tuple[date, date]:
    first = today.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - DAY


RULES: Mapping[Period, Callable[[Calendar, date], tuple[date, date]]] = {
    Period.THIS_WEEK: list_week,
    Period.LAST_WEEK: list_last_week,
    Period.THIS_MONTH: list_month,
}


def resolve_period(
    period: Period, calendar: Calendar, now: datetime, *, first: date | None = None, last: date | None = None
) -> Span:
    """Return the range of a period as it stands `now`; `first` and `last` are CUSTOM's days, both included.

    BAD_INPUT with the field where a day is missing, not wanted, out of order, or more than 24 months away.
    """
    if period is Period.CUSTOM:
        return calendar.span(*check_days(first, last))
    for field, given in ((FROM, first), (TO, last)):
        if given is not None:
            raise BadInput("Days are chosen with the period CUSTOM only; leave them out.", field=field)
    return calendar.span(*RULES[period](calendar, calendar.find_day(now)))


def check_days(first: date | None, last: date | None) -> tuple[date, date]:
    """Return the two days, if they are a range that can be asked for."""
    if first is None or last is None:
        missing = FROM if first is None else TO
        raise BadInput("The period CUSTOM takes two days; give the first and the last.", field=missing)
    for field, day in ((FROM, first), (TO, last)):
        if not EARLIEST <= day <= LATEST:
            raise BadInput("This day is out of reach; choose one from 1900 to 2999.", field=field)
    if first > last:
        raise BadInput("The last day comes before the first; exchange them.", field=TO)
    if last >= add_two_years(first):
        raise BadInput("At most 24 months can be asked for at once; choose days that are closer.", field=TO)
    return first, last


def add_two_years(day: date) -> date:
    """Return the same day two years later; after a 29th of February that is a 1st of March."""
    return day.replace(year=day.year + 2) if (day.month, day.day) != (2, 29) else date(day.year + 2, 3, 1)
