"""Promises of a socket that was handed over: it is listened on, it outlives the process, and its holder is told how we fare."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from stage.processes import PROGRAM, Installation
from stage.supervisor import Supervisor

from tocsin.errors import ConfigurationError
from tocsin_server.supervision import inherit, tell_supervisor


async def test_who_connects_while_one_process_follows_another_is_served(database: str, tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        place = Installation(database, "", supervisor.port, "http://127.0.0.1:9", tmp_path)
        first = await supervisor.start(place, TOCSIN_STOP_SECONDS="0")
        await supervisor.stop(first)
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
            asking = asyncio.create_task(client.get(f"http://127.0.0.1:{supervisor.port}/healthz"))
            second = await supervisor.start(place, TOCSIN_STOP_SECONDS="0")
            assert (await asking).json() == {"status": "alive"}
        await supervisor.stop(second)
    assert supervisor.heard == ["READY=1", "STOPPING=1"] * 2


@pytest.mark.parametrize("wrong", ["file", "unbound", "nothing"])
def test_what_is_no_listening_socket_is_refused_and_left_alone(tmp_path: Path, wrong: str) -> None:
    with (tmp_path / "file").open("w") as file, socket.socket() as unbound:
        descriptor = {"file": file.fileno(), "unbound": unbound.fileno(), "nothing": 4_000}[wrong]
        with pytest.raises(ConfigurationError, match="is no listening socket"):
            inherit(descriptor)
        os.fstat(file.fileno())
        os.fstat(unbound.fileno())


def test_the_command_ends_with_two_where_no_socket_was_handed_over(tmp_path: Path) -> None:
    environment = Installation("postgresql://x@127.0.0.1:9/x", "", 8000, "http://127.0.0.1:9", tmp_path).environment
    done = subprocess.run([*PROGRAM, "serve", "--fd", "77"], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "--fd 77 is no listening socket" in done.stderr


def test_a_supervisor_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    tell_supervisor(str(tmp_path / "gone"), "READY=1")
    tell_supervisor(None, "READY=1")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has abstract addresses")
def test_an_abstract_address_of_a_supervisor_is_understood() -> None:
    name = f"tocsin-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(f"\0{name}")
        tell_supervisor(f"@{name}", "READY=1")
        assert ear.recv(64) == b"READY=1"
