"""Twilio's lists: newest first, in pages, with filters by date. Imports Twilio's errors and store."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from tocsin_carriers.twilio_errors import TwilioError
from tocsin_carriers.twilio_store import Addressed

Item = TypeVar("Item", bound=Addressed)
DateTest = Callable[[datetime], bool]

_COMPARISONS: dict[str, Callable[[datetime, datetime, bool], bool]] = {
    "": lambda date, bound, whole_day: bound <= date < bound + timedelta(days=1) if whole_day else date == bound,
    ">": lambda date, bound, _: date >= bound,
    "<": lambda date, bound, whole_day: date < bound + timedelta(days=1) if whole_day else date <= bound,
}
_LARGEST_PAGE = 1_000
_USUAL_PAGE = 50


def list_page(
    name: str,
    newest_first: Iterable[Item],
    query: QueryParams,
    path: str,
    *,
    matches: Callable[[Item], bool],
    resource: Callable[[Item], dict[str, Any]],
) -> dict[str, Any]:
    """A page token is the sid that the page begins after, so what is made meanwhile does not move the pages."""
    size = _read_size(query.get("PageSize", str(_USUAL_PAGE)))
    page = int(query["Page"]) if query.get("Page", "").isdecimal() else 0
    wanted = filter(matches, _after(newest_first, query.get("PageToken", "")))
    found = list(islice(wanted, size + 1))
    shown, more = found[:size], len(found) > size
    filters = [(name, value) for name, value in query.multi_items() if name not in {"Page", "PageSize", "PageToken"}]

    def uri(number: int, token: str | None) -> str:
        paging = [("PageSize", str(size)), ("Page", str(number)), *([("PageToken", token)] if token else [])]
        return f"{path}?{urlencode(filters + paging)}"

    return {
        name: [resource(item) for item in shown],
        "start": page * size,
        "end": page * size + max(0, len(shown) - 1),
        "page": page,
        "page_size": size,
        "uri": uri(page, query.get("PageToken")),
        "first_page_uri": uri(0, None),
        "next_page_uri": uri(page + 1, "PA" + shown[-1].sid) if more else None,
        "previous_page_uri": None if page == 0 else uri(0, None),
    }


def read_date_tests(query: QueryParams, name: str) -> list[DateTest]:
    """The tests that `name`, `name>` and `name<` ask for; a day without a time means all of it."""
    return [
        _date_test(compare, name, query[name + sign])
        for sign, compare in _COMPARISONS.items()
        if query.get(name + sign)
    ]


def _date_test(compare: Callable[[datetime, datetime, bool], bool], name: str, text: str) -> DateTest:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TwilioError(20001, f"{name} must be an ISO 8601 date") from error
    bound = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    whole_day = len(text) <= len("2026-11-23")
    return lambda date: compare(date, bound, whole_day)


def _after(items: Iterable[Item], token: str) -> Iterator[Item]:
    remaining = iter(items)
    if token:
        next((item for item in remaining if token == "PA" + item.sid), None)
    return remaining


def _read_size(text: str) -> int:
    if not (text.isdecimal() and int(text) >= 1):
        raise TwilioError(20001, "PageSize must be an integer from 1 to 1000")
    return min(int(text), _LARGEST_PAGE)
