"""Asking Twilio what became of something: a search by number and time, and a look at one resource. Imports events, rest.

Twilio's lists lag behind a little, so that an absence is only believed by whoever asks when asked again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tocsin.events import Certainty, Event, Finding, Inquiry
from tocsin_providers.twilio_answers import read_instant, read_object
from tocsin_providers.twilio_rest import LOST, TwilioRest

EARLIER = timedelta(seconds=5)
"""Clocks differ, and Twilio tells instants in whole seconds."""

MOST = "100"

Row = Mapping[str, Any]


async def search(rest: TwilioRest, resource: str, query: Mapping[str, str]) -> list[Row] | None:
    """Return the rows of a list such as `Messages.json`; nothing where Twilio did not answer as it should."""
    try:
        response = await rest.get(resource, {**query, "PageSize": MOST})
    except LOST:
        return None
    rows = read_object(response.content).get(resource.partition(".")[0].lower())
    if not response.is_success or not isinstance(rows, list):
        return None
    return [row for row in rows if isinstance(row, dict)]


async def fetch(rest: TwilioRest, resource: str) -> Row:
    """Return one resource such as `Messages/SM….json`; empty where Twilio did not answer as it should."""
    try:
        response = await rest.get(resource)
    except LOST:
        return {}
    return read_object(response.content) if response.is_success else {}


def conclude(
    rows: Sequence[Row] | None, inquiry: Inquiry, matches: Callable[[Row], bool], read: Callable[[Row], Event | None]
) -> Finding:
    """Return what a search says of the delivery: one match that nobody else claims is it, none says that there is none."""
    if rows is None:
        return Finding(Certainty.UNCLEAR, reason="Twilio could not be asked.")
    mine = [
        row for row in rows if row.get("sid") not in inquiry.bound and is_since(row, inquiry.since) and matches(row)
    ]
    if not mine:
        return Finding(Certainty.ABSENT)
    event = read(mine[0])
    if len(mine) > 1 or event is None:
        return Finding(Certainty.UNCLEAR, reason="Several could be it.")
    return Finding(Certainty.FOUND, event)


def is_since(row: Row, since: datetime) -> bool:
    """Whether it was made at that instant or later; what has no readable date may have been."""
    made = read_instant(row.get("date_created"))
    return made is None or made >= since - EARLIER
