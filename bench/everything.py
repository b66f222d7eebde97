"""`make bench`: every bench in turn, then one table of all their rows, printed and written to bench/RESULTS.md.

Imports table, cores and peers. A bench that fails or takes longer than it may has no rows, and the page says so.
"""

import argparse
import asyncio
import importlib.metadata
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import asyncpg
from cores import describe_pinning, list_cores
from ground import run_postgres
from peers import install_peers, read_versions
from table import ROWS, Row, draw, take

BENCH = Path(__file__).resolve().parent
RESULTS = BENCH / "RESULTS.md"
SECONDS: Mapping[str, int] = {
    "fanout": 420,
    "stalled": 240,
    "memory": 780,
    "screen": 300,
    "ingest": 420,
    "reminder": 240,
    "grid": 540,
    "simulator": 180,
    "lanes": 180,
    "export": 600,
}
"""What is run, in this order, and how many seconds each may take on a busy machine."""
FAREWELL = 30
"""Seconds in which a bench that took too long may tidy up."""
PACKAGES = (
    "uvicorn",
    "uvloop",
    "strawberry-graphql",
    "graphql-core",
    "websockets",
    "starlette",
    "broadcaster",
    "asyncpg",
)
MISSED = "Rows that say NO missed their target in this run."


class Failed(Exception):
    """A bench gave no rows; the others do not lose theirs by it."""


def run_bench(name: str, rows: Path) -> float:
    """Run one bench, whose rows go to the file; return its seconds. Failed says that it failed or was too slow."""
    print(f"== {name}", flush=True)
    begun = time.perf_counter()
    command = [sys.executable, str(BENCH / f"{name}.py")]
    bench = subprocess.Popen(command, env={**os.environ, ROWS: str(rows)}, start_new_session=True)
    try:
        bench.wait(SECONDS[name])
    except subprocess.TimeoutExpired:
        raise Failed(f"bench/{name}.py took longer than {SECONDS[name]} s; run it alone to see why.") from None
    finally:
        end(bench)
    if bench.returncode:
        raise Failed(f"bench/{name}.py ended with {bench.returncode}; run it alone to see why.")
    return time.perf_counter() - begun


def end(bench: "subprocess.Popen[bytes]") -> None:
    """See that nothing of a bench stays behind: it may take its servers and its database down, then all are killed."""
    if bench.poll() is None:
        bench.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            bench.wait(FAREWELL)
    with suppress(ProcessLookupError):
        os.killpg(bench.pid, signal.SIGKILL)
    bench.wait()


async def ask_server(url: str) -> str:
    connection = await asyncpg.connect(url)
    version = str(await connection.fetchval("SHOW server_version"))
    await connection.close()
    return version


def read_all_versions() -> dict[str, str]:
    """Return the versions of all that takes part, by name."""
    with run_postgres() as postgres:
        server = asyncio.run(ask_server(postgres.url("postgres")))
    ours = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "python": platform.python_version(),
        "postgres": server,
        **ours,
        **read_versions(install_peers()),
    }


def compose(
    rows: list[Row], seconds: Mapping[str, float], versions: Mapping[str, str], failed: Sequence[str] = ()
) -> str:
    """Return the whole of RESULTS.md."""
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    lacking = "".join(f"\n\n**{each}**" for each in failed)
    taken = ", ".join(f"{name} {each:.0f} s" for name, each in seconds.items())
    return f"""# What `make bench` measured

Written by `make bench`; don't edit. Each ratio is of figures from one run whose ways took turns; a figure is the median of
its rounds. Seconds differ between machines, ratios far less. {MISSED}{lacking}

{draw(rows)}

"CPU each" is what the server computes for each unit of the figure. In bursts one write tells a client of many changes, and
a delivery is a change times a subscriber whom it covers; everywhere else it is a frame that has arrived.

- Cores: {len(list_cores()) or os.cpu_count()}; {describe_pinning()}. Benches of the database alone pin nothing.
- Versions: {told}.
- Time: {taken}.
"""


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(SECONDS), help="print these, and leave RESULTS.md as it is")
    return parser


def main() -> None:
    options = make_parser().parse_args()
    versions = read_all_versions()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as directory:
        rows, seconds, failed = Path(directory) / "rows", {}, []
        for name in options.only or SECONDS:
            try:
                seconds[name] = run_bench(name, rows)
            except Failed as error:
                failed.append(str(error))
        text = compose(take(rows), seconds, versions, failed)
    print(text)
    if not options.only:
        RESULTS.write_text(text)
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
