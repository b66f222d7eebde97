"""What a storm falls on: a PostgreSQL that a test may kill, an alert that was sent, and what carriers have to say about it."""

import asyncio
import os
import random
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from uuid import UUID

import asyncpg
from faults.storm import Report
from faults.theatre import make_bearer
from ingest import STAGE
from stage.cast import ACCOUNT, Town
from stage.cluster import find_room, start_cluster
from stage.polling import until

from tocsin.database import get_database, open_database
from tocsin.embedded import DATABASE, EmbeddedPostgres
from tocsin.records.communications import Communication, Delivery
from tocsin.records.people import Category, Municipality

ENDS = ("delivered", "delivered", "undelivered", "failed", None)
REPORTS_EACH = 2.8
"""Reports of a delivery, on average."""


@asynccontextmanager
async def open_cluster(place: Path | None = None) -> AsyncIterator[tuple[EmbeddedPostgres, str]]:
    """A PostgreSQL of this test's own, which it may kill, at a place or any; the process's pool is open on it."""
    with tempfile.TemporaryDirectory(dir=place or find_room(), ignore_cleanup_errors=True) as directory:
        cluster = await asyncio.to_thread(start_cluster, Path(directory))
        url = cluster.url(DATABASE)
        try:
            async with open_database(url):
                yield cluster, url
        finally:
            await asyncio.to_thread(cluster.stop)


async def kill_postgres(cluster: EmbeddedPostgres, *, away: float = 0.0) -> float:
    """Kill the postmaster; its children follow it, and only then can it be started again. Return when it was back."""
    pid = int((cluster.directory / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)

    async def revived() -> bool:
        if not await asyncio.to_thread(lambda: cluster.alive):
            await asyncio.to_thread(cluster.revive)
        return cluster.alive

    # Until somebody has fetched its end it passes for alive.
    await until(lambda: asyncio.to_thread(lambda: not Path(f"/proc/{pid}").exists()))
    await asyncio.sleep(away)
    await until(revived)
    return monotonic()


@dataclass(frozen=True)
class Scene:
    """An alert that was sent to many, of whom nothing is known yet."""

    communication: Communication
    bearer: str
    deliveries: list[UUID]

    def write_reports(self, chance: random.Random) -> list[Report]:
        """Return each delivery's reports: some never learn how it ended."""
        return [
            Report(f"delivery-{key.hex}", f"SM{key.hex}", word)
            for key in self.deliveries
            for word in ("queued", "sent", chance.choice(ENDS))
            if word is not None
        ]


async def stage_scene(deliveries: int) -> Scene:
    """Put an alert to so many on stage."""
    await get_database().execute_query_dict(STAGE, [deliveries, ACCOUNT])
    communication = await Communication.all().order_by("-id").first()
    assert communication is not None
    municipality = await Municipality.get(id=communication.municipality_id)  # type: ignore[attr-defined]
    town = Town(municipality, await Category.get(municipality_id=municipality.id))
    keys = await Delivery.filter(communication_id=communication.id).values_list("id", flat=True)
    return Scene(communication, make_bearer(town), list(keys))  # type: ignore[arg-type]


TRUTH = """SELECT version, total, contacted, in_progress AS "inProgress", not_contacted AS "notContacted"
  FROM tally WHERE communication_id = $1"""


async def read_truth(url: str, communication_id: UUID) -> dict[str, int]:
    """Return the picture that the database holds, over a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return dict(await connection.fetchrow(TRUTH, communication_id) or {})
    finally:
        await connection.close()
