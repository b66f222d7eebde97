"""The messages of graphql-transport-ws as they come in: their shapes, checked before anything is done. Imports documents."""

from collections.abc import Callable, Mapping
from typing import Any

from tocsin_graphql.documents import find_name

LONGEST_REASON = 123
"""Bytes: what a close frame can say. A longer reason would break the connection instead of closing it."""

Check = Callable[[Mapping[str, Any]], str | None]


def check_payload(message: Mapping[str, Any]) -> str | None:
    payload = message.get("payload")
    return None if payload is None or isinstance(payload, dict) else "The payload has to be an object or null"


def check_id(message: Mapping[str, Any]) -> str | None:
    found = message.get("id")
    return None if isinstance(found, str) and found else "The id has to be a string that is not empty"


def check_subscribe(message: Mapping[str, Any]) -> str | None:
    return check_id(message) or find_request_fault(message.get("payload"))


def find_request_fault(request: object) -> str | None:
    """Return why this is no GraphQL request, by whichever transport; nothing where it is one."""
    if not isinstance(request, dict):
        return "The request has to be a JSON object with a query"
    for name in ("operationName", "documentId"):
        if not isinstance(request.get(name), str | None):
            return f"The {name} has to be a string or null"
    for name in ("variables", "extensions"):
        if not isinstance(request.get(name), dict | None):
            return f"The {name} have to be an object or null"
    named = request.get("query") is None and find_name(request) is not None
    return None if named or isinstance(request.get("query"), str) else "The query has to be a string"


CHECKS: Mapping[str, Check] = {
    "connection_init": check_payload,
    "ping": check_payload,
    "pong": check_payload,
    "subscribe": check_subscribe,
    "complete": check_id,
}


def find_fault(message: object) -> str | None:
    """Return why this is no message of the protocol; nothing where it is one."""
    if not isinstance(message, dict):
        return "A message has to be a JSON object"
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in CHECKS:
        return f"Unknown message type: {kind}" if isinstance(kind, str) else "A message has to have a type"
    return CHECKS[kind](message)


def clip(reason: str) -> str:
    """Return as much of a reason as a close frame can say."""
    return reason.encode("utf-8", "replace")[:LONGEST_REASON].decode("utf-8", "ignore")
