"""Both ways of asking: HTTP (server-sent events for subscriptions) and graphql-transport-ws; the answer as bytes."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from access.rows import Stir
from access.towns import Belongings
from live.control_room import PROTOCOL, Console
from websockets.asyncio.client import connect

from tocsin.words import Role

PATIENCE = 30


async def ask_by_http(
    town: Belongings, document: str, variables: Mapping[str, Any], role: Role, stir: Stir | None
) -> bytes:
    """Return the body, or what the first event of a subscription carries."""
    if not document.startswith("subscription"):
        return (await town.ask(document, variables, role)).content
    headers = {"Authorization": town.tokens[role], "Accept": "text/event-stream"}
    body = {"query": document, "variables": dict(variables)}
    asking = town.client.stream("POST", "/graphql", json=body, headers=headers)
    async with asyncio.timeout(PATIENCE), asking as answer, stirred(town, stir):
        async for line in answer.aiter_lines():
            if line.startswith("data:") and len(line) > len("data:"):
                return line.removeprefix("data:").strip().encode()
            if line.startswith("{"):
                return line.encode()
    raise AssertionError("The stream ended without a word.")


async def ask_by_socket(
    town: Belongings, document: str, variables: Mapping[str, Any], role: Role, stir: Stir | None
) -> bytes:
    """Return the payload of the first message, wrapped as HTTP would."""
    url = f"{town.settings.public_url.replace('http', 'ws')}/graphql"
    async with connect(url, subprotocols=[PROTOCOL]) as connection:  # type: ignore[list-item]
        console = Console(connection)
        await console.greet(town.tokens[role])
        await console.subscribe(document, **dict(variables))
        async with stirred(town, stir):
            message = await console.hear()
    payload = message["payload"]
    return json.dumps({"errors": payload} if message["type"] == "error" else payload).encode()


class stirred:  # noqa: N801 - used as a word of `async with`
    """Makes a subscription speak, again and again until it is heard."""

    def __init__(self, town: Belongings, stir: Stir | None) -> None:
        self._town, self._stir = town, stir
        self._stirring: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        if self._stir is not None:
            self._stirring = asyncio.create_task(self._go_on(self._stir))

    async def _go_on(self, stir: Stir) -> None:
        while True:
            await stir(self._town)
            await asyncio.sleep(0.1)

    async def __aexit__(self, *_: object) -> None:
        if self._stirring is not None:
            self._stirring.cancel()
            with suppress(asyncio.CancelledError):
                await self._stirring


Ask = Callable[[Belongings, str, Mapping[str, Any], Role, Stir | None], Awaitable[bytes]]
TRANSPORTS: Mapping[str, Ask] = {"HTTP": ask_by_http, "WebSocket": ask_by_socket}
