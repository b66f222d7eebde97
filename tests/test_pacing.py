"""Promises of the pace: never faster than the account's rate, slower after a refusal, and back within a minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.lanes import RATES, RECOVERY_SECONDS, SLOWEST, recover, slow_down
from tocsin.settings import read_settings
from tocsin.words import Channel
from tocsin_jobs.lanes import LONGEST_REST, choose_rest
from tocsin_jobs.pacing import SLACK, Pace

FULL = st.floats(0.1, 500)


def test_every_channel_has_its_rate() -> None:
    assert set(RATES) == set(Channel)
    settings = read_settings(twilio_calls_per_second=1.5, twilio_messages_per_second=20.0, ses_messages_per_second=33.0)
    assert [RATES[channel](settings) for channel in Channel] == [1.5, 20.0, 33.0]


@given(FULL, st.lists(st.floats(0, 3), max_size=60), st.integers(1, 16))
def test_no_stretch_of_time_sees_more_than_its_rate(full: float, pauses: list[float], most: int) -> None:
    pace, now = Pace(full, 0.0), 0.0
    sent: list[float] = []
    for pause in pauses:
        now += pause
        number = min(pace.count_ready(now), most)
        pace.spend(number, now)
        sent += [now] * number
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= full * (sent[last] - sent[first] + SLACK) + 1 + 1e-6


@given(FULL, st.floats(0, 5))
def test_whoever_waits_as_long_as_it_says_may_go(full: float, wait: float) -> None:
    pace = Pace(full, 0.0, wait=wait)
    now = 0.0
    for _ in range(20):
        now += pace.delay(now) + 1e-9
        assert pace.count_ready(now) >= 1
        pace.spend(1, now)
        assert pace.delay(now) <= 1 / full + 1e-6
    assert now >= wait


def test_one_call_a_second_goes_out_every_second_and_not_two() -> None:
    pace = Pace(1.0, 0.0)
    ready = []
    for tenth in range(50):
        number = pace.count_ready(tenth / 10)
        pace.spend(number, tenth / 10)
        ready.append(number)
    assert (sum(ready), max(ready)) == (5, 1)


def test_a_refusal_halves_the_rate_which_recovers_steadily_within_a_minute() -> None:
    slowed = slow_down(10.0, 10.0)
    rates = [recover(10.0, slowed, seconds) for seconds in (0, RECOVERY_SECONDS / 2, RECOVERY_SECONDS, 1_000)]
    assert rates == [5.0, 7.5, 10.0, 10.0]
    assert (recover(10.0, None, None), recover(4.0, slowed, 0)) == (10.0, 4.0)


@given(FULL, st.integers(1, 30))
def test_no_number_of_refusals_stops_a_lane_for_good(full: float, refusals: int) -> None:
    rate = full
    for _ in range(refusals):
        rate = slow_down(full, rate)
    assert rate >= full * SLOWEST
    assert 0 < choose_rest(refusals - 1) <= choose_rest(refusals) <= LONGEST_REST


def test_the_pace_recovers_while_it_is_kept() -> None:
    pace = Pace(10.0, 100.0, slowed_to=2.0, slowed_for=30.0)
    assert [pace.rate(now) for now in (100.0, 115.0, 130.0, 200.0)] == [6.0, 8.0, 10.0, 10.0]


@pytest.mark.parametrize(("refusals", "seconds"), [(0, 2), (1, 4), (2, 8), (3, 16), (4, 32), (5, 60), (400, 60)])
def test_each_refusal_in_a_row_lets_the_lane_rest_longer(refusals: int, seconds: float) -> None:
    assert choose_rest(refusals) == seconds
