"""What Twilio's REST answers mean for a delivery that was handed over: tables of its error codes. Imports events, words."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tocsin.events import Verdict
from tocsin.words import Channel

RECIPIENT_CODES = frozenset(
    {"21211", "21217"}  # no such number
    | {"21408", "21604", "21610", "21612", "21614", "21635"}  # texts
    | {"13224", "13227", "21202", "21203", "21214", "21215", "21216", "21219"}  # calls
)
"""The number is at fault: this delivery fails for good, the next one may succeed."""

ACCOUNT_CODES = frozenset(
    {"10001", "20003", "20005", "20006", "20404", "30002"}  # who we are
    | {"21210", "21212", "21213", "21603", "21606", "21659", "21701", "21703", "21704", "21705"}  # what we send from
    | {"11100", "11243", "21205", "21609", "21624"}  # where the callbacks go, and how long a text may wait
)
"""Every hand-over would be refused alike: nobody's number is to blame."""

PASSING_CODES = frozenset({"10004", "20429", "21611", "22005"})
"""Too many at once: not processed."""

SUPPRESSED_CODES = frozenset({"21610"})
"""The citizen has answered STOP."""

DEAD_CODES: Mapping[Channel, frozenset[str]] = {
    Channel.SMS: frozenset({"21211", "21217", "21614", "21635", "30005", "30006"}),
    Channel.CALL: frozenset({"13224", "21211", "21214", "21217"}),
}
"""The number can never take a text (unknown, impossible, a landline); no call can ever get to it."""

VERDICTS_BY_CODE: Mapping[str, Verdict] = {
    **dict.fromkeys(RECIPIENT_CODES, Verdict.ANSWERED),
    **dict.fromkeys(ACCOUNT_CODES, Verdict.ACCOUNT_REFUSED),
    **dict.fromkeys(PASSING_CODES, Verdict.TRY_AGAIN),
}

VERDICTS_BY_STATUS: Mapping[int, Verdict] = {
    401: Verdict.ACCOUNT_REFUSED,
    403: Verdict.ACCOUNT_REFUSED,
    404: Verdict.ACCOUNT_REFUSED,
    408: Verdict.UNKNOWN,
    429: Verdict.TRY_AGAIN,
}

LONGEST_PAUSE = 3600.0


def judge(status: int, code: str | None) -> Verdict:
    """Return what an HTTP status other than 2xx means; where Twilio's own code is known, it decides.

    An error without a code was not written by Twilio (a proxy, a wrong base URL): it says nothing about the number.
    """
    if status >= 500:
        return Verdict.UNKNOWN
    if status == 429:
        return Verdict.TRY_AGAIN
    known = VERDICTS_BY_CODE.get(code or "") or VERDICTS_BY_STATUS.get(status)
    return known or (Verdict.ANSWERED if code and status >= 400 else Verdict.ACCOUNT_REFUSED)


def read_object(content: bytes) -> dict[str, Any]:
    """Return the JSON object of a body, empty where it is none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def read_text(value: object, pattern: re.Pattern[str]) -> str | None:
    """Return a number or text of an answer if it looks as it should."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if pattern.fullmatch(text) else None


def read_instant(value: object) -> datetime | None:
    """Return the instant of a date as mails and Twilio write it, in UTC; nothing where it is none of this age."""
    try:
        instant = parsedate_to_datetime(value) if isinstance(value, str) else None
    except (ValueError, TypeError, OverflowError):
        return None
    if instant is None or not 1970 < instant.year < 9999:
        return None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)


def read_pause(header: str | None, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header, which may be a number or a date, at most an hour."""
    if header is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", header.strip()):
        return min(float(header), LONGEST_PAUSE)
    instant = read_instant(header)
    return None if instant is None else min(max((instant - now).total_seconds(), 0.0), LONGEST_PAUSE)
