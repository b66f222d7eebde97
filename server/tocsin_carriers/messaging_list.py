"""The list of texts: filters by number, sender and date, newest first, in pages.
Imports the store, the message, the clock.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from tocsin_carriers.clock import Clock
from tocsin_carriers.messaging_message import Message, resource_of, sent_date
from tocsin_carriers.messaging_store import MessageStore
from tocsin_carriers.twilio_errors import TwilioError

_DATE_FILTERS: dict[str, Callable[[datetime, datetime, bool], bool]] = {
    "DateSent": lambda sent, bound, whole_day: (
        bound <= sent < bound + timedelta(days=1) if whole_day else sent == bound
    ),
    "DateSent>": lambda sent, bound, _: sent >= bound,
    "DateSent<": lambda sent, bound, whole_day: sent < bound + timedelta(days=1) if whole_day else sent <= bound,
}
_LARGEST_PAGE = 1_000
_USUAL_PAGE = 50


def list_messages(store: MessageStore, query: QueryParams, clock: Clock, path: str) -> dict[str, Any]:
    """A page token is the sid that the page begins after, so texts sent meanwhile do not move the pages."""
    size = _read_size(query.get("PageSize", str(_USUAL_PAGE)))
    page = int(query["Page"]) if query.get("Page", "").isdecimal() else 0
    found = list(islice(_matching(store, query, clock), size + 1))
    shown, more = found[:size], len(found) > size
    filters = [(name, value) for name, value in query.multi_items() if name not in {"Page", "PageSize", "PageToken"}]

    def uri(number: int, token: str | None) -> str:
        paging = [("PageSize", str(size)), ("Page", str(number)), *([("PageToken", token)] if token else [])]
        return f"{path}?{urlencode(filters + paging)}"

    return {
        "messages": [resource_of(message, clock) for message in shown],
        "start": page * size,
        "end": page * size + max(0, len(shown) - 1),
        "page": page,
        "page_size": size,
        "uri": uri(page, query.get("PageToken")),
        "first_page_uri": uri(0, None),
        "next_page_uri": uri(page + 1, "PA" + shown[-1].sid) if more else None,
        "previous_page_uri": None if page == 0 else uri(0, None),
    }


def _matching(store: MessageStore, query: QueryParams, clock: Clock) -> Iterator[Message]:
    sender, token = query.get("From"), query.get("PageToken", "")
    bounds = [(test, *_read_date(query[name])) for name, test in _DATE_FILTERS.items() if query.get(name)]
    begun = not token
    for message in reversed(store.oldest_first(query.get("To"))):
        if begun and (sender is None or message.sender == sender):
            sent = sent_date(message, clock)
            if all(test(sent, bound, whole_day) for test, bound, whole_day in bounds):
                yield message
        begun = begun or token == "PA" + message.sid


def _read_size(text: str) -> int:
    if not (text.isdecimal() and int(text) >= 1):
        raise TwilioError(20001, "PageSize must be an integer from 1 to 1000")
    return min(int(text), _LARGEST_PAGE)


def _read_date(text: str) -> tuple[datetime, bool]:
    """The instant, and whether only a day was given."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TwilioError(20001, "DateSent must be an ISO 8601 date") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)), len(text) <= len("2026-11-23")
