"""What the codes, pauses and bodies of Twilio's answers mean."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events import Verdict
from tocsin.words import Channel
from tocsin_providers.twilio_answers import (
    ACCOUNT_CODES,
    DEAD_CODES,
    PASSING_CODES,
    RECIPIENT_CODES,
    SUPPRESSED_CODES,
    judge,
    read_instant,
    read_object,
    read_pause,
)

NOW = datetime(2026, 11, 23, 22, 41, tzinfo=UTC)


def test_each_code_is_in_one_table_only() -> None:
    assert len(RECIPIENT_CODES | ACCOUNT_CODES | PASSING_CODES) == sum(
        map(len, (RECIPIENT_CODES, ACCOUNT_CODES, PASSING_CODES))
    )
    dead = DEAD_CODES[Channel.SMS] | DEAD_CODES[Channel.CALL]
    assert not SUPPRESSED_CODES & dead
    assert not (SUPPRESSED_CODES | dead) & (ACCOUNT_CODES | PASSING_CODES)


@pytest.mark.parametrize("verdict", [Verdict.ANSWERED, Verdict.ACCOUNT_REFUSED, Verdict.TRY_AGAIN])
def test_each_code_is_judged_by_its_table(verdict: Verdict) -> None:
    table = {
        Verdict.ANSWERED: RECIPIENT_CODES,
        Verdict.ACCOUNT_REFUSED: ACCOUNT_CODES,
        Verdict.TRY_AGAIN: PASSING_CODES,
    }[verdict]
    assert {judge(400, code) for code in table} == {verdict}


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("Mon, 23 Nov 2026 22:41:00 +0000", NOW),
        ("Mon, 23 Nov 2026 17:41:00 -0500", NOW),
        ("Mon, 23 Nov 2026 22:41:00 -0000", NOW),
        ("Mon, 01 Jan 1900 00:00:00 +2300", None),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_an_instant_is_read_in_utc_or_not_at_all(text: object, instant: datetime | None) -> None:
    assert read_instant(text) == instant


@given(status=st.integers(300, 599), code=st.none() | st.from_regex(r"[0-9]{1,9}", fullmatch=True))
def test_a_lost_answer_is_never_mistaken_for_one_that_may_be_repeated(status: int, code: str | None) -> None:
    verdict = judge(status, code)
    if status >= 500:
        assert verdict is Verdict.UNKNOWN
    if verdict is Verdict.TRY_AGAIN:
        assert status == 429 or code in PASSING_CODES
    if verdict is Verdict.ANSWERED:
        assert code is not None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 12 ", 12.0),
        ("999999", 3600.0),
        ("-1", None),
        ("nan", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 400, None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("Mon, 23 Nov 2026 22:42:00 -0000", 60.0),
        ("Mon, 23 Nov 99999 22:42:00 GMT", None),
    ],
)
def test_a_pause_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert read_pause(header, NOW) == seconds


@given(st.text())
def test_no_pause_header_makes_it_fail(header: str) -> None:
    assert 0 <= (read_pause(header, NOW) or 0) <= 3600


@given(st.binary() | st.text().map(json.dumps).map(str.encode))
def test_no_body_makes_it_fail(content: bytes) -> None:
    assert isinstance(read_object(content), dict)
