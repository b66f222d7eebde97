"""Promises of stopping: not ready first and still serving, sockets closed with 1012 one after another, reports kept."""

import asyncio
import json
import signal
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx2
from stage.cast import found_town
from stage.house import SECRET
from stage.polling import until
from stage.processes import Installation, wait_until_ready
from stage.valkey import find_port, open_valkey
from websockets.asyncio.client import ClientConnection, connect

from tocsin.settings import read_settings
from tocsin.times import tell_time
from tocsin.words import Role
from tocsin_server.authentication import issue_token

SOCKETS = 12


async def greet(port: int, bearer: str, stack: AsyncExitStack) -> ClientConnection:
    address = f"ws://127.0.0.1:{port}/graphql"
    socket = await stack.enter_async_context(connect(address, subprotocols=["graphql-transport-ws"], proxy=None))  # type: ignore[list-item]
    await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {bearer}"}}))
    assert json.loads(await socket.recv())["type"] == "connection_ack"
    return socket


async def wait_closed(socket: ClientConnection) -> tuple[int | None, float]:
    """Return the code that a socket was closed with, and when."""
    await socket.wait_closed()
    return socket.close_code, asyncio.get_running_loop().time()


async def test_a_web_process_leaves_so_that_its_clients_can_go_elsewhere(database: str, tmp_path: Path) -> None:
    town = await found_town()
    bearer = issue_token(
        read_settings(tocsin_secret=SECRET), municipality=town.municipality.slug, subject="odile", name="Odile",
        role=Role.OPERATOR, now=tell_time(), lifetime=timedelta(hours=1),
    )  # fmt: skip
    port = find_port()
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(open_valkey())
        place = Installation(database, valkey.url, port, "http://127.0.0.1:9", tmp_path)
        process = await stack.enter_async_context(place.run("serve", "--port", str(port), TOCSIN_STOP_SECONDS="12"))
        await wait_until_ready(f"http://127.0.0.1:{port}")
        sockets = [await greet(port, bearer, stack) for _ in range(SOCKETS)]
        closing = asyncio.gather(*(wait_closed(socket) for socket in sockets))
        process.send_signal(signal.SIGTERM)
        await until(lambda: not_ready(port))
        assert not closing.done(), "Sockets stay while others find out."
        closed = await asyncio.wait_for(closing, 40)
        assert {code for code, _ in closed} == {1012}
        instants = sorted(at for _, at in closed)
        assert instants[-1] - instants[0] > 0.3, "One after another, not all in one moment."
        assert await asyncio.to_thread(process.wait, 40) == 0


async def not_ready(port: int) -> bool:
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        answered = await client.get(f"http://127.0.0.1:{port}/readyz")
        alive = await client.get(f"http://127.0.0.1:{port}/healthz")
    leaves = {each.headers.get("connection") for each in (answered, alive)} == {"close"}
    return answered.status_code == 503 and alive.status_code == 200 and leaves
