"""Removing persons from what was sent long ago, chunk by chunk: counts, waves and keys stay. Imports assessment.

Whoever was attempted becomes a row without a name; the ledger of his attempts is removed. A report that comes again after
that moves nothing, because its delivery still has the status and the carrier's id that it once reported.
"""

from dataclasses import dataclass
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved, lock_tallies
from tocsin.database import get_database
from tocsin.transactions import in_transaction
from tocsin.words import Outcome

CHUNK = 500
AT_ONCE = 10

OLD = "now() - $1::int * interval '1 day'"

# A communication of which something is still running keeps its persons: they may yet have to be reached.
FIND = f"""
SELECT c.id FROM communication c WHERE c.sent_at < {OLD} AND c.forgotten_at IS NULL AND c.state <> 'IN_PROGRESS'
  AND NOT EXISTS (SELECT FROM wave w WHERE w.communication_id = c.id AND (w.started_at >= {OLD} OR w.planned_at IS NULL))
ORDER BY c.sent_at LIMIT {AT_ONCE}"""

CHOOSE = f"""
SELECT id, outcome = {Outcome.NOT_CONTACTED:d} AND reachable AS eligible FROM recipient
WHERE communication_id = $1 AND citizen_id IS NOT NULL ORDER BY citizen_id LIMIT {CHUNK}"""

FORGET = (
    "DELETE FROM delivery_event e USING delivery d WHERE d.id = e.delivery_id AND d.recipient_id = ANY($1::uuid[])",
    "UPDATE delivery SET address = '', contact_point_id = NULL WHERE recipient_id = ANY($1::uuid[])",
    "DELETE FROM recipient_search WHERE recipient_id = ANY($1::uuid[])",
    "UPDATE recipient r SET citizen_id = NULL, first_name = '', last_name = '', first_name_key = '', last_name_key = '',"
    " email = NULL, phone = NULL, reachable = false, version = t.version + 1"
    " FROM tally t WHERE t.communication_id = r.communication_id AND r.id = ANY($1::uuid[])",
)

STEP = """
UPDATE tally SET version = version + 1, eligible = eligible - $2, changed_at = clock_timestamp() WHERE communication_id = $1
RETURNING version"""
END = "UPDATE communication SET forgotten_at = clock_timestamp() WHERE id = $1 RETURNING id"

BESIDE = (
    f"DELETE FROM verification WHERE id IN (SELECT id FROM verification WHERE requested_at < {OLD} LIMIT {CHUNK}) RETURNING id",
    f"DELETE FROM parked_event WHERE event_key IN (SELECT event_key FROM parked_event WHERE received_at < {OLD}"
    f" LIMIT {CHUNK}) RETURNING event_key",
    "UPDATE consent_event SET address = '' WHERE event_key IN (SELECT event_key FROM consent_event"
    f" WHERE received_at < {OLD} AND address <> '' LIMIT {CHUNK}) RETURNING event_key",
)
"""What is of no communication. Refusals themselves stay in force; of an old STOP only the key is kept."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a step removed, and whether there may be more."""

    moved: Moved
    rows: int
    over: bool


async def list_forgettable(days: int) -> list[UUID]:
    """Return some communications that are over and older than so many days, oldest first."""
    return [row["id"] for row in await get_database().execute_query_dict(FIND, [days])]


async def forget_chunk(communication_id: UUID) -> Forgotten:
    """Remove the persons of up to 500 recipients; nothing where another writer has the communication just now."""
    async with in_transaction() as connection:
        if not await lock_tallies(connection, [communication_id], wait=False):
            return Forgotten(Moved({}), 0, over=True)
        rows = await connection.execute_query_dict(CHOOSE, [communication_id])
        if not rows:
            await connection.execute_query_dict(END, [communication_id])
            return Forgotten(Moved({}), 0, over=True)
        version = await forget_recipients(connection, communication_id, {row["id"]: row["eligible"] for row in rows})
        return Forgotten(Moved({communication_id: version}), len(rows), over=False)


async def forget_recipients(
    connection: BaseDBAsyncClient, communication_id: UUID, chosen: dict[UUID, bool | None]
) -> int:
    """Remove what tells who these are, those marked true having been eligible; return the new version."""
    for statement in FORGET:
        await connection.execute_query(statement, [list(chosen)])
    eligible = sum(1 for each in chosen.values() if each)
    rows = await connection.execute_query_dict(STEP, [communication_id, eligible])
    return int(rows[0]["version"])


async def forget_beside(days: int) -> int:
    """Remove a chunk of each thing that belongs to no communication; return how many rows that were."""
    return sum([len(await get_database().execute_query_dict(statement, [days])) for statement in BESIDE])
