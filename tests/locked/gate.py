"""A served town, and whoever asks there by each transport with a request as it stands on the wire."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from exports.clerk import authorise
from live.control_room import PROTOCOL, Console
from stage.cast import Town, found_town
from stage.house import open_house
from websockets.asyncio.client import connect

from tocsin.settings import Settings

Request = Mapping[str, Any]
Answer = dict[str, Any]
ENCODED = ("variables", "extensions")


@dataclass
class Gate:
    """Where requests come in, and who sends them."""

    settings: Settings
    town: Town
    client: httpx2.AsyncClient
    authorization: str

    async def post(self, request: Request) -> Answer:
        answer: Answer = (await self.client.post("/graphql", json=dict(request))).json()
        return answer

    async def get(self, request: Request) -> Answer:
        spelled = {name: json.dumps(value) if name in ENCODED else value for name, value in request.items()}
        answer: Answer = (await self.client.get("/graphql", params=spelled)).json()
        return answer

    async def stream(self, request: Request) -> Answer:
        """Return the first event, or what came in place of events."""
        headers = {"Accept": "text/event-stream"}
        async with self.client.stream("POST", "/graphql", json=dict(request), headers=headers) as response:
            async for line in response.aiter_lines():
                if (said := line.removeprefix("data:").strip()).startswith("{"):
                    answer: Answer = json.loads(said)
                    return answer
        raise AssertionError("The stream ended without a word.")

    async def talk(self, request: Request) -> Answer:
        """Return the first message of an operation on a socket."""
        url = f"ws://127.0.0.1:{self.settings.port}/graphql"
        async with connect(url, subprotocols=[PROTOCOL]) as connection:  # type: ignore[list-item]
            console = Console(connection)
            await console.greet(self.authorization)
            await console.say({"id": "1", "type": "subscribe", "payload": request})
            payload = (await console.hear())["payload"]
        return {"errors": payload} if isinstance(payload, list) else payload


Ask = Callable[[Gate, Request], Awaitable[Answer]]
TRANSPORTS: Mapping[str, Ask] = {"POST": Gate.post, "GET": Gate.get, "events": Gate.stream, "socket": Gate.talk}


@asynccontextmanager
async def open_gate(database_url: str, **settings: object) -> AsyncIterator[Gate]:
    """Serve a town with such settings."""
    async with open_house(database_url, **settings) as house:  # type: ignore[arg-type]  # `working` is none of them
        town = await found_town()
        authorization = authorise(house, town)
        root = f"http://127.0.0.1:{house.port}"
        async with httpx2.AsyncClient(base_url=root, headers={"Authorization": authorization}, timeout=30) as client:
            yield Gate(house, town, client, authorization)


def read_code(answer: Answer) -> str:
    """Return the code of the only error."""
    assert answer.get("data") is None
    [error] = answer["errors"]
    code: str = error["extensions"]["code"]
    return code
