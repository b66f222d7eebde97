"""What waits in a lane: the heads of its queues, read without looking at what stands behind them. Imports lanes and turns.

A queue is a wave; all verifications together are one more. Reading a lane costs a look-up for each queue, not for each
delivery (docs/decisions/0007-lanes.md). Deliveries to a number with an open call are passed over.
"""

from collections.abc import Iterable
from enum import Enum
from uuid import UUID

from tocsin.database import get_database
from tocsin.lanes import LaneState
from tocsin.statuses import MEANINGS, DeliveryStatus
from tocsin.turns import RANKS, VERIFICATION_RANK, Candidate
from tocsin.words import Channel, Handling, Standing

S = DeliveryStatus

MOST_VERIFICATIONS = 2_000
"""Beyond these, verifications come in the order of their making, whatever their municipality."""

UNDER_WAY = sorted(s for s, m in MEANINGS.items() if s.channel is Channel.CALL and m.standing is Standing.PENDING)
SAID_BEFORE_THE_END = (S.CALL_VOICEMAIL, S.CALL_FAX, S.CALL_CONFIRMED)
LONGEST_TALK = "interval '5 minutes'"
"""If the end of a call is never reported, it is over this long after its last status."""


def list_numbers(statuses: Iterable[DeliveryStatus]) -> str:
    return ", ".join(str(int(status)) for status in statuses)


def has_open_call(address: str) -> str:
    """Return the SQL of whether some call to the number is under way or may be: true, or NULL.

    As a scalar it is looked up in its index number by number; as a join the planner might read all open calls first.
    """
    return f"""(SELECT true FROM delivery o WHERE o.address = {address} AND o.channel = {Channel.CALL:d}
    AND o.handling IN ({Handling.SENDING:d}, {Handling.TAKEN:d}, {Handling.UNCERTAIN:d}) AND o.ended_at IS NULL AND NOT o.expired
    AND (o.status IS NULL OR o.status IN ({list_numbers(UNDER_WAY)})
      OR o.status IN ({list_numbers(SAID_BEFORE_THE_END)}) AND o.status_at > now() - {LONGEST_TALK}) LIMIT 1)"""


NO_WAVE = "'00000000-0000-0000-0000-000000000000'::uuid"
QUEUE = f"coalesce(d.wave_id, {NO_WAVE})"
WAITS = f"d.account = $1 AND d.channel = $2 AND d.handling = {Handling.PLANNED:d}"
FREE = f"(d.channel <> {Channel.CALL:d} OR {has_open_call('d.address')} IS NULL)"
RANK = " ".join(f"WHEN '{kind.value}' THEN {rank}" for kind, rank in RANKS.items())

QUEUES = f"""
WITH RECURSIVE queue (key) AS (
  (SELECT {QUEUE} FROM delivery d WHERE {WAITS} ORDER BY {QUEUE} LIMIT 1)
  UNION ALL
  SELECT (SELECT {QUEUE} FROM delivery d WHERE {WAITS} AND {QUEUE} > queue.key ORDER BY {QUEUE} LIMIT 1)
  FROM queue WHERE queue.key IS NOT NULL
)"""

HEADS = f"""{QUEUES}
SELECT head.id, CASE w.kind {RANK} END AS rank, c.municipality_id, c.id AS communication_id, head.address
FROM queue JOIN wave w ON w.id = queue.key JOIN communication c ON c.id = w.communication_id
CROSS JOIN LATERAL (
  SELECT d.id, d.address FROM delivery d WHERE {WAITS} AND {QUEUE} = queue.key AND {FREE} ORDER BY d.id LIMIT $3
) head
UNION ALL
SELECT id, {VERIFICATION_RANK}, municipality_id, NULL, address FROM (
  SELECT first.id, first.address, z.municipality_id,
    row_number() OVER (PARTITION BY z.municipality_id ORDER BY first.id) AS place
  FROM (SELECT d.id, d.address, d.verification_id FROM delivery d WHERE {WAITS} AND {QUEUE} = {NO_WAVE} AND {FREE}
    ORDER BY d.id LIMIT {MOST_VERIFICATIONS}) first
  JOIN verification v ON v.id = first.verification_id JOIN contact_point p ON p.id = v.contact_point_id
  JOIN citizen z ON z.id = p.citizen_id
) verification WHERE place <= $3"""

COUNT = f"""{QUEUES}
SELECT (SELECT coalesce(sum(planned.number), 0) FROM queue JOIN wave w ON w.id = queue.key
    JOIN communication c ON c.id = w.communication_id CROSS JOIN LATERAL (
      SELECT count(*) AS number FROM delivery d WHERE {WAITS} AND {QUEUE} = queue.key) planned
    WHERE $3::uuid IS NULL OR c.municipality_id = $3)
  + (SELECT count(*) FROM delivery d JOIN verification v ON v.id = d.verification_id
    JOIN contact_point p ON p.id = v.contact_point_id JOIN citizen z ON z.id = p.citizen_id
    WHERE {WAITS} AND {QUEUE} = {NO_WAVE} AND ($3::uuid IS NULL OR z.municipality_id = $3)) AS number"""

ANYTHING = f"SELECT EXISTS (SELECT FROM delivery d WHERE {WAITS}) AS waits"


class Waiting(Enum):
    """What a lane holds just now."""

    READY = "something may be handed over"
    BLOCKED = "all that is planned waits for the end of a call to the same number"
    NOTHING = "nothing is planned"


async def list_heads(lane: LaneState, limit: int) -> list[Candidate]:
    """Return the first free deliveries of every queue, at most `limit` each."""
    rows = await get_database().execute_query_dict(HEADS, [lane.account, lane.channel, limit])
    return [Candidate(**row) for row in rows]


async def look_behind(lane: LaneState) -> Waiting:
    """Return why a lane without free heads has none."""
    rows = await get_database().execute_query_dict(ANYTHING, [lane.account, lane.channel])
    return Waiting.BLOCKED if rows[0]["waits"] else Waiting.NOTHING


async def count_waiting(account: str, channel: Channel, municipality_id: UUID | None) -> int:
    """Return how many deliveries are planned in a lane, those of one municipality or all."""
    rows = await get_database().execute_query_dict(COUNT, [account, channel, municipality_id])
    return int(rows[0]["number"])
