"""Promises of health: each process says on a port of its own that it lives, and whether it can work, a worker like a web process."""

import asyncio
import signal
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from stage.house import choose_settings
from stage.polling import until
from stage.processes import PROGRAM, Installation
from stage.proxy import open_proxy
from stage.supervisor import Supervisor
from stage.valkey import find_port, open_valkey

from tocsin.database import open_database
from tocsin.measures import Measures
from tocsin_server import health as health_page
from tocsin_server.health import Health
from tocsin_server.own_port import open_own_port, take_own_port


async def ask(port: int, path: str) -> tuple[int, str]:
    """Return code and words of an answer; 0 where nobody answers."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        try:
            answered = await client.get(f"http://127.0.0.1:{port}{path}")
        except httpx2.TransportError:
            return 0, ""
    return answered.status_code, answered.json()["status"]


async def says(port: int, *expected: object) -> bool:
    return await ask(port, "/readyz") == expected


def reach_over(database: str, port: int) -> str:
    """Return a URL of the database that leads over a port of a proxy."""
    return f"postgresql://postgres:@127.0.0.1:{port}{urlsplit(database).path}"


def find_socket(database: str) -> str:
    return f"{parse_qs(urlsplit(database).query)['host'][0]}/.s.PGSQL.5432"


async def test_a_worker_lives_while_its_database_is_away_but_is_not_ready(database: str, tmp_path: Path) -> None:
    port = find_port()
    open_far = partial(asyncio.open_unix_connection, find_socket(database))
    async with AsyncExitStack() as stack:
        line = await stack.enter_async_context(open_proxy(open_far))
        valkey = await stack.enter_async_context(open_valkey())
        place = Installation(reach_over(database, line.port), valkey.url, port, "http://127.0.0.1:9", tmp_path)
        process = await stack.enter_async_context(place.run("work", METRICS_PORT=str(port)))
        await until(lambda: says(port, 200, "ready"), seconds=30)
        line.open = partial(asyncio.open_unix_connection, str(tmp_path / "nobody"))
        line.cut()
        await until(lambda: says(port, 503, "the database cannot be reached"), seconds=15)
        assert await ask(port, "/healthz") == (200, "alive")
        line.open = open_far
        await until(lambda: says(port, 200, "ready"), seconds=15)
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert "tocsin_work_total" in (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0
    assert await ask(port, "/healthz") == (0, "")


async def test_of_two_web_processes_on_one_address_each_answers_for_itself(database: str, tmp_path: Path) -> None:
    ports = find_port(), find_port()
    async with open_valkey() as valkey:
        with Supervisor(tmp_path) as supervisor:
            place = Installation(database, valkey.url, supervisor.port, "http://127.0.0.1:9", tmp_path)
            first, second = [await supervisor.start(place, METRICS_PORT=str(port)) for port in ports]
            leaving = asyncio.create_task(supervisor.stop(first))
            await until(lambda: says(ports[0], 503, "this process is stopping"), seconds=15)
            assert await ask(ports[0], "/healthz") == (200, "alive")
            assert await ask(ports[1], "/readyz") == (200, "ready")
            await leaving
            await supervisor.stop(second)


async def test_a_process_is_not_ready_before_all_of_it_has_begun_nor_while_a_database_says_nothing(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_page, "PATIENCE", 0.2)
    health, port = Health(), find_port()
    listener = take_own_port(choose_settings(8000, metrics_port=port))
    assert listener is not None
    open_far = partial(asyncio.open_unix_connection, find_socket(database))
    async with (
        open_proxy(open_far) as line,
        open_database(reach_over(database, line.port)),
        open_own_port(listener, Measures(), health),
    ):
        assert await says(port, 503, "this process is starting")
        health.started = True
        await until(lambda: says(port, 200, "ready"), seconds=15)
        line.delay = 3_600.0  # nothing comes any more, not even the end of what is cancelled
        assert await says(port, 503, "the database cannot be reached")
        line.delay = 0.0
        await until(lambda: says(port, 200, "ready"), seconds=15)


@pytest.mark.parametrize("command", ["serve", "work"])
async def test_a_port_that_is_taken_is_one_sentence_and_two(database: str, tmp_path: Path, command: str) -> None:
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(open_valkey())
        place = Installation(database, valkey.url, find_port(), "http://127.0.0.1:9", tmp_path)
        taken = valkey.url.rpartition(":")[2].partition("/")[0]
        process = await asyncio.create_subprocess_exec(
            *PROGRAM, command, env={**place.environment, "PORT": str(place.public_port), "METRICS_PORT": taken},
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await process.communicate()
    assert (process.returncode, said.count(b"\n")) == (2, 1), said
    assert f"METRICS_PORT {taken} cannot be used" in said.decode()
