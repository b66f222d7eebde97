"""Handing deliveries over to their carriers: which come next, and what is written before and after each request.

SENDING is committed before the carrier is called, so that a lost answer is known as such. Imports lanes and waiting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved, choose_locks, lock_tallies, reassess
from tocsin.database import get_database
from tocsin.due import Lease
from tocsin.events import HandOver
from tocsin.identifiers import expose
from tocsin.lanes import LaneState, demand_lanes
from tocsin.transactions import in_transaction
from tocsin.turns import Candidate, Turns
from tocsin.verification_limits import LIFETIME
from tocsin.waiting import FREE, QUEUE, Waiting, list_heads, look_behind
from tocsin.words import Channel, CommunicationState, Handling, Locale, Outcome, SkipReason

SKIPS = 500

# Whoever worked the lane before may be committing what he took; after this lock a statement sees it.
HOLD = "SELECT id FROM lane WHERE id = $1 FOR NO KEY UPDATE"

# A verification has no tally; its own row is locked in its stead, in a statement of its own as well.
LOCK_ALONE = "SELECT id FROM delivery WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"

LEASED = "EXISTS (SELECT FROM due WHERE due.id = $3 AND due.fence = $2 AND leased_until > clock_timestamp())"

REASON = f"""CASE WHEN k.state = '{CommunicationState.CANCELLED.value}' THEN {SkipReason.CANCELLED:d}
    WHEN r.outcome = {Outcome.CONTACTED:d} THEN {SkipReason.ALREADY_CONTACTED:d}
    WHEN x.channel = ANY(p.suppressed_channels) THEN {SkipReason.SUPPRESSED:d}
    WHEN p.id IS NULL THEN {SkipReason.DEAD_ADDRESS:d} END"""
"""Why a delivery `x` must not go out any more; NULL where it may. A point that is gone is nobody's we know."""

# A verification of an address that has been replaced or verified meanwhile is of no use any more.
VOID = "v.id IS NOT NULL AND (v.ended_at IS NOT NULL OR v.address <> p.address OR p.verified_at IS NOT NULL)"

# In the citizen's language where there is a text in it, else in the municipality's; a verification has none of its own.
WORDED = """
SELECT t.*, coalesce(mine.locale, ours.locale, t.spoken, z.locale) AS locale, c.confirmation_required, c.state,
  m.name AS municipality,
  coalesce(mine.sms_text, ours.sms_text) AS sms_text, coalesce(mine.call_text, ours.call_text) AS call_text,
  coalesce(mine.email_subject, ours.email_subject) AS email_subject, coalesce(mine.email_text, ours.email_text) AS email_text
FROM taken t LEFT JOIN communication c ON c.id = t.communication_id
LEFT JOIN verification v ON v.id = t.verification_id LEFT JOIN contact_point p ON p.id = v.contact_point_id
LEFT JOIN citizen z ON z.id = p.citizen_id LEFT JOIN municipality m ON m.id = coalesce(c.municipality_id, z.municipality_id)
LEFT JOIN communication_content mine ON mine.communication_id = c.id AND mine.locale = t.spoken
LEFT JOIN communication_content ours ON ours.communication_id = c.id AND ours.locale = m.locale"""

# The lease is looked at in the same statement, so that whoever has lost it hands nothing over.
TAKE = f"""
WITH taken AS (
  UPDATE delivery d SET skip_reason = n.reason,
    fence = CASE WHEN n.reason IS NULL THEN $2 ELSE d.fence END,
    handed_at = CASE WHEN n.reason IS NULL THEN clock_timestamp() END,
    handling = CASE WHEN n.reason IS NULL THEN {Handling.SENDING:d} ELSE {Handling.SKIPPED:d} END
  FROM (SELECT x.id, CASE WHEN {VOID} THEN {SkipReason.CANCELLED:d} ELSE {REASON} END AS reason, r.locale AS spoken
    FROM delivery x LEFT JOIN communication k ON k.id = x.communication_id
    LEFT JOIN recipient r ON r.id = x.recipient_id LEFT JOIN verification v ON v.id = x.verification_id
    LEFT JOIN contact_point p ON p.id = coalesce(x.contact_point_id, v.contact_point_id) WHERE x.id = ANY($1::uuid[])) n
  WHERE d.id = n.id AND d.handling = {Handling.PLANNED:d} AND {FREE} AND {LEASED}
  RETURNING d.id, d.recipient_id, d.communication_id, d.wave_id, d.verification_id, d.handling, d.address, d.channel, n.spoken
), opened AS (
  UPDATE verification v SET expires_at = clock_timestamp() + interval '1 second' * CASE t.channel {LIFETIME} END
  FROM taken t WHERE v.id = t.verification_id AND t.handling = {Handling.SENDING:d}
)
{WORDED}
ORDER BY array_position($1::uuid[], t.id)"""

DESCRIBE = f"""
WITH taken AS (
  SELECT d.id, d.communication_id, d.verification_id, d.address, d.channel, r.locale AS spoken
  FROM delivery d LEFT JOIN recipient r ON r.id = d.recipient_id WHERE d.id = $1 AND d.account = $2
)
{WORDED}"""

# Where one was reached meanwhile many may have been: skipping them one by one would keep the lane from handing over.
SKIP_ON = f"""
UPDATE delivery d SET handling = {Handling.SKIPPED:d}, skip_reason = n.reason
FROM (SELECT x.id, {REASON} AS reason FROM unnest($1::uuid[]) queue (key) CROSS JOIN LATERAL (
    SELECT d.id, d.channel, d.communication_id, d.recipient_id, d.contact_point_id FROM delivery d
    WHERE d.account = $4 AND d.channel = $5 AND d.handling = {Handling.PLANNED:d} AND {QUEUE} = queue.key
    ORDER BY d.id LIMIT {SKIPS}) x
  LEFT JOIN communication k ON k.id = x.communication_id
  LEFT JOIN recipient r ON r.id = x.recipient_id LEFT JOIN contact_point p ON p.id = x.contact_point_id) n
WHERE d.id = n.id AND n.reason IS NOT NULL AND d.handling = {Handling.PLANNED:d} AND {LEASED}
RETURNING d.recipient_id"""

GIVE_BACK = f"""
UPDATE delivery SET handling = {Handling.PLANNED:d}, handed_at = NULL
WHERE id = ANY($1::uuid[]) AND handling = {Handling.SENDING:d} AND status IS NULL AND fence = coalesce($2, fence)
RETURNING recipient_id, account, channel"""

TEXTS = {Channel.CALL: "call_text", Channel.SMS: "sms_text", Channel.EMAIL: "email_text"}


@dataclass(frozen=True, slots=True)
class Taken:
    """What the lane may hand over now, what taking it moved, and what the lane held.

    `touched`: deliveries changed; `stirred`: something is of a communication that counts as failed.
    """

    waiting: Waiting
    hand_overs: Sequence[HandOver] = ()
    moved: Moved = field(default_factory=lambda: Moved({}))
    touched: int = 0
    stirred: bool = False


async def take_deliveries(lane: LaneState, lease: Lease, limit: int, *, turns: Turns) -> Taken:
    """Commit the next planned deliveries as SENDING; those reached or suppressed meanwhile as SKIPPED.

    A call lane takes no number to which a call is open. One account has the only call lane, and whoever holds it takes
    under the lane's lock: so no two calls to one number are ever open.
    """
    heads = await list_heads(lane, limit)
    if not heads:
        return Taken(await look_behind(lane))
    dealt = turns.deal(heads, limit, apart=lane.channel is Channel.CALL)
    async with in_transaction() as connection:
        chosen = await lock_dealt(connection, dealt)
        await connection.execute_query_dict(HOLD, [lane.id])
        taken = await connection.execute_query_dict(TAKE, [chosen, lease.fence, lease.id])
        skipped = [row for row in taken if row["handling"] == Handling.SKIPPED]
        touched = [row["recipient_id"] for row in [*taken, *await skip_on(connection, lane, lease, skipped=skipped)]]
        moved = await reassess(connection, touched)
    sending = [row for row in taken if row["handling"] == Handling.SENDING]
    stirred = any(row["state"] == CommunicationState.FAILED for row in sending)
    return Taken(Waiting.READY, [describe(row) for row in sending], moved, len(touched), stirred)


async def lock_dealt(connection: BaseDBAsyncClient, dealt: Sequence[Candidate]) -> list[UUID]:
    """Lock what has to be locked before these may be written; return, in their order, those for which that was done."""
    keys = [each.communication_id for each in dealt if each.communication_id is not None]
    locked = set(await choose_locks(connection, keys))
    alone = [each.id for each in dealt if each.communication_id is None]
    free = {row["id"] for row in await connection.execute_query_dict(LOCK_ALONE, [alone])} if alone else set()
    return [each.id for each in dealt if each.communication_id in locked or each.id in free]


async def skip_on(
    connection: BaseDBAsyncClient, lane: LaneState, lease: Lease, *, skipped: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Skip what is to be skipped further behind in the waves where something was."""
    waves = sorted({row["wave_id"] for row in skipped if row["wave_id"] is not None})
    if not waves:
        return []
    return await connection.execute_query_dict(SKIP_ON, [waves, lease.fence, lease.id, lane.account, lane.channel])


def describe(row: dict[str, object]) -> HandOver:
    """Make what a provider needs of a row."""
    channel = Channel(int(str(row["channel"])))
    key = UUID(str(row["id"]))
    subject = row["email_subject"] if channel is Channel.EMAIL else None
    return HandOver(
        delivery_id=key,
        public_id=expose("delivery", key),
        address=str(row["address"]),
        text=str(row[TEXTS[channel]] or ""),
        subject=str(subject) if subject else None,
        locale=Locale(str(row["locale"])),
        confirmation_required=bool(row["confirmation_required"]),
        verification_id=UUID(str(row["verification_id"])) if row["verification_id"] else None,
        municipality=str(row["municipality"]),
    )


async def describe_delivery(delivery_id: UUID, account: str) -> HandOver | None:
    """Return what a delivery of this account has to say, as its communication says it; nothing where there is none.

    What a verification says is still to be put into words.
    """
    rows = await get_database().execute_query_dict(DESCRIBE, [delivery_id, account])
    return describe(rows[0]) if rows else None


async def give_back(deliveries: Sequence[UUID], *, fence: int | None = None) -> Moved:
    """Make SENDING deliveries PLANNED again, which the carrier did not process, and ask for their lanes.

    A report that has arrived meanwhile is stronger: it has made them TAKEN, and they are left alone. So are those that
    somebody else has taken since, where the fence is told under which they were taken.
    """
    rows = await get_database().execute_query_dict(
        "SELECT communication_id FROM delivery WHERE id = ANY($1::uuid[]) AND communication_id IS NOT NULL",
        [list(deliveries)],
    )
    async with in_transaction() as connection:
        await lock_tallies(connection, [row["communication_id"] for row in rows])
        changed = await connection.execute_query_dict(GIVE_BACK, [list(deliveries), fence])
        moved = await reassess(connection, [row["recipient_id"] for row in changed if row["recipient_id"] is not None])
        await demand_lanes(connection, [(row["account"], Channel(row["channel"])) for row in changed])
        return moved
