"""Promises of the benchmarks' frame: what the one table says, and that every bench takes its arguments."""

import asyncio
import json
import os
import select
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import everything
import pytest
from everything import SECONDS, Failed, compose, run_bench
from fanout_crowd import Crowd, Subscriber, read_version
from ingest import Taken, list_rows
from stage.polling import PATIENCE
from table import ROWS, Row, draw, give, take

BENCH = Path(__file__).parent.parent / "bench"
SLOW = """
import os, subprocess, time
fifo = os.open("{fifo}", os.O_WRONLY)
os.write(fifo, b"begun")
subprocess.Popen(["sleep", "60"], pass_fds=[fifo])
time.sleep(60)
"""
"""A bench whose child outlives it, unless that is ended too."""
ONCE = ("memory", "reminder")
FAST = Row("ours", 5_000, "events/s", 30.0, "the naive way", 25, processor=200, rounds=3)


def frame(version: int) -> memoryview:
    return memoryview(f'{{"id":"1","payload":{{"data":{{"statistics":{{"version":{version},"total":3}}}}}}}}'.encode())


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (Row("a", 1, "ms"), None),
        (Row("a", 1, "ms", target=2, most=True), True),
        (Row("a", 3, "ms", target=2, most=True), False),
        (Row("a", 1, "/s", ratio=25, target=25), True),
        (Row("a", 99, "/s", ratio=24.9, target=25), False),
    ],
)
def test_a_target_bounds_the_ratio_or_else_the_figure(row: Row, holds: bool | None) -> None:
    assert row.holds is holds


def test_the_table_has_one_line_for_each_row_and_names_what_missed() -> None:
    lines = draw([FAST, Row("slow", 120.4, "ms", target=110, most=True)]).splitlines()
    assert len({len(line) for line in lines}) == 1
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[2] == ["ours", "5,000 events/s", "30.0", "the naive way", "≥ 25.0", "yes", "200.0 µs", "3"]
    assert cells[3] == ["slow", "120 ms", "", "", "≤ 110", "NO", "", "1"]


def test_what_benches_give_is_collected_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Row("other", 1, "ms")
    assert take(tmp_path / "rows") == []
    monkeypatch.setenv(ROWS, str(tmp_path / "rows"))
    give([FAST])
    give([other])
    assert take(tmp_path / "rows") == [FAST, other]
    assert "5,000 events/s" in capsys.readouterr().out


def test_the_results_tell_rows_versions_and_time() -> None:
    text = compose([FAST], {"fanout": 61.2}, {"python": "3.14.1", "mercurius": "16.10.1"})
    assert "| ours " in text
    assert "python 3.14.1, mercurius 16.10.1" in text
    assert "fanout 61 s" in text


@pytest.mark.parametrize("name", SECONDS)
def test_every_bench_says_what_it_takes(name: str) -> None:
    told = import_module(name).make_parser().format_help()
    assert "--rounds" in told or name in ONCE


def test_a_crowd_counts_values_or_whoever_has_heard_of_a_version() -> None:
    crowd = Crowd("groups", "bench")
    subscribers = [Subscriber(crowd), Subscriber(crowd)]
    crowd.expect(3)
    crowd.hear([frame(2), frame(3)], subscribers[0])
    assert not crowd.reached.is_set()
    crowd.hear([frame(3)], subscribers[1])
    assert crowd.reached.is_set()
    crowd.expect(2, version=9)
    crowd.hear([frame(8), frame(9)], subscribers[0])
    crowd.hear([frame(10)], subscribers[0])
    assert not crowd.reached.is_set()
    crowd.hear([frame(10)], subscribers[1])
    assert crowd.reached.is_set()
    assert read_version(frame(12)) == 12


async def test_the_load_client_answers_the_pings_of_servers_that_would_drop_it() -> None:
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def ping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x89\x00\x89\x02hi")
        await reader.readuntil(b'"connection_init"}')
        heard.set_result(await reader.readexactly(6 + 8))
        writer.close()

    server = await asyncio.start_server(ping, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, asyncio.timeout(PATIENCE):
        loop = asyncio.get_running_loop()
        transport, subscriber = await loop.create_connection(lambda: Subscriber(Crowd("x", "y")), "127.0.0.1", port)
        assert await heard == b"\x8a\x80" + bytes(4) + b"\x8a\x82" + bytes(4) + b"hi"
        assert not subscriber.subscribed
        transport.abort()


async def test_a_crowd_that_waits_in_vain_says_how_much_is_missing() -> None:
    crowd = Crowd("groups", "bench")
    crowd.expect(2)
    crowd.hear([frame(2)], Subscriber(crowd))
    with pytest.raises(TimeoutError, match=r"/groups: 1 of 2 came within 0\.01 s"):
        await crowd.wait(0.01)


def test_webhooks_are_told_as_ratios_where_both_ways_were_measured() -> None:
    taken = {"ours": [Taken(3_000, 300)], "naive": [Taken(150, 6_000), Taken(200, 4_000)], "two": [Taken(9, 9)]}
    ours, naive, two = list_rows(taken)
    assert (ours.figure, ours.ratio, ours.target, ours.processor) == (3_000, None, None, 300)
    assert (naive.figure, naive.target, naive.processor, naive.rounds) == (175, 12, 5_000, 2)
    assert naive.ratio == pytest.approx(3_000 / 175)
    assert two.ratio is two.target is two.holds is None


GIVING = """import os
with open(os.environ["BENCH_ROWS"], "a") as rows:
    print({row!r}, file=rows)
"""


def test_a_bench_that_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    held = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    (tmp_path / "slow.py").write_text(SLOW.format(fifo=fifo))
    monkeypatch.setattr(everything, "BENCH", tmp_path)
    monkeypatch.setattr(everything, "SECONDS", {"slow": 2})
    with pytest.raises(Failed, match=r"slow\.py took longer than 2 s"):
        run_bench("slow", tmp_path / "rows")
    assert os.read(held, 10) == b"begun"
    assert select.select([held], [], [], 10)[0] == [held]
    assert os.read(held, 10) == b"", "nobody holds it any more"
    os.close(held)


def test_a_bench_that_fails_is_told_on_the_page_and_takes_nothing_from_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrong.py").write_text("raise SystemExit(3)")
    (tmp_path / "right.py").write_text(GIVING.format(row=json.dumps(asdict(FAST))))
    for name, value in {"BENCH": tmp_path, "RESULTS": tmp_path / "page", "SECONDS": {"wrong": 60, "right": 60}}.items():
        monkeypatch.setattr(everything, name, value)
    monkeypatch.setattr(everything, "read_all_versions", dict)
    monkeypatch.setattr("sys.argv", ["everything.py"])
    with pytest.raises(SystemExit):
        everything.main()
    page = (tmp_path / "page").read_text()
    assert "wrong.py ended with 3" in page
    assert "| ours " in page
