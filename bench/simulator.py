"""Callbacks a second that one simulator process delivers, signed, to a plain receiver in another process on loopback.

Everything is accepted first while simulated time stands almost still, then falls due at once. Texts are signed by a
hash, events of e-mails by RSA; beside them the rate of one thread that does nothing but such signatures.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from table import Row, give

STILL, HURRIED = 0.001, 1_000_000.0
CALM = ["--duplicates", "0", "--delayed", "0", "--receipts-never", "0", "--opens", "0", "--complaints", "0"]
CALLBACKS_EACH = 2
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=bench/{day}/ca-central-1/ses/aws4_request, SignedHeaders=host;x-amz-date, "
    f"Signature={'0' * 64}"
)


@contextmanager
def run_process(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def read_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def send_text(client: httpx2.Client, number: int, receiver: str) -> None:
    form = {"To": f"+1418{number:05}01", "From": "+14185550100", "Body": "Avis"}
    account = "AC" + "5" * 32
    url = f"/2010-04-01/Accounts/{account}/Messages.json"
    client.post(url, data=form | {"StatusCallback": receiver}, auth=(account, "5" * 32)).raise_for_status()


def send_email(client: httpx2.Client, number: int, receiver: str) -> None:
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {"x-amz-date": date, "authorization": AUTHORIZATION.format(day=date[:8])}
    simple = {"Subject": {"Data": "Avis"}, "Body": {"Text": {"Data": "La rivière monte."}}}
    letter = {
        "FromEmailAddress": "alertes@ville.test",
        "Destination": {"ToAddresses": [f"delivered+{number}@exemple.test"]},
        "Content": {"Simple": simple},
        "ConfigurationSetName": "alertes",
        "EmailTags": [{"Name": "delivery", "Value": f"delivery-{number}"}],
    }
    client.post("/v2/email/outbound-emails", json=letter, headers=headers).raise_for_status()


WAYS = {
    "texts": (send_text, []),
    "e-mails": (send_email, []),
    "e-mails, signed ahead": (send_email, ["--sign-ahead"]),
}


def read_cpu(process: "subprocess.Popen[str]") -> float:
    """Return the seconds of computing that a process has used; on systems without /proc, nan."""
    file = Path(f"/proc/{process.pid}/stat")
    if not file.exists():
        return math.nan
    fields = file.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(way: str, count: int) -> tuple[float, float]:
    """Return callbacks a second, and the milliseconds of computing that each costs the simulator."""
    send, options = WAYS[way]
    receiving = [sys.executable, str(Path(__file__).with_name("simulator_receiver.py"))]
    simulating = [sys.executable, "-m", "tocsin_carriers", "--speed", str(STILL), *CALM, *options]
    with run_process(receiving) as receiver, run_process(simulating) as simulator:
        url = f"http://127.0.0.1:{read_line(receiver)}/"
        origin = f"http://127.0.0.1:{json.loads(read_line(simulator))['port']}"
        with httpx2.Client(base_url=origin, trust_env=False, timeout=60) as client:
            client.post("/simulator/subscribe", json={"url": url}).raise_for_status()
            client.get(read_line(receiver)).raise_for_status()
            for number in range(count):
                send(client, number, url)
            while client.get("/simulator/subscription").json()["toSign"]:
                time.sleep(0.1)
            before = client.get("/simulator/state").json()
            started, used = time.perf_counter(), read_cpu(simulator)
            client.post("/simulator/knobs", json={"speed": HURRIED}).raise_for_status()
            state = client.get("/simulator/settled?timeout=300", timeout=310).json()
            seconds, used = time.perf_counter() - started, read_cpu(simulator) - used
    told = state["acknowledged"] - before["acknowledged"]
    assert told >= count * CALLBACKS_EACH, state
    assert state["lost"] == 0, state
    return told / seconds, used / told * 1_000


def measure_signatures(seconds: float, threads: int) -> float:
    """Return RSA-2048 signatures a second of so many threads that do nothing else."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    until = time.perf_counter() + seconds

    def sign(_: int) -> int:
        count = 0
        while time.perf_counter() < until:
            key.sign(b"x" * 2_000, padding.PKCS1v15(), hashes.SHA256())
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(sign, range(threads))) / seconds


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=1_500, help="accepted in each round, two callbacks each")
    return parser


def main() -> None:
    options = make_parser().parse_args()
    rates: dict[str, list[float]] = defaultdict(list)
    costs: dict[str, list[float]] = defaultdict(list)
    for _ in range(options.rounds):
        for way in WAYS:
            rate, cost = measure(way, options.messages)
            rates[way].append(rate)
            costs[way].append(cost)
        for threads in (1, 2):
            rates[f"signatures, threads: {threads}"].append(measure_signatures(2, threads))
    print(f"callbacks of one simulator process, median of {options.rounds} interleaved rounds")
    for name, each in rates.items():
        print(f"  {name:22} {statistics.median(each):8.0f} /s   ({', '.join(f'{rate:.0f}' for rate in each)})")
    give(
        Row(
            f"callbacks of one simulator process: {way}", statistics.median(rates[way]), "/s",
            processor=statistics.median(each) * 1_000, rounds=options.rounds,
        )
        for way, each in costs.items()
    )  # fmt: skip
    for way, each in costs.items():
        print(f"  {way}: {statistics.median(each):.2f} ms of computing for each callback")


if __name__ == "__main__":
    main()
