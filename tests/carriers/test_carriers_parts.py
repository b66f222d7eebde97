"""The small parts alone: clock, segments, overrides, loopback."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin_carriers.clock import Clock
from tocsin_carriers.loopback import split_loopback_url
from tocsin_carriers.messaging_consents import opt_out_type
from tocsin_carriers.messaging_segments import count_segments
from tocsin_carriers.twilio_overrides import split_overrides


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.01, 1000)), max_size=20))
def test_simulated_time_never_jumps_when_the_speed_changes(steps: list[tuple[float, float]]) -> None:
    real = 0.0
    clock = Clock(1.0, monotonic=lambda: real)
    expected, speed = 0.0, 1.0
    for seconds, next_speed in steps:
        real, expected = real + seconds, expected + seconds * speed
        assert clock.now() == pytest.approx(expected)
        moment, date = clock.now(), clock.calendar(clock.now())
        clock.change_speed(next_speed)
        speed = next_speed
        assert abs((clock.calendar(moment) - date).total_seconds()) < 0.001
        assert clock.seconds_until(moment + next_speed) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("é" * 160, 1),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("😀" * 36, 2),
    ],
)
def test_accents_outside_the_alphabet_make_a_text_longer(body: str, segments: int) -> None:
    assert count_segments(body) == segments


def test_without_a_fragment_there_is_one_retry_and_only_without_connection() -> None:
    address, policy = split_overrides("http://127.0.0.1/a?b=1")
    assert (address, policy.retries, policy.retried) == ("http://127.0.0.1/a?b=1", 1, frozenset({"ct"}))
    assert (policy.connect_seconds, policy.read_seconds, policy.total_seconds) == (5.0, 15.0, 15.0)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/a", "https://localhost/", "http://[::1]:1/", "http://127.8.8.8/"]
)
def test_this_machine_may_be_called(url: str) -> None:
    assert split_loopback_url(url) is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.0.1/",
        "http://localhost.exemple.test/",
        "http://127.0.0.1@exemple.test/",
        "ftp://127.0.0.1/",
        "http://0.0.0.0/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1/a b",
        "//127.0.0.1/",
        "http://[::1/",
        "",
    ],
)
def test_nothing_else_may_be_called(url: str) -> None:
    assert split_loopback_url(url) is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [("Arrêt", "STOP"), ("arret", "STOP"), (" Unstop", "START"), ("info", "HELP"), ("stop it", None)],
)
def test_words_of_consent_are_whole_bodies_in_any_case(body: str, kind: str | None) -> None:
    assert opt_out_type(body) == kind
