"""Opening a wave of a communication that has been sent, and noting when it has settled. Imports assessment and due.

Whoever opens one holds the tally's lock and has decided that it is wanted; its deliveries are planned by a job.
"""

from collections.abc import Sequence
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved, lock_tallies
from tocsin.database import get_database
from tocsin.due import Work, demand_work
from tocsin.identifiers import make_id
from tocsin.listing import touch_listing
from tocsin.pictures import OPEN
from tocsin.transactions import in_transaction
from tocsin.words import WaveKind

BEGIN = """
INSERT INTO wave (id, communication_id, kind, number, ordinal, started_at, started_by, targets)
SELECT $1, $2, $3, $4, coalesce(max(ordinal), 0) + 1, clock_timestamp(), $5, $6 FROM wave WHERE communication_id = $2
RETURNING id"""

REOPEN = """
UPDATE communication SET state = 'IN_PROGRESS', completed_at = NULL, modified_at = clock_timestamp()
WHERE id = $1 AND state <> 'IN_PROGRESS' RETURNING id"""

STEP = """
UPDATE tally SET version = version + 1, changed_at = clock_timestamp() WHERE communication_id = ANY($1::uuid[])
RETURNING communication_id, version"""


async def open_wave(
    connection: BaseDBAsyncClient,
    communication_id: UUID,
    kind: WaveKind,
    *,
    number: int,
    targets: int,
    started_by: str | None = None,
    key: UUID | None = None,
) -> tuple[UUID, Moved]:
    """Open a wave and ask for its planning; what was completed is in progress again."""
    wave_id = key or make_id()
    await connection.execute_query_dict(BEGIN, [wave_id, communication_id, kind.value, number, started_by, targets])
    await demand_work(connection, Work.PLAN, wave_id)
    reopened = await connection.execute_query_dict(REOPEN, [communication_id])
    moved = await step(connection, [communication_id])
    listings = await touch_listing(connection, [row["id"] for row in reopened])
    return wave_id, Moved(moved.versions, (), list(listings))


async def step(connection: BaseDBAsyncClient, communications: Sequence[UUID]) -> Moved:
    """Move versions by one, for changes that no delivery made: watchers then read the picture anew."""
    rows = await connection.execute_query_dict(STEP, [list(communications)]) if communications else []
    return Moved({row["communication_id"]: row["version"] for row in rows})


SETTLE = f"""
UPDATE wave w SET checked_version = t.version,
  settled_at = CASE WHEN NOT EXISTS (SELECT FROM delivery d WHERE d.wave_id = w.id AND {OPEN}) THEN clock_timestamp() END
FROM tally t
WHERE t.communication_id = w.communication_id AND w.communication_id = ANY($1::uuid[]) AND w.settled_at IS NULL
  AND w.planned_at IS NOT NULL AND w.checked_version <> t.version
RETURNING w.communication_id, w.settled_at IS NOT NULL AS settled"""

UNSETTLED = """
SELECT DISTINCT w.communication_id FROM wave w JOIN tally t ON t.communication_id = w.communication_id
WHERE w.settled_at IS NULL AND w.planned_at IS NOT NULL AND w.checked_version <> t.version LIMIT $1"""


async def settle_waves_of(connection: BaseDBAsyncClient, communications: Sequence[UUID]) -> list[UUID]:
    """Mark the waves of which nothing is open any more; return whose. The caller holds the tallies' locks."""
    rows = await connection.execute_query_dict(SETTLE, [list(communications)])
    return sorted({row["communication_id"] for row in rows if row["settled"]})


async def settle_waves(limit: int = 200) -> Moved:
    """Mark every wave that has settled since it was last looked at, and tell whoever watches."""
    wanted = await get_database().execute_query_dict(UNSETTLED, [limit])
    if not wanted:
        return Moved({})
    async with in_transaction() as connection:
        locked = await lock_tallies(connection, [row["communication_id"] for row in wanted], wait=False)
        return await step(connection, await settle_waves_of(connection, locked))
