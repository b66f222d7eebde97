"""Properties of how often a verification may be sent, over any history of wishes and any change of clocks."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tocsin.verification_limits import measure_allowance

BEGINNINGS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
GAPS = st.lists(st.integers(1, 9 * 3600).map(lambda seconds: timedelta(seconds=seconds)), max_size=25)
ZONES = st.sampled_from(["America/Toronto", "America/St_Johns", "UTC", "America/Havana"])
MOMENT = timedelta(microseconds=1)


@given(BEGINNINGS, GAPS, ZONES)
def test_no_history_of_wishes_gets_more_than_one_a_minute_and_five_a_day(
    beginning: datetime, gaps: list[timedelta], zone: str
) -> None:
    sent: list[datetime] = []
    now = beginning
    for gap in gaps:
        now += gap
        allowance = measure_allowance([at for at in sent if now - at < timedelta(hours=26)], zone, now)
        assert allowance.attempts_today == sum(day_of(at, zone) == day_of(now, zone) for at in sent)
        if allowance.retry_at is None:
            sent.append(now)
    assert all(later - earlier >= timedelta(minutes=1) for earlier, later in pairwise(sent))
    assert max(Counter(day_of(at, zone) for at in sent).values(), default=0) <= 5


@given(BEGINNINGS, GAPS, ZONES)
def test_the_instant_that_is_told_is_the_first_at_which_it_may_be_sent(
    beginning: datetime, gaps: list[timedelta], zone: str
) -> None:
    sent: list[datetime] = []
    now = beginning
    for gap in gaps:
        now += gap
        retry_at = measure_allowance(sent, zone, now).retry_at
        if retry_at is None:
            sent.append(now)
            continue
        assert measure_allowance(sent, zone, retry_at).retry_at is None
        assert measure_allowance(sent, zone, retry_at - MOMENT).retry_at == retry_at


def day_of(instant: datetime, zone: str) -> object:
    return instant.astimezone(ZoneInfo(zone)).date()
