"""Promises about the log's periods, held against a walk through the minutes that knows nothing of midnights."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import BadInput
from tocsin.periods import Calendar, Period, resolve_period
from tocsin.words import WeekStart

TORONTO, HALIFAX = "America/Toronto", "America/Halifax"
CHANGING = (
    TORONTO, HALIFAX, "America/St_Johns", "America/Havana", "America/Asuncion", "America/Sao_Paulo", "Africa/Cairo",
    "Asia/Beirut", "Atlantic/Azores", "Pacific/Apia", "Australia/Lord_Howe", "Europe/Dublin", "Asia/Tehran",
)  # fmt: skip
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def walk(day: date) -> Iterator[datetime]:
    """Every minute of UTC around a day, from when nowhere has begun it."""
    instant = datetime.combine(day, time(), UTC) - timedelta(hours=30)
    while True:
        yield instant
        instant += MINUTE


@cache
def find_beginning(zone: str, day: date) -> datetime:
    """The first minute at which the calendars of a zone show this day, or a later one."""
    place = ZoneInfo(zone)
    return next(instant for instant in walk(day) if instant.astimezone(place).date() >= day)


def expect(zone: str, first: date, last: date) -> tuple[datetime, datetime]:
    return find_beginning(zone, first), find_beginning(zone, last + DAY)


def expect_week(zone: str, now: datetime, first_day: str) -> tuple[datetime, datetime]:
    """Go back day by day to the name of the first day of weeks."""
    day = now.astimezone(ZoneInfo(zone)).date()
    while day.strftime("%A") != first_day:
        day -= DAY
    return expect(zone, day, day + 6 * DAY)


def expect_month(zone: str, now: datetime) -> tuple[datetime, datetime]:
    today = now.astimezone(ZoneInfo(zone)).date()
    days = [today + offset * DAY for offset in range(-31, 32)]
    same = [day for day in days if (day.year, day.month) == (today.year, today.month)]
    return expect(zone, min(same), max(same))


def resolve(
    period: Period, zone: str, now: datetime, first: date | None = None, last: date | None = None,
    *, week_start: WeekStart = WeekStart.SUNDAY,
) -> tuple[datetime, datetime]:  # fmt: skip
    span = resolve_period(period, Calendar(ZoneInfo(zone), week_start), now, first=first, last=last)
    return span.begins, span.ends


def at(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize("zone", [TORONTO, HALIFAX])
@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-03-11T12:00", 167),  # the Sunday of this week had 23 hours
        ("2026-03-08T00:00", 167),
        ("2026-03-14T23:59", 167),
        ("2026-11-04T12:00", 169),
        ("2026-11-01T01:30", 169),
        ("2026-06-10T12:00", 168),
        ("2026-12-31T23:59", 168),
    ],
)
def test_a_week_across_a_change_of_clocks_is_whole(zone: str, now: str, hours: int) -> None:
    instant = at(zone, now)
    begins, ends = resolve(Period.THIS_WEEK, zone, instant)
    assert ends - begins == timedelta(hours=hours)
    assert begins <= instant < ends
    assert (begins, ends) == expect_week(zone, instant, "Sunday")
    assert resolve(Period.LAST_WEEK, zone, instant + timedelta(days=7)) == (begins, ends)


@pytest.mark.parametrize("zone", [TORONTO, HALIFAX])
@pytest.mark.parametrize(("first_day", "week_start"), [("Sunday", WeekStart.SUNDAY), ("Monday", WeekStart.MONDAY)])
def test_weeks_begin_on_the_municipalitys_first_day(zone: str, first_day: str, week_start: WeekStart) -> None:
    for day in range(14):
        now = at(zone, "2026-10-26T23:59:59") + day * DAY
        this = resolve(Period.THIS_WEEK, zone, now, week_start=week_start)
        assert this == expect_week(zone, now, first_day)
        assert resolve(Period.LAST_WEEK, zone, now, week_start=week_start)[1] == this[0]


@pytest.mark.parametrize("zone", [TORONTO, HALIFAX])
@pytest.mark.parametrize(
    "now",
    [
        "2026-02-28T23:59:59",
        "2028-02-29T00:00",
        "2026-12-31T23:59",
        "2027-01-01T00:00",
        "2026-03-31T12:00",
        "2026-11-30T12:00",
    ],
)
def test_a_month_ends_with_its_last_day(zone: str, now: str) -> None:
    instant = at(zone, now)
    begins, ends = resolve(Period.THIS_MONTH, zone, instant)
    assert (begins, ends) == expect_month(zone, instant)
    assert begins <= instant < ends


def test_the_same_instant_is_another_day_in_halifax() -> None:
    saturday_night = datetime(2026, 5, 3, 3, 30, tzinfo=UTC)
    assert resolve(Period.THIS_WEEK, TORONTO, saturday_night)[0] == datetime(2026, 4, 26, 4, tzinfo=UTC)
    assert resolve(Period.THIS_WEEK, HALIFAX, saturday_night)[0] == datetime(2026, 5, 3, 3, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-07-01", 24)])
@pytest.mark.parametrize("zone", [TORONTO, HALIFAX])
def test_a_range_of_one_day_is_that_day(zone: str, day: str, hours: int) -> None:
    chosen = date.fromisoformat(day)
    begins, ends = resolve(Period.CUSTOM, zone, datetime.now(UTC), chosen, chosen)
    assert ends - begins == timedelta(hours=hours)
    assert (begins, ends) == expect(zone, chosen, chosen)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("America/Asuncion", "2023-10-01", "2023-10-01T04:00"),  # 00:00 is followed by 01:00 at once
        ("America/Havana", "2026-03-08", "2026-03-08T05:00"),
        ("America/Havana", "2026-11-01", "2026-11-01T04:00"),  # 00:00 comes twice; the first begins the day
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30"),  # 23:30 was followed by 00:30
        ("America/St_Johns", "2006-10-29", "2006-10-29T02:30"),  # a minute after midnight it was 23:01 again
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),  # a day that never was
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00"),
    ],
)
def test_a_midnight_that_is_skipped_or_comes_twice_still_begins_the_day(zone: str, day: str, begins: str) -> None:
    chosen = date.fromisoformat(day)
    found = Calendar(ZoneInfo(zone), WeekStart.SUNDAY).begin_day(chosen)
    assert found == datetime.fromisoformat(begins).replace(tzinfo=UTC) == find_beginning(zone, chosen)


INSTANTS = st.integers(2 * 365 * 86_400, 67 * 365 * 86_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
DAYS = st.dates(date(1972, 1, 1), date(2037, 12, 1))


@settings(max_examples=150, deadline=None)
@given(zone=st.sampled_from(CHANGING), first=DAYS, length=st.integers(0, 700))
def test_any_range_is_what_the_minutes_say(zone: str, first: date, length: int) -> None:
    last = first + length * DAY
    assert resolve(Period.CUSTOM, zone, datetime.now(UTC), first, last) == expect(zone, first, last)


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(CHANGING),
    now=INSTANTS,
    week_start=st.sampled_from(WeekStart),
)
def test_any_week_and_month_is_what_the_minutes_say(zone: str, now: datetime, week_start: WeekStart) -> None:
    first_day = {WeekStart.SUNDAY: "Sunday", WeekStart.MONDAY: "Monday"}[week_start]
    this = resolve(Period.THIS_WEEK, zone, now, week_start=week_start)
    assert this == expect_week(zone, now, first_day)
    assert resolve(Period.LAST_WEEK, zone, now, week_start=week_start)[1] == this[0]
    assert resolve(Period.THIS_MONTH, zone, now) == expect_month(zone, now)


@given(
    zone=st.sampled_from([TORONTO, HALIFAX]),
    now=INSTANTS,
)
def test_every_instant_lies_in_its_day_and_in_no_other(zone: str, now: datetime) -> None:
    calendar = Calendar(ZoneInfo(zone), WeekStart.SUNDAY)
    day = calendar.find_day(now)
    assert calendar.begin_day(day) <= now < calendar.begin_day(day + DAY)


REFUSALS = [
    (Period.CUSTOM, None, None, "filter.from"),
    (Period.CUSTOM, None, "2026-01-01", "filter.from"),
    (Period.CUSTOM, "2026-01-01", None, "filter.to"),
    (Period.CUSTOM, "2026-01-02", "2026-01-01", "filter.to"),
    (Period.CUSTOM, "2026-01-01", "2028-01-01", "filter.to"),
    (Period.CUSTOM, "2024-02-29", "2026-03-01", "filter.to"),
    (Period.CUSTOM, "0001-01-01", "0001-01-02", "filter.from"),
    (Period.CUSTOM, "2998-06-01", "9999-12-31", "filter.to"),
    (Period.THIS_WEEK, "2026-01-01", None, "filter.from"),
    (Period.LAST_WEEK, None, "2026-01-01", "filter.to"),
    (Period.THIS_MONTH, "2026-01-01", "2026-01-31", "filter.from"),
]


@pytest.mark.parametrize(("period", "first", "last", "field"), REFUSALS)
def test_days_that_make_no_range_are_refused_by_name(
    period: Period, first: str | None, last: str | None, field: str
) -> None:
    days = [date.fromisoformat(text) if text else None for text in (first, last)]
    with pytest.raises(BadInput) as refused:
        resolve(period, TORONTO, datetime.now(UTC), *days)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-01-01", "2027-12-31"),
        ("2024-02-29", "2026-02-28"),
        ("2026-03-15", "2028-03-14"),
        ("1900-01-01", "1900-01-01"),
        ("2999-12-31", "2999-12-31"),
    ],
)
def test_24_months_can_be_asked_for(first: str, last: str) -> None:
    begins, ends = resolve(
        Period.CUSTOM, HALIFAX, datetime.now(UTC), date.fromisoformat(first), date.fromisoformat(last)
    )
    assert begins < ends
