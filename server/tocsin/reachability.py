"""Whether a new attempt could reach the recipients of what has been sent, when contact points change. Imports assessment.

A tally counts who is eligible for a recontact: not contacted, with a point that could be used. Citizens' edits, STOP and
START move that count, and nothing else of it.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import lock_tallies
from tocsin.words import Outcome

# A recipient is looked for in each communication of his municipality: an index by citizen would cost every report.
SENT = """
communication c JOIN citizen z ON z.municipality_id = c.municipality_id AND z.id = ANY($1::uuid[])
WHERE c.sent_at IS NOT NULL AND c.state <> 'CANCELLED'"""

# Those still being planned too: the next chunk, which waits for the lock, must read the points as they will be.
CONCERNED = f"""
SELECT DISTINCT c.id FROM {SENT} AND (
  EXISTS (SELECT FROM recipient r WHERE r.communication_id = c.id AND r.citizen_id = z.id)
  OR EXISTS (SELECT FROM wave w WHERE w.communication_id = c.id AND w.planned_at IS NULL))"""

REFRESH = f"""
WITH present AS (
  SELECT r.id, r.communication_id, r.outcome, EXISTS (
    SELECT FROM contact_point p, unnest(p.channels) AS channel WHERE p.citizen_id = r.citizen_id
      AND channel = ANY(s.channels) AND channel <> ALL(p.suppressed_channels)) AS reachable
  FROM (SELECT c.id, c.channels, z.id AS citizen_id FROM {SENT}) s
  JOIN recipient r ON r.communication_id = s.id AND r.citizen_id = s.citizen_id
), moved AS (
  UPDATE recipient r SET reachable = present.reachable FROM present
  WHERE r.id = present.id AND r.reachable <> present.reachable
  RETURNING r.id, r.communication_id, r.outcome, r.reachable
), step AS (
  SELECT communication_id, sum(CASE WHEN reachable THEN 1 ELSE -1 END) AS eligible FROM moved
  WHERE outcome = {Outcome.NOT_CONTACTED:d} GROUP BY communication_id
), counted AS (
  UPDATE tally t SET eligible = t.eligible + step.eligible FROM step WHERE t.communication_id = step.communication_id
)
SELECT id FROM moved"""


async def lock_for_citizens(connection: BaseDBAsyncClient, citizens: Iterable[UUID]) -> list[UUID]:
    """Lock what a change of these citizens' points may move, before anything is written; return the communications."""
    rows = await connection.execute_query_dict(CONCERNED, [sorted(set(citizens))])
    return await lock_tallies(connection, [row["id"] for row in rows])


async def refresh_reachable(connection: BaseDBAsyncClient, citizens: Iterable[UUID]) -> Sequence[UUID]:
    """Bring reachability and eligible counts up to date with the points as they now are; the locks are held.

    Returns the recipients that changed: hand them to `reassess`, which moves their versions, once for everything.
    """
    rows = await connection.execute_query_dict(REFRESH, [sorted(set(citizens))])
    return [row["id"] for row in rows]
