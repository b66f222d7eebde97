"""The simulator as a process: says its port, serves loopback only, ends by signal or with its parent."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import fields

import httpx2
import pytest
from carriers.mail.amazon_words import is_signed

from tocsin_carriers.__main__ import create_parser, read_settings
from tocsin_carriers.knobs import Knobs
from tocsin_carriers.settings import CarrierSettings

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


OPTIONS = [
    *("--topic-arn", "arn:aws:sns:eu-west-3:123456789012:autre", "--events-url", "http://127.0.0.1:1/"),
    *("--aws-access-key-id", "AKIDTESTS", "--aws-secret-access-key", "secret", "--waiting-limit", "5"),
    *("--configuration-sets", "a", "b", "--email-senders", "ville.test"),
    *("--email-refusal", "MessageRejected", "--identity-notifications"),
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
    with httpx2.Client(trust_env=False, timeout=30) as client:
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


def test_its_first_line_tells_what_a_server_has_to_be_configured_with(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    start = json.loads(process.stdout.readline())
    origin = f"http://127.0.0.1:{start.pop('port')}"
    assert start == {
        "twilioBaseUrl": origin,
        "sesEndpointUrl": origin,
        "snsEndpointUrl": origin,
        "certificateOrigin": origin,
        "topicArn": "arn:aws:sns:ca-central-1:123456789012:tocsin-events",
        "region": "ca-central-1",
    }


def test_a_process_signs_what_it_publishes_with_a_key_that_it_shows(process: "subprocess.Popen[str]") -> None:
    """On the process's own event loop, which is another than that of the tests."""
    origin = f"http://127.0.0.1:{read_port(process)}"
    with socket.create_server(("127.0.0.1", 0)) as listener, httpx2.Client(trust_env=False, timeout=20) as client:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/webhooks/ses"
        received: list[bytes] = []
        thread = threading.Thread(target=receive_one, args=(listener, received))
        thread.start()
        told = client.post(f"{origin}/simulator/subscribe", json={"url": url}).json()
        thread.join(20)
        fields = json.loads(received[0].partition(b"\r\n\r\n")[2])
        certificate = client.get(fields["SigningCertURL"]).content
    assert (told["state"], told["statuses"]) == ("acknowledged", [204])
    assert received[0].startswith(b"POST /webhooks/ses HTTP/1.1\r\n")
    assert fields["SigningCertURL"].startswith(origin)
    assert is_signed(fields, certificate)


def receive_one(listener: socket.socket, received: list[bytes]) -> None:
    """Take one request of which the body ends with a brace and a line's end before it, and answer 204."""
    listener.settimeout(20)
    connection, _ = listener.accept()
    with connection:
        data = b""
        while not data.endswith(b"\n}"):
            piece = connection.recv(65_536)
            assert piece, "It has to send all before it closes."
            data += piece
        received.append(data)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--topic-arn", "tocsin-events"], "--topic-arn"),
        (["--events-url", "https://exemple.test/"], "--events-url"),
        (["--aws-secret-access-key", "x"], "--aws-access-key-id"),
        (["--email-refusal", "Else"], "--email-refusal"),
        (["--event-retries", "-1"], "event_retries"),
    ],
)
def test_an_option_for_e_mails_that_makes_no_sense_is_one_clear_line(options: list[str], named: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    finished = subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False, env=environment)
    assert finished.returncode == 2
    assert named in finished.stderr.splitlines()[-1]


def test_every_setting_and_every_knob_has_an_option() -> None:
    settings = read_settings(create_parser().parse_args(OPTIONS))
    assert settings.topic_arn == "arn:aws:sns:eu-west-3:123456789012:autre"
    assert (settings.aws_access_key_id, settings.aws_secret_access_key) == ("AKIDTESTS", "secret")
    assert settings.events_url == "http://127.0.0.1:1/"
    assert (settings.configuration_sets, settings.email_senders) == (frozenset("ab"), frozenset({"ville.test"}))
    assert (settings.region, settings.aws_account, settings.waiting_limit) == ("eu-west-3", "123456789012", 5)
    assert (settings.knobs.email_refusal, settings.knobs.identity_notifications) == ("MessageRejected", True)
    offered = {action.dest for action in create_parser()._actions}
    assert {knob.name for knob in fields(Knobs)} <= offered
    assert {setting.name for setting in fields(CarrierSettings)} - {"knobs"} <= offered


def test_a_knob_out_of_range_is_one_clear_line() -> None:
    finished = subprocess.run([*COMMAND, "--silent", "2"], capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1].endswith("silent must be a number from 0 to 1.")
