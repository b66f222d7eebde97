"""GraphQL requests as HTTP carries them: read, with every fault one clear refusal. Imports messages and services."""

import json
from collections.abc import Mapping
from typing import Any

from cross_web import HTTPException
from starlette.requests import Request
from strawberry.http import GraphQLRequestData

from tocsin_graphql.messages import find_request_fault
from tocsin_graphql.services import Services

RESPONSE_TYPE = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
ENCODED = ("variables", "extensions")


def decode(text: str | bytes) -> Any:
    """Parse JSON; whatever is wrong with it is a JSONDecodeError, whose words repeat nothing of it."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError):  # a ValueError: not UTF-8, or a number of thousands of digits
        raise json.JSONDecodeError("nested too deeply, not UTF-8, or too long a number", "", 0) from None


def decode_part(name: str, text: str | bytes) -> Any:
    try:
        return decode(text)
    except json.JSONDecodeError:
        raise HTTPException(400, f"The {name} cannot be read as JSON in UTF-8; check it.") from None


def read_parameters(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return a request that came in a URL."""
    read: dict[str, Any] = dict(parameters)
    for name in ENCODED:
        if name in read:
            read[name] = decode_part(f"parameter {name}", read[name] or "null")
    return read


async def read_request(request: Request, services: Services) -> GraphQLRequestData:
    """Return the request of a URL or a body, with the text to run; HTTPException and the domain's errors say why not."""
    if request.method == "GET":
        data: Any = read_parameters(request.query_params)
    elif request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        data = decode_part("body", await read_body(request, services.most_bytes))
    else:
        raise HTTPException(415, "The content type has to be application/json.")
    if fault := find_request_fault(data):
        raise HTTPException(400, f"{fault}.")
    query = services.documents.find(data)
    return GraphQLRequestData(query, data.get("variables"), data.get("operationName"), data.get("extensions"))


async def read_body(request: Request, most: int) -> bytes:
    """Return the body, of so many bytes at most: nobody's may take all the memory."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, f"The body is longer than {most} bytes; send less at a time.")
    return bytes(body)


def accepts(request: Request, media_type: str) -> bool:
    """Whether the client asks for this type by its name."""
    wanted = request.headers.get("accept", "").split(",")
    return any(part.partition(";")[0].strip().lower() == media_type for part in wanted)
