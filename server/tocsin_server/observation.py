"""What a process tells Prometheus: its counters, and every few seconds the state of the database.

Imports operations, health and own_port. A process whose settings ask for no metrics pays nothing for them but counting.
"""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from starlette.requests import Request
from starlette.responses import Response

from tocsin.live.redis_backend import RedisBackend
from tocsin.measures import Measures
from tocsin.operations import count_operations, list_lanes
from tocsin.settings import Settings
from tocsin_server.health import ask_database
from tocsin_server.own_port import show_metrics

if TYPE_CHECKING:
    from tocsin_graphql.view import View
    from tocsin_server.services import Services

LOOK_SECONDS = 5.0
PATIENCE = 4.0

log = structlog.get_logger(__name__)


class MetricsPage:
    """Answers a scrape that bears the token; anybody else is told nothing."""

    def __init__(self, measures: Measures, token: str) -> None:
        self._measures = measures
        self._expected = f"Bearer {token}".encode()

    async def answer(self, request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), self._expected):
            return Response(
                "Send the token of METRICS_TOKEN as a bearer.\n", 401, headers={"WWW-Authenticate": "Bearer"}
            )
        return show_metrics(self._measures)


@dataclass
class Observation:
    """Looks at the state of lanes, work and Redis while the process runs."""

    settings: Settings
    measures: Measures
    backend: RedisBackend | None
    _task: "asyncio.Task[None] | None" = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="observation")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _watch(self) -> None:
        while True:
            try:
                await ask_database()
                async with asyncio.timeout(PATIENCE):
                    await observe_state(self.settings, self.measures)
            except Exception as error:
                # The database is away, or worse: the gauge says so, and the next look asks again.
                log.info("state not observed", error=type(error).__name__)
                self.measures.database.set(0)
            self.measures.redis.set(1 if self.backend is not None and self.backend.hearing else 0)
            await asyncio.sleep(LOOK_SECONDS)


async def observe_state(settings: Settings, measures: Measures) -> None:
    """Read how much waits, is late, dead, parked or uncertain, of all municipalities together."""
    counts = await count_operations()
    measures.due.labels("dead").set(counts.dead)
    measures.due.labels("overdue").set(counts.overdue)
    measures.parked.set(counts.parked)
    measures.uncertain.set(counts.uncertain)
    for lane in await list_lanes(settings):
        measures.lane_waiting.labels(lane.channel.name).set(lane.waiting)
        measures.lane_paused.labels(lane.channel.name).set(lane.paused_at is not None)
        measures.lane_rate.labels(lane.channel.name).set(lane.per_second)
    measures.database.set(1)


def count_groups(services: "Services", view: "View") -> None:
    """Let metrics tell what the groups of this process are doing."""
    measures, backend, gatherings = services.measures, services.backend, view.gatherings
    measures.groups.set_function(lambda: gatherings.figures.groups)
    measures.subscribers.set_function(lambda: gatherings.figures.members)
    measures.watched.set_function(lambda: services.hub.watched)

    def tell() -> Mapping[str, float]:
        figures = gatherings.figures
        return {
            "tocsin_resyncs": backend.resyncs if backend else 0,
            "tocsin_redis_losses": backend.losses if backend else 0,
            "tocsin_group_runs": figures.runs,
            "tocsin_frames": figures.deliveries,
            "tocsin_sockets_refused": view.places.refused,
        }

    measures.count_with(tell)
