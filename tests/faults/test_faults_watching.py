"""The promise of pictures: whatever goes and comes under them, all show what the database holds two seconds later."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pytest
from faults.crowd import Crowd, gather, rest
from faults.ground import REPORTS_EACH, kill_postgres, open_cluster, stage_scene
from faults.recounting import list_violations
from faults.share import take_share
from faults.storm import Report, Storm, describe_ledger
from stage.house import choose_settings
from stage.polling import until
from stage.processes import Installation
from stage.promptness import measure_crowding
from stage.valkey import Valkey, find_port, open_valkey

from tocsin.embedded import EmbeddedPostgres

BURST = 120
"""Reports between two looks at the pictures."""

LINES = 8
RATE = 4
AFTER_REDIS, AFTER_POSTGRES = 2.0, 3.0
AWAY = 1.0


@dataclass
class Show:
    """Pictures that move by bursts of reports, and by how much they were behind after each fault."""

    crowd: Crowd
    ports: tuple[int, int]
    waiting: deque[Report]
    told: list[Report] = field(default_factory=list)
    lags: dict[str, list[float]] = field(default_factory=dict)

    async def burst(self, during: Callable[[], Awaitable[object]] | None = None) -> None:
        """Send a burst of reports until each is acknowledged; let something happen in the middle of it."""
        storm = self._prepare()
        blowing = asyncio.create_task(storm.blow(LINES, seconds=60))
        if during is not None:
            await self._wait_for_middle(storm)
            await during()
        await blowing
        self.told += storm.acknowledged

    async def note(self, after: str, since: float | None = None) -> None:
        """Keep how long it took; where that was long, as it would have been on a machine that nobody else uses."""
        lag = await self.crowd.measure_lag(since)
        crowding = measure_crowding() if lag > AFTER_REDIS else 1.0
        self.lags.setdefault(after, []).append(lag / crowding)

    async def lose_redis(self, valkey: Valkey) -> None:
        """Kill it under reports, let it be away under others, and let it come back under yet others."""
        await self.burst(valkey.kill)
        await self.note("redis was killed")
        await self.burst()
        await self.note("redis was away")
        await self.burst(valkey.start)
        await self.note("redis was back")

    async def lose_postgres(self, cluster: EmbeddedPostgres) -> None:
        """Kill it under reports; these go on once pictures were true again, since each report would move them anew."""
        storm = self._prepare()
        blowing = asyncio.create_task(storm.blow(LINES, seconds=60))
        await self._wait_for_middle(storm)
        reviving = asyncio.create_task(kill_postgres(cluster, away=AWAY))
        await asyncio.sleep(AWAY / 2)
        await rest(blowing)
        # Those who come back while it is away have no picture to fall back on.
        await asyncio.gather(*(onlooker.hang_up() for onlooker in self.crowd.onlookers[::10]))
        await self.note("postgres was back", await reviving)
        await storm.blow(LINES, seconds=60)
        self.told += storm.acknowledged
        await self.note("reports went on")

    def _prepare(self) -> Storm:
        reports = deque(self.waiting.popleft() for _ in range(BURST))
        return Storm(self.ports, choose_settings(self.ports[0]), reports)

    async def _wait_for_middle(self, storm: Storm) -> None:
        async def half() -> bool:
            return len(storm.acknowledged) >= BURST / 2

        await until(half)


async def test_pictures_are_true_though_redis_and_postgres_went_and_came(tmp_path: Path) -> None:
    await check(tmp_path, onlookers=20, times=1)


@pytest.mark.proof
@pytest.mark.timeout(900)
async def test_500_pictures_are_true_though_redis_and_postgres_went_and_came_five_times(tmp_path: Path) -> None:
    await check(tmp_path, onlookers=500, times=take_share(5))


async def check(directory: Path, *, onlookers: int, times: int) -> None:
    chance = random.Random(6)
    async with AsyncExitStack() as stack:
        cluster, url = await stack.enter_async_context(open_cluster())
        valkey = await stack.enter_async_context(open_valkey())
        ports = find_port(), find_port()
        place = Installation(url, valkey.url, ports[0], "http://127.0.0.1:9", directory)
        scene = await stage_scene(round(times * 5 * BURST / REPORTS_EACH))
        webs = await asyncio.gather(
            *(stack.enter_async_context(place.serve(port, TOCSIN_LOG_LEVEL="error")) for port in ports)
        )
        reports = scene.write_reports(chance)
        chance.shuffle(reports)
        crowd = await stack.enter_async_context(gather(url, scene, webs, onlookers, rate=RATE))
        show = Show(crowd, ports, deque(reports))
        began = monotonic()
        for _ in range(times):
            await show.lose_redis(valkey)
            await show.lose_postgres(cluster)
        took = monotonic() - began
        pictures = [picture for onlooker in crowd.onlookers for picture in onlooker.pictures]
        found = await list_violations(url, directory, describe_ledger(show.told, reports), pictures)
    longest = ", ".join(f"{max(lags):.2f} s after {name}" for name, lags in show.lags.items())
    print(  # noqa: T201 - the numbers are what this is for
        f"{onlookers} pictures, {len(pictures)} frames, {times} times each, {took:.0f} s: all true at most {longest}; "
        f"{crowd.visits - onlookers} lines came back; {len(found)} violations"
    )
    assert found == []
    assert max(show.lags["postgres was back"]) < AFTER_POSTGRES
    assert max(lag for name, lags in show.lags.items() if name != "postgres was back" for lag in lags) < AFTER_REDIS
