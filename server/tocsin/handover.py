"""Handing deliveries over to their carriers: which come next, and what is written before and after each request.

SENDING is committed before the carrier is called, so that a lost answer is known as such. Imports assessment, expiry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tortoise.transactions import in_transaction

from tocsin.assessment import Moved, lock_tallies, reassess
from tocsin.database import get_database
from tocsin.due import Lease
from tocsin.events import HandOver
from tocsin.identifiers import expose
from tocsin.ledger import choose_locks
from tocsin.records.work import Lane
from tocsin.words import Channel, Handling, Outcome, SkipReason

ORPHAN_SECONDS = 120

NEXT = f"""
SELECT d.id, d.communication_id FROM delivery d JOIN wave w ON w.id = d.wave_id
WHERE d.account = $1 AND d.channel = $2 AND d.handling = {Handling.PLANNED:d}
ORDER BY CASE w.kind WHEN 'INITIAL' THEN 0 WHEN 'RECONTACT' THEN 1 ELSE 2 END, d.id LIMIT $3"""

# The lease is looked at in the same statement, so that whoever has lost it hands nothing over.
TAKE = f"""
WITH taken AS (
  UPDATE delivery d SET fence = $2, handed_at = now(),
    handling = CASE WHEN r.outcome = {Outcome.CONTACTED:d} OR p.suppressed_at IS NOT NULL
      THEN {Handling.SKIPPED:d} ELSE {Handling.SENDING:d} END,
    skip_reason = CASE WHEN r.outcome = {Outcome.CONTACTED:d} THEN {SkipReason.ALREADY_CONTACTED:d}
      WHEN p.suppressed_at IS NOT NULL THEN {SkipReason.SUPPRESSED:d} END
  FROM recipient r, contact_point p
  WHERE r.id = d.recipient_id AND p.id = d.contact_point_id AND d.id = ANY($1::uuid[]) AND d.handling = {Handling.PLANNED:d}
    AND EXISTS (SELECT FROM due WHERE id = $3 AND due.fence = $2 AND leased_until > now())
  RETURNING d.id, d.recipient_id, d.communication_id, d.handling, d.address, d.channel, r.locale
)
SELECT t.*, coalesce(mine.sms_text, ours.sms_text) AS sms_text, coalesce(mine.call_text, ours.call_text) AS call_text,
  coalesce(mine.email_subject, ours.email_subject) AS email_subject, coalesce(mine.email_text, ours.email_text) AS email_text
FROM taken t JOIN communication c ON c.id = t.communication_id JOIN municipality m ON m.id = c.municipality_id
LEFT JOIN communication_content mine ON mine.communication_id = c.id AND mine.locale = t.locale
LEFT JOIN communication_content ours ON ours.communication_id = c.id AND ours.locale = m.locale"""

GIVE_BACK = f"""
UPDATE delivery SET handling = $2::smallint, handed_at = CASE WHEN $2::smallint = {Handling.PLANNED:d} THEN NULL ELSE handed_at END,
  expires_at = CASE WHEN $2::smallint = {Handling.UNCERTAIN:d} THEN now() + $3::float8 * interval '1 second' END
WHERE id = ANY($1::uuid[]) AND handling = {Handling.SENDING:d} AND status IS NULL RETURNING recipient_id"""

ORPHANS = f"""
SELECT id, communication_id FROM delivery
WHERE handling = {Handling.SENDING:d} AND handed_at < now() - $1 * interval '1 second' LIMIT 500"""

TEXTS = {Channel.CALL: "call_text", Channel.SMS: "sms_text", Channel.EMAIL: "email_text"}


@dataclass(frozen=True, slots=True)
class Taken:
    """What the lane may hand over now, and what taking it moved; `found` is false when nothing was planned."""

    hand_overs: Sequence[HandOver]
    moved: Moved
    found: bool


async def take_deliveries(lane: Lane, lease: Lease, limit: int) -> Taken:
    """Commit the next planned deliveries as SENDING; those reached or suppressed meanwhile as SKIPPED."""
    rows = await get_database().execute_query_dict(NEXT, [lane.account, lane.channel, limit])
    if not rows:
        return Taken((), Moved({}), found=False)
    async with in_transaction() as connection:
        locked = set(await choose_locks(connection, [row["communication_id"] for row in rows]))
        chosen = [row["id"] for row in rows if row["communication_id"] in locked]
        taken = await connection.execute_query_dict(TAKE, [chosen, lease.fence, lease.id])
        moved = await reassess(connection, [row["recipient_id"] for row in taken])
    sending = [row for row in taken if row["handling"] == Handling.SENDING]
    return Taken([describe(row) for row in sending], moved, found=True)


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
    )


async def give_back(deliveries: Sequence[UUID], handling: Handling, *, lasts: float = 0) -> Moved:
    """Make SENDING deliveries PLANNED again (not processed) or UNCERTAIN (answer lost, for `lasts` seconds).

    A report that has arrived meanwhile is stronger: it has made them TAKEN, and they are left alone.
    """
    rows = await get_database().execute_query_dict(
        "SELECT communication_id FROM delivery WHERE id = ANY($1::uuid[])", [list(deliveries)]
    )
    async with in_transaction() as connection:
        await lock_tallies(connection, [row["communication_id"] for row in rows])
        changed = await connection.execute_query_dict(GIVE_BACK, [list(deliveries), handling, lasts])
        return await reassess(connection, [row["recipient_id"] for row in changed])


async def settle_orphans(lasts: float) -> Moved:
    """Mark as UNCERTAIN what a process had begun to hand over when it ended: whether it went out is not known."""
    rows = await get_database().execute_query_dict(ORPHANS, [ORPHAN_SECONDS])
    if not rows:
        return Moved({})
    return await give_back([row["id"] for row in rows], Handling.UNCERTAIN, lasts=lasts)
