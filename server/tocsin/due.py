"""The due table: what has to be done, from when, by whom just now. The row is the truth. Imports records and identifiers.

Claims look for `due_at <= now()` without a lower bound, so that nothing is passed over after an outage.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.database import get_database
from tocsin.identifiers import make_id

CHANNEL = "tocsin_due"
LEASE_SECONDS = 30
ATTEMPTS = 12
NAMED = 5

log = structlog.get_logger(__name__)


class Work(StrEnum):
    """The kinds of work, and whose id is their subject."""

    START = "START"
    PLAN = "PLAN"
    LANE = "LANE"
    REMIND = "REMIND"
    CANCEL = "CANCEL"
    RESTART = "RESTART"
    EXPORT = "EXPORT"
    VERIFY = "VERIFY"


@dataclass(frozen=True, slots=True)
class Lease:
    """A piece of work that is ours until the lease ends; `fence` tells us from whoever held it before or after.

    Fences are drawn from one sequence, so that one who slept past the end of his row is not taken for its successor.
    """

    id: UUID
    kind: Work
    subject_id: UUID
    fence: int
    due_at: datetime


# A second demand for the same work moves `due_at`, so that whoever is just finishing sees that he has not finished.
DEMAND = """
INSERT INTO due (id, kind, subject_id, due_at, fence, attempts)
SELECT asked.id, $2, asked.subject_id, coalesce($4, clock_timestamp()), 0, 0
FROM unnest($1::uuid[], $3::uuid[]) AS asked (id, subject_id) ORDER BY asked.subject_id
ON CONFLICT (kind, subject_id) DO UPDATE SET due_at = excluded.due_at, announced_until = NULL, attempts = 0, dead_at = NULL
RETURNING id, pg_notify($5, '')"""

ANNOUNCE = """
UPDATE due SET announced_until = now() + interval '10 seconds' WHERE id IN (
  SELECT id FROM due WHERE due_at <= now() AND dead_at IS NULL AND coalesce(announced_until, '-infinity') < now()
    AND coalesce(leased_until, '-infinity') < now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id"""

TAKE = """
UPDATE due SET fence = nextval('due_fence'), attempts = attempts + 1, leased_until = now() + $2 * interval '1 second'
WHERE id = $1 AND due_at <= now() AND dead_at IS NULL AND coalesce(leased_until, '-infinity') < now()
RETURNING id, kind, subject_id, fence, due_at"""

RENEW = """
UPDATE due SET leased_until = now() + $3 * interval '1 second' WHERE id = $1 AND fence = $2 AND leased_until > now()
RETURNING id"""

FINISH = "DELETE FROM due WHERE id = $1 AND fence = $2 AND due_at = $3 RETURNING id"
RELEASE = "UPDATE due SET leased_until = NULL, announced_until = NULL WHERE id = $1 AND fence = $2 RETURNING id"

POSTPONE = """
UPDATE due SET leased_until = NULL, announced_until = NULL, error = $3::text,
  due_at = now() + interval '1 second' * CASE WHEN $3::text IS NULL THEN $4::float8
    ELSE LEAST($4::float8 * power(2, GREATEST(attempts - 1, 0)), GREATEST($4::float8, 300)) END,
  attempts = CASE WHEN $3::text IS NULL THEN 0 ELSE attempts END,
  dead_at = CASE WHEN $3::text IS NOT NULL AND attempts >= $5 THEN now() END
WHERE id = $1 AND fence = $2 RETURNING dead_at"""


REVIVE = """
UPDATE due SET dead_at = NULL, attempts = 0, error = NULL, announced_until = NULL, leased_until = NULL, due_at = now()
WHERE dead_at IS NOT NULL AND ($1::uuid IS NULL OR id = $1) RETURNING id"""


async def demand_work(
    connection: BaseDBAsyncClient, kind: Work, subject_id: UUID, *, at: datetime | None = None
) -> None:
    """Ask in the caller's transaction for work on a subject, at once or from an instant; listeners wake at its commit."""
    await demand_each(connection, kind, [subject_id], at=at)


async def demand_each(
    connection: BaseDBAsyncClient, kind: Work, subjects: Collection[UUID], *, at: datetime | None = None
) -> None:
    """As demand_work, for each of several subjects in one statement."""
    keys = [make_id() for _ in subjects]
    rows = await connection.execute_query_dict(DEMAND, [keys, kind.value, list(subjects), at, CHANNEL])
    # Whoever does the work names it as the walk, maybe in another process: this line joins the two.
    log.info("work demanded", kind=kind.value, works=[str(row["id"]) for row in rows[:NAMED]], number=len(rows))


async def list_due(limit: int = 100) -> list[UUID]:
    """Return what is due and not yet announced, and mark it as announced for ten seconds."""
    return [row["id"] for row in await get_database().execute_query_dict(ANNOUNCE, [limit])]


async def take_work(due_id: UUID) -> Lease | None:
    """Take a piece of work; nothing where it is done, not due or somebody else's."""
    rows = await get_database().execute_query_dict(TAKE, [due_id, LEASE_SECONDS])
    return Lease(**{**rows[0], "kind": Work(rows[0]["kind"])}) if rows else None


async def renew_lease(lease: Lease) -> bool:
    """Keep a piece of work for longer; false where it has been lost, and then it must be left alone."""
    return bool(await get_database().execute_query_dict(RENEW, [lease.id, lease.fence, LEASE_SECONDS]))


async def finish_work(lease: Lease) -> None:
    """Strike the work off, unless it was demanded again meanwhile."""
    database = get_database()
    if not await database.execute_query_dict(FINISH, [lease.id, lease.fence, lease.due_at]):
        await database.execute_query_dict(RELEASE, [lease.id, lease.fence])


async def postpone_work(lease: Lease, seconds: float, *, error: str | None = None) -> None:
    """Put the work off; with an error it counts as an attempt, and after twelve the work is dead and shown.

    Failures in a row double the distance up to five minutes, so that a trouble of some minutes kills nothing.
    """
    await get_database().execute_query_dict(POSTPONE, [lease.id, lease.fence, error, seconds, ATTEMPTS])


async def revive_work(due_id: UUID | None = None) -> int:
    """Make dead work due at once, one piece or all; return how much there was."""
    return len(await get_database().execute_query_dict(REVIVE, [due_id]))
