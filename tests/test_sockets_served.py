"""Promises of the served socket: what is set for sockets holds, and `tocsin revoke` reaches them, with real tokens."""

import asyncio
import json
from datetime import timedelta

from stage.cast import found_town
from stage.house import open_house
from stage.polling import PATIENCE
from websockets.asyncio.client import ClientConnection, connect

from tocsin.principals import revoke
from tocsin.settings import Settings
from tocsin.times import tell_time
from tocsin.words import Role
from tocsin_server.authentication import issue_token


def make_bearer(settings: Settings, slug: str, subject: str) -> str:
    token = issue_token(
        settings,
        municipality=slug,
        subject=subject,
        name="Manon Roy",
        role=Role.OPERATOR,
        now=tell_time(),
        lifetime=timedelta(hours=1),
    )
    return f"Bearer {token}"


def open_socket(settings: Settings) -> connect:
    url = f"{settings.public_url.replace('http', 'ws', 1)}/graphql"
    return connect(url, subprotocols=["graphql-transport-ws"])  # type: ignore[list-item]


async def greet(connection: ClientConnection, bearer: str) -> None:
    await connection.send(json.dumps({"type": "connection_init", "payload": {"authorization": bearer}}))


async def end(connection: ClientConnection) -> tuple[int | None, str | None]:
    async with asyncio.timeout(PATIENCE):
        await connection.wait_closed()
    return connection.close_code, connection.close_reason


async def test_the_limits_that_are_set_hold_for_real_tokens_and_a_revocation_frees_the_place(database_url: str) -> None:
    async with open_house(database_url, socket_principal_limit=1, socket_address_limit=2) as settings:
        slug = (await found_town()).municipality.slug
        bearer = make_bearer(settings, slug, "m.roy")
        async with open_socket(settings) as first:
            await greet(first, bearer)
            assert json.loads(await first.recv()) == {"type": "connection_ack"}
            async with open_socket(settings) as second, open_socket(settings) as third:
                assert (await end(third))[0] == 1013
                await greet(second, bearer)
                assert await end(second) == (1013, "Too many connections with your identity; close one first")
            await revoke(slug, "m.roy", tell_time())
            assert await end(first) == (4403, "Forbidden")
        async with open_socket(settings) as fresh:
            await greet(fresh, make_bearer(settings, slug, "m.roy"))
            assert json.loads(await fresh.recv()) == {"type": "connection_ack"}


async def test_a_loud_socket_is_closed_and_a_long_message_refused(database_url: str) -> None:
    async with open_house(database_url, socket_message_rate=1.0) as settings:
        async with open_socket(settings) as loud:
            for _ in range(5):
                await loud.send('{"type":"ping"}')
            assert await end(loud) == (1008, "Too many messages in a short time")
        async with open_socket(settings) as long:
            await long.send("x" * 65_537)
            assert (await end(long))[0] == 1009
