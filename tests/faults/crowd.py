"""Subscribers by the hundred who look on at once: how long until all of them see what the database holds."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

from faults.ground import Scene, read_truth
from faults.theatre import SLICES, Onlooker, look_on
from stage.polling import PAUSE, until

NAMES = ("version", *SLICES)
GREETING_SECONDS = 120.0


@dataclass
class Crowd:
    """Everybody who looks on at one alert."""

    database_url: str
    scene: Scene
    onlookers: list[Onlooker]

    @property
    def visits(self) -> int:
        """How many lines have shown a picture so far."""
        return sum(onlooker.visits for onlooker in self.onlookers)

    async def is_whole(self) -> bool:
        """Whether every one of them has a line that shows pictures."""
        return all(onlooker.connected for onlooker in self.onlookers)

    async def measure_lag(self, since: float | None = None, *, patience: float = 60.0) -> float:
        """Return after how many seconds from now, or from an instant, all show what the database holds by then."""
        since = monotonic() if since is None else since

        ends_at = since + patience
        while True:
            truth = await read_truth(self.database_url, self.scene.communication.id)
            behind = [onlooker for onlooker in self.onlookers if not self._shows(onlooker, truth)]
            if not behind:
                return monotonic() - since
            assert monotonic() < ends_at, describe(behind, truth)
            await asyncio.sleep(PAUSE)

    def _shows(self, onlooker: Onlooker, truth: dict[str, int]) -> bool:
        return bool(onlooker.pictures) and all(onlooker.pictures[-1][name] == truth[name] for name in NAMES)


def describe(behind: Sequence[Onlooker], truth: dict[str, int]) -> str:
    shown = Counter((one.url, one.connected, str(one.pictures[-1:])) for one in behind)
    return f"{len(behind)} are behind {truth}: {shown.most_common(3)}"


@asynccontextmanager
async def gather(
    database_url: str, scene: Scene, addresses: Sequence[str], number: int, *, rate: int
) -> AsyncIterator[Crowd]:
    """Let so many look on until left, spread over the addresses; all have a picture at the beginning."""
    onlookers = [
        Onlooker(f"wall-{index}", addresses[index % len(addresses)], scene.bearer, scene.communication, rate)
        for index in range(number)
    ]
    crowd = Crowd(database_url, scene, onlookers)
    async with look_on(onlookers):
        await until(crowd.is_whole, seconds=GREETING_SECONDS)
        yield crowd


async def rest(task: "asyncio.Task[None]") -> None:
    """Stop something in the middle; what it had in hand it puts back."""
    task.cancel()
    await asyncio.wait([task])
