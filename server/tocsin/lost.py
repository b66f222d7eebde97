"""The deliveries whose carrier's answer was lost: finding them, choosing whom to ask about, writing what was decided.

Whoever asks has claimed the delivery for a while and writes only if it is still as it was then. Imports settlement, handover.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved, lock_tallies, reassess
from tocsin.database import get_database
from tocsin.handover import WORDED, describe
from tocsin.lanes import demand_lanes
from tocsin.settlement import Lost, Rivals, Terms
from tocsin.transactions import in_transaction
from tocsin.words import Channel, Handling, SkipReason

ORPHAN_SECONDS = 120
"""Real seconds, whatever the speed: longer than any request to a carrier takes."""

# Only whoever has taken it may say so, and only while no report says otherwise.
OURS = f"id = $1 AND fence = $2 AND handling = {Handling.SENDING:d} AND status IS NULL"

LOSE = f"UPDATE delivery SET lost_at = now(), asked_at = NULL, asks = 0 WHERE {OURS} RETURNING recipient_id"

ORPHANS = f"""
UPDATE delivery SET lost_at = now(), asked_at = NULL, asks = 0 WHERE id IN (
  SELECT id FROM delivery WHERE handling = {Handling.SENDING:d} AND lost_at IS NULL
    AND handed_at < now() - $1::float8 * interval '1 second' LIMIT 500 FOR UPDATE SKIP LOCKED)
RETURNING id"""

LOST = f"d.channel = $1 AND d.handling = {Handling.SENDING:d} AND d.lost_at IS NOT NULL AND d.status IS NULL"
SPOKEN = "(SELECT r.locale FROM recipient r WHERE r.id = d.recipient_id)"
AGO = "now() - $2::float8 * interval '1 second'"

# One at a time for each number: while two are asked about at once, both could be told to be the same message.
CLAIM = f"""
WITH due AS (
  SELECT DISTINCT ON (d.account, d.address) d.id FROM delivery d
  WHERE {LOST} AND coalesce(d.asked_at, d.lost_at) <= {AGO} AND NOT EXISTS (
    SELECT FROM delivery o WHERE o.account = d.account AND o.address = d.address AND o.channel = $1
      AND o.handling = {Handling.SENDING:d} AND o.id <> d.id AND o.asked_at > {AGO})
  ORDER BY d.account, d.address, d.asked_at NULLS FIRST, d.id
), chosen AS (
  SELECT d.id FROM delivery d JOIN due USING (id) WHERE {LOST} AND coalesce(d.asked_at, d.lost_at) <= {AGO}
  ORDER BY coalesce(d.asked_at, d.lost_at) LIMIT $3 FOR UPDATE OF d SKIP LOCKED
), taken AS (
  UPDATE delivery d SET asked_at = now(), asks = asks + 1 FROM chosen WHERE d.id = chosen.id
  RETURNING d.id, d.recipient_id, d.communication_id, d.verification_id, d.address, d.channel, {SPOKEN} AS spoken, d.account,
    d.fence, d.lost_at, d.handed_at AS since, d.asks, extract(epoch FROM now() - d.handed_at)::float8 AS waited,
    extract(epoch FROM now() - d.lost_at)::float8 AS lost_for
)
{WORDED}"""

# Whoever shares the number may have a message of his own.
RIVALS = f"""
WITH asked AS (
  SELECT id, account, channel, address, contact_point_id FROM delivery WHERE id = ANY($1::uuid[])
), neighbour AS (
  SELECT a.id, p.id AS point_id FROM asked a JOIN contact_point p ON p.address = a.address
  UNION SELECT id, contact_point_id FROM asked
)
SELECT a.id, array_remove(array_agg(o.carrier_id) || array_agg(o.second_carrier_id), NULL) AS bound,
  bool_or(o.handling = {Handling.SENDING:d} AND o.lost_at IS NULL) AS busy
FROM asked a JOIN neighbour n USING (id) JOIN delivery o ON o.contact_point_id = n.point_id AND o.channel = a.channel
WHERE o.id <> a.id AND o.account = a.account AND o.address = a.address
GROUP BY a.id"""

# What was cancelled meanwhile stays where it is.
CANCELLED = "EXISTS (SELECT FROM communication c WHERE c.id = communication_id AND c.state = 'CANCELLED')"

PLAN_AGAIN = f"""
UPDATE delivery SET handed_at = NULL, lost_at = NULL, asked_at = NULL, asks = 0,
  handling = CASE WHEN {CANCELLED} THEN {Handling.SKIPPED:d} ELSE {Handling.PLANNED:d} END,
  skip_reason = CASE WHEN {CANCELLED} THEN {SkipReason.CANCELLED:d} END
WHERE {OURS} AND lost_at = $3 RETURNING recipient_id, account, channel"""

FORGET = "UPDATE delivery SET asks = 0 WHERE id = $1 AND lost_at = $2 RETURNING id"

GIVE_UP = f"""
UPDATE delivery SET handling = {Handling.UNCERTAIN:d}, expires_at = now() + $4::float8 * interval '1 second'
WHERE {OURS} AND lost_at = $3 RETURNING recipient_id"""


async def note_lost(delivery_id: UUID, fence: int) -> None:
    """Remember that the carrier's answer is lost: it stays SENDING, and the carrier is asked later."""
    async with holding(delivery_id) as connection:
        await connection.execute_query_dict(LOSE, [delivery_id, fence])


async def note_orphans() -> int:
    """Take as lost what a process had begun to hand over when it ended; return how many deliveries, at most 500."""
    return len(await get_database().execute_query_dict(ORPHANS, [ORPHAN_SECONDS]))


async def claim_lost(channel: Channel, terms: Terms, *, limit: int) -> list[Lost]:
    """Choose deliveries to ask about now, which nobody else then asks about before the interval is over."""
    rows = await get_database().execute_query_dict(CLAIM, [channel, terms.interval, limit])
    rivals = await find_rivals([row["id"] for row in rows])
    return [make_lost(row, rivals[row["id"]]) for row in rows]


async def find_rivals(deliveries: Sequence[UUID]) -> dict[UUID, Rivals]:
    """Return for each delivery what others to the same address could be mistaken for."""
    found = dict.fromkeys(deliveries, Rivals())
    for row in await get_database().execute_query_dict(RIVALS, [list(deliveries)]) if deliveries else []:
        found[row["id"]] = Rivals(frozenset(row["bound"]), row["busy"])
    return found


def make_lost(row: dict[str, Any], rivals: Rivals) -> Lost:
    copied = ("account", "recipient_id", "fence", "lost_at", "since", "asks", "waited", "lost_for")
    values = {name: row[name] for name in copied}
    return Lost(describe(row), channel=Channel(row["channel"]), rivals=rivals, **values)


async def forget_absences(lost: Lost) -> None:
    """Begin to count anew how often in a row it was missing. No tally counts that, so none is locked."""
    await get_database().execute_query_dict(FORGET, [lost.hand_over.delivery_id, lost.lost_at])


@asynccontextmanager
async def holding(delivery_id: UUID) -> AsyncIterator[BaseDBAsyncClient]:
    """Open a transaction that has locked the tally in which a delivery counts, if it counts in one."""
    find = "SELECT communication_id FROM delivery WHERE id = $1 AND communication_id IS NOT NULL"
    rows = await get_database().execute_query_dict(find, [delivery_id])
    async with in_transaction() as connection:
        await lock_tallies(connection, [row["communication_id"] for row in rows])
        yield connection


async def plan_lost(lost: Lost) -> Moved:
    """Hand it over again, since the carrier lacks it; nothing where it has changed since it was chosen."""
    key = lost.hand_over.delivery_id
    async with holding(key) as connection:
        rows = await connection.execute_query_dict(PLAN_AGAIN, [key, lost.fence, lost.lost_at])
        moved = await reassess_rows(connection, rows)
        await demand_lanes(connection, [(row["account"], Channel(row["channel"])) for row in rows])
        return moved


async def give_up(lost: Lost, terms: Terms) -> Moved:
    """Make it UNCERTAIN: it is not handed over again in its wave; nothing where it has changed since it was chosen."""
    key = lost.hand_over.delivery_id
    async with holding(key) as connection:
        values = [key, lost.fence, lost.lost_at, terms.uncertainty]
        return await reassess_rows(connection, await connection.execute_query_dict(GIVE_UP, values))


async def reassess_rows(connection: BaseDBAsyncClient, rows: Iterable[Mapping[str, Any]]) -> Moved:
    """Bring the recipients of changed deliveries up to date; a verification has none."""
    return await reassess(connection, [row["recipient_id"] for row in rows if row["recipient_id"] is not None])
