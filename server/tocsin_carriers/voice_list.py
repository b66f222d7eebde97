"""The list of calls, filtered by number, caller, status and start. Imports the list's pages, the call, the clock."""

from typing import Any

from starlette.datastructures import QueryParams

from tocsin_carriers.clock import Clock
from tocsin_carriers.twilio_list import list_page, read_date_tests
from tocsin_carriers.twilio_store import Store
from tocsin_carriers.voice_call import Call, resource_of, started, status_of


def list_calls(store: Store[Call], query: QueryParams, clock: Clock, path: str) -> dict[str, Any]:
    sender, status, tests = query.get("From"), query.get("Status"), read_date_tests(query, "StartTime")

    def matches(call: Call) -> bool:
        if sender not in (None, call.sender) or status not in (None, status_of(call)):
            return False
        return not tests or all(test(started(call, clock)) for test in tests)

    newest_first = reversed(store.oldest_first(query.get("To")))
    return list_page(
        "calls", newest_first, query, path, matches=matches, resource=lambda call: resource_of(call, clock)
    )
