"""The simulator as a process: says its port, serves loopback only, ends by signal or with its parent."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import pytest

COMMAND = [
    sys.executable,
    "-m",
    "tocsin_carriers",
    "--port",
    "0",
    "--seed",
    "7",
    "--speed",
    "60",
    "--follow-parent",
]


@pytest.fixture
def process() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def read_port(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    port: int = json.loads(process.stdout.readline())["port"]
    return port


def test_it_prints_its_port_and_serves_with_the_knobs_given(process: "subprocess.Popen[str]") -> None:
    with httpx2.Client(trust_env=False) as client:
        knobs = client.get(f"http://127.0.0.1:{read_port(process)}/simulator/knobs").json()
    assert (knobs["seed"], knobs["speed"], knobs["shuffle"]) == (7, 60.0, False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    read_port(process)
    process.send_signal(number)
    assert process.wait(20) == 0


def test_it_ends_when_its_parent_lets_go_of_it(process: "subprocess.Popen[str]") -> None:
    read_port(process)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 0


def test_a_knob_out_of_range_is_one_clear_line() -> None:
    finished = subprocess.run([*COMMAND, "--silent", "2"], capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1].endswith("silent must be a number from 0 to 1.")
