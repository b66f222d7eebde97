"""Whatever a client says in whatever order, it is answered in the protocol or closed with the code that its fault has."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from live.control_room import PATIENCE, PROTOCOL, STATISTICS, Console, Room, open_console, open_room, variables_of
from live.conversations import FRAME, Conversation, Model, Step, converse
from stage.cast import Alert, Town
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tocsin_graphql.places import SocketLimits

PART = 1_000
"""Characters: how long messages are sent that come in parts."""


class Client:
    """Says what it is told to, and keeps what it hears."""

    def __init__(self, connection: ClientConnection, words: dict[str, str]) -> None:
        self._connection = connection
        self._words = words
        self.heard: list[dict[str, Any]] = []
        self.model = Model()
        self._signals = 0

    async def do(self, step: Step) -> None:
        said = step.said
        if step.way == "bytes":
            self._connection.transport.write(said)
        elif step.way == "text":
            await self._connection.send(said, text=True)
        elif step.way == FRAME:
            self._signals += 1
            payload = str(self._signals).encode() + said[:100]
            await (self._connection.ping if step.kind == "ping frame" else self._connection.pong)(payload)
        else:
            await self._connection.send(self._fill(said))
        self.model.take(step)

    def _fill(self, said: Any) -> Any:
        if isinstance(said, list):
            text = self._fill("".join(said))
            return [text[start : start + PART] for start in range(0, len(text), PART)]
        for word, value in self._words.items() if isinstance(said, str) else ():
            said = said.replace(word, value)
        return said

    async def hear(self) -> None:
        text = await self._connection.recv()
        message = json.loads(text)
        if message["type"] != "ping":
            self.heard.append(message)

    async def hear_out(self) -> None:
        """Listen until everything has been answered, or for ever where the connection has to end."""
        while self.model.ending is not None or not self.model.is_answered(self.heard):
            await self.hear()

    async def hold(self, conversation: Conversation) -> None:
        """Do every step, and then hear what is to be heard; ConnectionClosed where it is not to the end."""
        for step in conversation.steps:
            await self.do(step)
            if conversation.waiting and self.model.ending is None:
                await self.hear_out()
        await self.hear_out()


async def run(room: Room, words: dict[str, str], conversation: Conversation) -> None:
    """Have one conversation, and hold it against the model."""
    connection = await connect(room.socket_url, subprotocols=[PROTOCOL], close_timeout=PATIENCE)  # type: ignore[list-item]
    client = Client(connection, words)
    try:
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionClosed):
                await client.hold(conversation)
                await break_off(connection) if conversation.breaking_off else await connection.close()
                assert client.model.ending is None, f"it should have been closed with {client.model.ending}"
                connection = None  # type: ignore[assignment]
    except TimeoutError:
        pytest.fail(f"not answered: {client.model}, heard {client.heard}")
    complaints = list(client.model.complain(client.heard))
    assert not complaints, complaints
    if connection is not None:
        check_end(client.model, connection.close_code, connection.close_reason or "")


async def break_off(connection: ClientConnection) -> None:
    connection.transport.abort()
    await connection.wait_closed()


def check_end(model: Model, code: int | None, reason: str) -> None:
    assert code in {*model.endings, model.ending}, (code, reason, model)
    assert 0 < len(reason.encode()) <= 123, reason


async def check_health(room: Room, witness: Console, authorization: str, alert: Alert) -> None:
    """Whoever was there before is still served, and so is whoever comes."""
    await witness.say({"type": "ping"})
    assert await witness.hear() == {"type": "pong"}
    async with open_console(room, authorization) as console:
        await console.subscribe(STATISTICS, **variables_of(alert))
        assert (await console.next("statistics"))["total"] == 3


async def check_left(room: Room) -> None:
    """Nothing of all the sockets is left."""
    view = room.view
    async with asyncio.timeout(PATIENCE):
        while view.places.addresses or view.places.principals or view.gatherings.figures.members:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not room.hub.revocations.principals


@dataclass
class Street:
    """A server with somebody on it who was there before, and what everybody needs who comes."""

    room: Room
    witness: Console
    authorization: str
    alert: Alert

    @property
    def words(self) -> dict[str, str]:
        return {"$TOKEN": self.authorization, "$ALERT": str(variables_of(self.alert)["id"])}


@pytest.fixture
async def street(town: Town, alert: Alert) -> AsyncIterator[Street]:
    async with open_room(sockets=SocketLimits(of_address=500, of_principal=500)) as room:
        authorization = await room.admit(town)
        async with open_console(room, authorization) as witness:
            yield Street(room, witness, authorization, alert)
        await check_left(room)


async def talk(street: Street, caplog: pytest.LogCaptureFixture, conversation: Conversation) -> None:
    await run(street.room, street.words, conversation)
    await check_health(street.room, street.witness, street.authorization, street.alert)
    faults = [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]
    assert not faults, faults


def hold(conversations: int) -> Callable[..., None]:
    """Return the test of so many conversations, by the same server and no faster than it answers."""
    unhurried = settings(
        max_examples=conversations, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    return unhurried(given(conversation=converse())(talk))


test_200_conversations_keep_to_the_protocol = seed(23)(hold(200))
test_10_000_conversations_keep_to_the_protocol = pytest.mark.proof(pytest.mark.timeout(3_600)(hold(10_000)))
