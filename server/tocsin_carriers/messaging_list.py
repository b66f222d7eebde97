"""The list of texts, filtered by number, sender and date. Imports the list's pages, the message, the clock."""

from typing import Any

from starlette.datastructures import QueryParams

from tocsin_carriers.clock import Clock
from tocsin_carriers.messaging_message import Message, resource_of, sent_date
from tocsin_carriers.twilio_list import list_page, read_date_tests
from tocsin_carriers.twilio_store import Store


def list_messages(store: Store[Message], query: QueryParams, clock: Clock, path: str) -> dict[str, Any]:
    sender, tests = query.get("From"), read_date_tests(query, "DateSent")

    def matches(message: Message) -> bool:
        if sender is not None and message.sender != sender:
            return False
        return not tests or all(test(sent_date(message, clock)) for test in tests)

    newest_first = reversed(store.oldest_first(query.get("To")))
    return list_page(
        "messages", newest_first, query, path, matches=matches, resource=lambda message: resource_of(message, clock)
    )
