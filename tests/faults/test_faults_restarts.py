"""The promise of a new version: processes follow each other under load, no report is turned away and every picture goes on.

Its sample in the normal run is tests/scale/test_handed_socket.py, without load.
"""

import asyncio
import random
from collections import Counter, deque
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic

import pytest
from faults.crowd import Crowd, gather, rest
from faults.ground import REPORTS_EACH, open_cluster, stage_scene
from faults.recounting import list_violations
from faults.share import take_share
from faults.storm import describe_ledger
from faults.stream import Stream
from stage.polling import until
from stage.processes import Installation
from stage.supervisor import Supervisor
from stage.valkey import open_valkey

WEBS = 2
RATE = 1
QUIET = {"TOCSIN_LOG_LEVEL": "error"}
RETURN_SECONDS = 30.0
ROLL_SECONDS = 70
"""More than both restarts take: reports have to last until the end."""


@pytest.mark.proof
@pytest.mark.timeout(1_500)
async def test_20_restarts_lose_none_of_200_reports_a_second_and_none_of_500_pictures(tmp_path: Path) -> None:
    await check(tmp_path, onlookers=500, reports_a_second=200, times=take_share(20))


async def check(directory: Path, *, onlookers: int, reports_a_second: float, times: int) -> None:
    chance = random.Random(6)
    async with AsyncExitStack() as stack:
        _, url = await stack.enter_async_context(open_cluster())
        valkey = await stack.enter_async_context(open_valkey())
        supervisor = stack.enter_context(Supervisor(directory))
        place = Installation(url, valkey.url, supervisor.port, "http://127.0.0.1:9", directory)
        scene = await stage_scene(round(times * ROLL_SECONDS * reports_a_second / REPORTS_EACH))
        reports = scene.write_reports(chance)
        chance.shuffle(reports)
        processes = [await supervisor.start(place, **QUIET) for _ in range(WEBS)]
        address = f"http://127.0.0.1:{supervisor.port}"
        crowd = await stack.enter_async_context(gather(url, scene, [address], onlookers, rate=RATE))
        stream = Stream(supervisor.port, deque(reports))
        flowing = asyncio.create_task(stream.flow(reports_a_second))
        began = monotonic()
        back: list[float] = []
        ways: list[float] = []
        for _ in range(times):
            for index in range(WEBS):
                told = monotonic()
                await supervisor.stop(processes[index])
                back.append(await measure_return(crowd))
                processes[index] = await supervisor.start(place, **QUIET)
                ways.append(monotonic() - told)
        took = monotonic() - began
        assert not flowing.done(), "Reports have to go on until the end."
        await rest(flowing)
        lag = await crowd.measure_lag()
        pictures = [picture for onlooker in crowd.onlookers for picture in onlooker.pictures]
        found = await list_violations(url, directory, describe_ledger(stream.taken, reports), pictures)
    print(  # noqa: T201 - the numbers are what this is for
        f"{times} times {WEBS} restarts, each at most {max(ways):.0f} s, {took:.0f} s in all: {len(stream.taken)} reports taken, "
        f"{len(stream.taken) / took:.0f} a second, {len(stream.failed)} failed, slowest {stream.slowest:.1f} s, "
        f"{stream.renewed} kept lines renewed; {onlookers} pictures, {crowd.visits - onlookers} lines came back, all of them at "
        f"most {max(back):.1f} s after a process ended, at last {lag:.2f} s behind; {len(pictures)} frames; {len(found)} violations"
    )
    assert Counter(stream.failed) == {}
    assert len(stream.taken) > took * reports_a_second / 2, "Reports were not sent as fast as they should have been."
    assert found == []


async def measure_return(crowd: Crowd) -> float:
    """Return after how long everybody has a line again."""
    began = monotonic()
    await until(crowd.is_whole, seconds=RETURN_SECONDS)
    return monotonic() - began
