"""What those who run the system look at: lanes, reports that match nothing, work that is late or dead. Imports lanes, due.

With a municipality everything is hers, or of no municipality; without one, for the command line, it is everybody's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.database import get_database
from tocsin.due import Work
from tocsin.identifiers import expose
from tocsin.lanes import RATES, recover
from tocsin.settings import Settings
from tocsin.waiting import count_waiting
from tocsin.words import Channel

OVERDUE_SECONDS = 60

SUBJECTS: Mapping[Work, tuple[str, str | None]] = {
    Work.START: ("communication", "SELECT c.municipality_id FROM communication c WHERE c.id = due.subject_id"),
    Work.PLAN: (
        "wave",
        "SELECT c.municipality_id FROM wave w JOIN communication c ON c.id = w.communication_id"
        " WHERE w.id = due.subject_id",
    ),
    Work.LANE: ("lane", None),
    Work.REMIND: (
        "reminder",
        "SELECT c.municipality_id FROM reminder m JOIN communication c ON c.id = m.communication_id"
        " WHERE m.id = due.subject_id",
    ),
    Work.CANCEL: ("communication", "SELECT c.municipality_id FROM communication c WHERE c.id = due.subject_id"),
    Work.EXPORT: ("export", "SELECT x.municipality_id FROM export x WHERE x.id = due.subject_id"),
    Work.RESTART: (
        "delivery",
        "SELECT coalesce(c.municipality_id, z.municipality_id) FROM delivery d"
        " LEFT JOIN communication c ON c.id = d.communication_id LEFT JOIN verification v ON v.id = d.verification_id"
        " LEFT JOIN contact_point p ON p.id = v.contact_point_id LEFT JOIN citizen z ON z.id = p.citizen_id"
        " WHERE d.id = due.subject_id",
    ),
    Work.VERIFY: (
        "verification",
        "SELECT z.municipality_id FROM verification v JOIN contact_point p ON p.id = v.contact_point_id"
        " JOIN citizen z ON z.id = p.citizen_id WHERE v.id = due.subject_id",
    ),
}
"""For each kind of work: what its subject is, and whose; nobody's where all share it."""

OWNERS = " OR ".join(
    f"kind = '{work.value}'" + (f" AND ({owner}) = $1" if owner else "") for work, (_, owner) in SUBJECTS.items()
)
VISIBLE_JOB = f"($1::uuid IS NULL OR {OWNERS})"
DEAD = "dead_at IS NOT NULL"
OVERDUE = f"""dead_at IS NULL AND due_at < now() - interval '{OVERDUE_SECONDS} seconds'
  AND coalesce(leased_until, '-infinity') < now()"""

JOBS = f"""
SELECT id, kind, subject_id, due_at, attempts, error, dead_at FROM due
WHERE ({DEAD} OR $3 AND {OVERDUE}) AND {VISIBLE_JOB} ORDER BY dead_at NULLS LAST, due_at, id LIMIT $2"""

PARKED = """
FROM parked_event e LEFT JOIN delivery d ON d.id = (e.event ->> 'delivery_id')::uuid
LEFT JOIN communication c ON c.id = d.communication_id LEFT JOIN verification v ON v.id = d.verification_id
LEFT JOIN contact_point p ON p.id = v.contact_point_id LEFT JOIN citizen z ON z.id = p.citizen_id
WHERE $1::uuid IS NULL OR d.id IS NULL OR coalesce(c.municipality_id, z.municipality_id) = $1"""

LIST_PARKED = f"""
SELECT e.provider, e.account, e.event ->> 'provider_word' AS word, e.received_at, e.tries, e.next_try_at {PARKED}
ORDER BY e.received_at, e.event_key LIMIT $2"""

COUNTS = f"""
SELECT (SELECT count(*) FROM due WHERE {DEAD} AND {VISIBLE_JOB}) AS dead,
  (SELECT count(*) FROM due WHERE {OVERDUE} AND {VISIBLE_JOB}) AS overdue,
  (SELECT count(*) {PARKED}) AS parked,
  (SELECT coalesce(sum(t.uncertain), 0) FROM tally t JOIN communication c ON c.id = t.communication_id
    WHERE $1::uuid IS NULL OR c.municipality_id = $1) AS uncertain"""

LANES = """
SELECT id, account, channel, paused_at, reason, next_at, slowed_to,
  extract(epoch FROM clock_timestamp() - slowed_at)::float8 AS slowed_for
FROM lane ORDER BY channel, account"""


@dataclass(frozen=True, slots=True)
class LaneRow:
    """A lane as it is shown. `waiting`: planned deliveries; `per_second`: the rate that it may go at this moment."""

    channel: Channel
    account: str
    paused_at: datetime | None
    reason: str | None
    next_at: datetime | None
    waiting: int
    per_second: float


@dataclass(frozen=True, slots=True)
class JobRow:
    """Work that is late or dead; `subject_id` is the id that clients see, `error` names a kind of fault."""

    id: UUID
    kind: Work
    subject_id: str
    due_at: datetime
    attempts: int
    error: str | None
    dead_at: datetime | None


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """A report that matches no delivery, or one that its account may not report about."""

    provider: str
    account: str
    word: str
    received_at: datetime
    tries: int
    next_try_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each there are."""

    dead: int
    overdue: int
    parked: int
    uncertain: int


async def list_lanes(settings: Settings, municipality_id: UUID | None = None) -> list[LaneRow]:
    """Return every lane; what waits in it is counted for the municipality alone."""
    rows = await get_database().execute_query_dict(LANES)
    return [await describe_lane(row, settings, municipality_id) for row in rows]


async def describe_lane(row: Mapping[str, Any], settings: Settings, municipality_id: UUID | None) -> LaneRow:
    channel = Channel(row["channel"])
    return LaneRow(
        channel=channel,
        account=row["account"],
        paused_at=row["paused_at"],
        reason=row["reason"],
        next_at=row["next_at"],
        waiting=await count_waiting(row["account"], channel, municipality_id),
        per_second=recover(RATES[channel](settings), row["slowed_to"], row["slowed_for"]),
    )


async def list_jobs(limit: int, municipality_id: UUID | None = None, *, overdue: bool = False) -> list[JobRow]:
    """Return dead work, longest dead first, then where asked for what is overdue."""
    rows = await get_database().execute_query_dict(JOBS, [municipality_id, limit, overdue])
    return [describe_job(row) for row in rows]


def describe_job(row: Mapping[str, Any]) -> JobRow:
    kind = Work(row["kind"])
    return JobRow(**{**row, "kind": kind, "subject_id": expose(SUBJECTS[kind][0], row["subject_id"])})


async def list_parked(limit: int, municipality_id: UUID | None = None) -> list[ParkedRow]:
    """Return parked reports, longest parked first."""
    rows = await get_database().execute_query_dict(LIST_PARKED, [municipality_id, limit])
    return [ParkedRow(**row) for row in rows]


async def count_operations(municipality_id: UUID | None = None) -> Counts:
    """Return how much is dead, overdue, parked and uncertain."""
    [row] = await get_database().execute_query_dict(COUNTS, [municipality_id])
    return Counts(**{name: int(number) for name, number in row.items()})
