"""What a process counts of its walks, for Prometheus: every name is here, and no label ever holds a person.

Imports nothing of ours. One object a process, made by the composition and passed to those who count.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)

TOTALS: Mapping[str, str] = {
    "tocsin_resyncs": "Channels that were read anew, as announcements may have been lost.",
    "tocsin_redis_losses": "How often Redis was lost.",
    "tocsin_group_runs": "Executions for subscribers, each for a whole group.",
    "tocsin_frames": "Frames offered to subscribers.",
    "tocsin_sockets_refused": "Sockets that were closed as their principal or their address had too many.",
}


class Totals(Collector):
    """Totals that others keep, asked for when somebody looks."""

    def __init__(self, tell: Callable[[], Mapping[str, float]]) -> None:
        self._tell = tell

    def collect(self) -> Iterator[CounterMetricFamily]:
        for name, value in self._tell().items():
            yield CounterMetricFamily(name, TOTALS[name], value=value)


@dataclass
class Measures:
    """The counters of one process, in a registry of its own."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self._make_event_walk()
        self._make_command_walk()
        self._make_state()

    def _make_event_walk(self) -> None:
        within = self.registry
        self.webhooks = Counter(
            "tocsin_webhooks",
            "Requests of carriers by path and by the status answered.",
            ["path", "status"],
            registry=within,
        )
        self.events = Counter(
            "tocsin_events", "Reports of carriers by what became of them.", ["provider", "result"], registry=within
        )
        self.batch = Histogram("tocsin_commit_events", "Reports in one commit.", registry=within, buckets=SIZES)
        self.commit = Histogram("tocsin_commit_seconds", "What one commit took.", registry=within, buckets=SECONDS)
        self.carrier_lag = Histogram(
            "tocsin_carrier_lag_seconds", "From the carrier's own time of a report to its commit.", ["provider"],
            registry=within, buckets=SECONDS,
        )  # fmt: skip
        self.frame_lag = Histogram(
            "tocsin_frame_lag_seconds", "From a commit to the moment when its change is read for subscribers.",
            registry=within, buckets=SECONDS,
        )  # fmt: skip

    def _make_command_walk(self) -> None:
        within = self.registry
        self.work = Counter("tocsin_work", "Pieces of work by kind and result.", ["kind", "result"], registry=within)
        self.work_seconds = Histogram(
            "tocsin_work_seconds", "What a piece of work took.", ["kind"], registry=within, buckets=SECONDS
        )
        self.handed = Counter(
            "tocsin_handed_over", "Requests to carriers by their answer.", ["provider", "result"], registry=within
        )

    def _make_state(self) -> None:
        within = self.registry
        self.lane_waiting = Gauge("tocsin_lane_waiting", "Planned attempts of a lane.", ["channel"], registry=within)
        self.lane_paused = Gauge("tocsin_lane_paused", "Whether a lane is paused.", ["channel"], registry=within)
        self.lane_rate = Gauge("tocsin_lane_rate", "What a lane may send a second.", ["channel"], registry=within)
        self.due = Gauge("tocsin_due", "Work in the table by state.", ["state"], registry=within)
        self.parked = Gauge("tocsin_parked", "Reports that match nothing.", registry=within)
        self.uncertain = Gauge("tocsin_uncertain", "Attempts whose answer was lost.", registry=within)
        self.database = Gauge("tocsin_database_up", "Whether the database answers this process.", registry=within)
        self.redis = Gauge("tocsin_redis_up", "Whether this process hears the others.", registry=within)
        self.groups = Gauge("tocsin_groups", "Subscriptions that are executed once for all.", registry=within)
        self.subscribers = Gauge("tocsin_subscribers", "Members of groups.", registry=within)
        self.watched = Gauge("tocsin_watched", "Communications, lists and exports watched.", registry=within)

    def count_with(self, tell: Callable[[], Mapping[str, float]]) -> None:
        """Show, at each look, totals that are counted elsewhere: their names are those of TOTALS."""
        self.registry.register(Totals(tell))

    def note_kept(self, provider: str, occurred_at: datetime | None, now: datetime) -> None:
        """Count a report that is committed; a carrier's clock that is ahead of ours counts as no lag."""
        self.events.labels(provider, "kept").inc()
        if occurred_at is not None:
            self.carrier_lag.labels(provider).observe(max((now - occurred_at).total_seconds(), 0.0))
