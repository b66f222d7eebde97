"""Communications of which nothing could be handed over because an account is refused: FAILED, and IN_PROGRESS again.

Both are looked for by whoever works a paused lane (docs/decisions/0007-lanes.md). What is settled to its end is
completed like any other. Imports assessment and listing.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved, lock_tallies
from tocsin.database import get_database
from tocsin.listing import touch_listing
from tocsin.transactions import in_transaction
from tocsin.words import CommunicationState, Handling

H = Handling


def any_delivery(condition: str) -> str:
    """Return the SQL of: communication `c` has a delivery like that."""
    return f"""EXISTS (SELECT FROM wave w JOIN delivery d ON d.wave_id = w.id
    WHERE w.communication_id = c.id AND {condition})"""


LONG_PAUSED = """EXISTS (SELECT FROM lane l WHERE l.account = d.account AND l.channel = d.channel
    AND l.paused_at <= now() - $2::float8 * interval '1 second')"""

# Where something was handed over, one row says so; where nothing was, all have to be looked at, which is why this is
# asked once in a probe's time and not by every sweep.
STANDING_STILL = f"""c.state = '{CommunicationState.IN_PROGRESS.value}' AND c.sent_at <= now() - $2::float8 * interval '1 second'
  AND NOT EXISTS (SELECT FROM wave w WHERE w.communication_id = c.id AND w.planned_at IS NULL)
  AND NOT {any_delivery(f"d.handling IN ({H.SENDING:d}, {H.TAKEN:d}, {H.UNCERTAIN:d})")}
  AND {any_delivery(f"d.handling = {H.PLANNED:d}")}
  AND NOT {any_delivery(f"d.handling = {H.PLANNED:d} AND NOT {LONG_PAUSED}")}"""

MOVING_AGAIN = f"""c.state = '{CommunicationState.FAILED.value}'
  AND {any_delivery(f"d.handling IN ({H.TAKEN:d}, {H.UNCERTAIN:d})")}"""

NEXT = {
    CommunicationState.FAILED: STANDING_STILL,
    CommunicationState.IN_PROGRESS: MOVING_AGAIN,
}
"""The state that a communication gets, and when."""

FIND = " UNION ALL ".join(
    f"SELECT c.id, '{state.value}' AS state FROM communication c WHERE ($1::uuid[] IS NULL OR c.id = ANY($1)) AND {condition}"
    for state, condition in NEXT.items()
)

SET = """
UPDATE communication c SET state = n.state, modified_at = clock_timestamp()
FROM unnest($1::uuid[], $2::text[]) n (id, state) WHERE c.id = n.id RETURNING c.id"""

STEP = """
UPDATE tally SET version = version + 1, changed_at = clock_timestamp() WHERE communication_id = ANY($1::uuid[])
RETURNING communication_id, version"""


async def judge_standstill(limit: float) -> tuple[Moved, Mapping[UUID, CommunicationState]]:
    """Fail what has stood still for `limit` seconds, and take up what has not: return what moved, and the new states."""
    found = await find_changes(get_database(), None, limit)
    if not found:
        return Moved({}), {}
    async with in_transaction() as connection:
        locked = await lock_tallies(connection, list(found))
        changes = await find_changes(connection, locked, limit)
        return await change_states(connection, changes), changes


async def find_changes(
    connection: BaseDBAsyncClient, among: Sequence[UUID] | None, limit: float
) -> dict[UUID, CommunicationState]:
    """Return which communications have to change their state, and into what."""
    rows = await connection.execute_query_dict(FIND, [among, limit])
    return {row["id"]: CommunicationState(row["state"]) for row in rows}


async def change_states(connection: BaseDBAsyncClient, changes: Mapping[UUID, CommunicationState]) -> Moved:
    """Write the new states, each with a step of its version."""
    if not changes:
        return Moved({})
    keys = sorted(changes)
    await connection.execute_query_dict(SET, [keys, [changes[key].value for key in keys]])
    rows = await connection.execute_query_dict(STEP, [keys])
    versions = {row["communication_id"]: row["version"] for row in rows}
    return Moved(versions, listings=list(await touch_listing(connection, keys)))
