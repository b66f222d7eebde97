"""The list of communications as something watched: which of it changed, by the municipality's version. Imports nothing of ours."""

from collections.abc import Iterable
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

LOCK = """
SELECT id FROM municipality WHERE id IN (SELECT municipality_id FROM communication WHERE id = ANY($1::uuid[]))
ORDER BY id FOR NO KEY UPDATE"""

# A campaign's state derives from what it holds, so it changes, and is modified, with it.
TOUCH = """
WITH stepped AS (
  UPDATE municipality SET version = version + 1 WHERE id = ANY($2::uuid[]) RETURNING id, version
), touched AS (
  UPDATE communication c SET list_version = stepped.version, modified_at = GREATEST(c.modified_at,
    (SELECT max(held.modified_at) FROM communication held WHERE held.campaign_id = c.id))
  FROM stepped WHERE c.municipality_id = stepped.id AND c.id IN (
    SELECT unnest($1::uuid[]) UNION SELECT campaign_id FROM communication WHERE id = ANY($1::uuid[]))
)
SELECT id, version FROM stepped"""

STEP = "UPDATE municipality SET version = version + 1 WHERE id = $1"


async def touch_listing(connection: BaseDBAsyncClient, communications: Iterable[UUID]) -> dict[UUID, int]:
    """Note in the caller's transaction that fields which lists show have changed; return the new version by municipality.

    Call it last, after tallies are locked and communications written: municipalities come after both in the order of locks.
    """
    touched = sorted(set(communications))
    if not touched:
        return {}
    owners = await connection.execute_query_dict(LOCK, [touched])
    rows = await connection.execute_query_dict(TOUCH, [touched, [row["id"] for row in owners]])
    return {row["id"]: row["version"] for row in rows}


async def note_removal(connection: BaseDBAsyncClient, municipality_id: UUID) -> None:
    """Note in the caller's transaction that something has left the list, so that whoever watches it looks."""
    await connection.execute_query(STEP, [municipality_id])
