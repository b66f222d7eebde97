"""The outcome of many recipients at once, in SQL: every writer of deliveries ends with it. Imports outcome's tables.

The meaning stands in `tocsin.outcome`; this is its fast twin, and a property test holds the two together.
Call `lock_tallies` in a statement of its own first: a statement sees what was committed when it began.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.listing import touch_listing
from tocsin.statuses import MEANINGS, DeliveryStatus
from tocsin.words import Channel, Handling, Outcome, OutcomeReason, SkipReason, Standing

S = DeliveryStatus


def list_statuses(standing: Standing) -> str:
    """Return the numbers of all statuses of a standing, as SQL lists them."""
    return ", ".join(str(int(status)) for status, meaning in MEANINGS.items() if meaning.standing is standing)


REASONS = " ".join(f"WHEN {int(s)} THEN {int(m.reason)}" for s, m in MEANINGS.items() if m.reason is not None)
WITH_REASON = ", ".join(str(int(status)) for status, meaning in MEANINGS.items() if meaning.reason is not None)


def judge_in_sql(status: str, over: str) -> str:
    """Return the SQL of a status's standing under the switches of communication `c`; `over` says that waiting has ended."""
    return f"""CASE
  WHEN {status} IN ({list_statuses(Standing.PENDING)}) THEN CASE WHEN {over}
    THEN {Standing.MISSED:d} ELSE {Standing.PENDING:d} END
  WHEN {status} = {S.CALL_VOICEMAIL:d} THEN CASE WHEN c.confirmation_required OR NOT c.voicemail_counts
    THEN {Standing.MISSED:d} ELSE {Standing.REACHED:d} END
  WHEN {status} = {S.CALL_COMPLETED:d} THEN CASE WHEN c.confirmation_required
    THEN {Standing.MISSED:d} ELSE {Standing.REACHED:d} END
  WHEN {status} IN ({list_statuses(Standing.REACHED)}) THEN {Standing.REACHED:d}
  ELSE {Standing.MISSED:d} END"""


STANDING = f"""
CASE
  WHEN d.id IS NULL OR d.handling = {Handling.SKIPPED:d} THEN NULL
  WHEN d.status IS NULL THEN CASE WHEN d.expired AND d.handling NOT IN ({Handling.PLANNED:d}, {Handling.SENDING:d})
    THEN {Standing.MISSED:d} ELSE {Standing.PENDING:d} END
  ELSE {judge_in_sql("d.status", "d.expired OR d.ended_at IS NOT NULL")}
END"""


def best_of(channel: Channel) -> str:
    """Return the SQL of a channel's cell: newest wave, best standing, highest rank, packed into one maximum."""
    tried = f"standing IS NOT NULL AND channel = {channel:d}"
    packed = f"max(ordinal * 1000000 + (4 - standing) * 1000 + rank) FILTER (WHERE {tried})"
    return f"(4 - {packed} % 1000000 / 1000) * 1000 + {channel * 100:d} + {packed} % 1000"


ASSESSED = f"""
attempt AS (
  SELECT r.id AS recipient_id, d.channel, w.ordinal, d.handling, d.status, coalesce(d.status % 100, 0) AS rank,
    d.skip_reason, d.reached_at, c.confirmation_required AND d.handling <> {Handling.SKIPPED:d}
      AND d.channel = {Channel.CALL:d} AS binding, {STANDING} AS standing
  FROM recipient r JOIN communication c ON c.id = r.communication_id
  LEFT JOIN delivery d ON d.recipient_id = r.id LEFT JOIN wave w ON w.id = d.wave_id
  WHERE r.id = ANY($1::uuid[])
), bound AS (
  SELECT *, standing IS NOT NULL
    AND coalesce(binding OR NOT bool_or(binding) OVER (PARTITION BY recipient_id), true) AS deciding
  FROM attempt
), fact AS (
  SELECT recipient_id,
    coalesce(min(standing) FILTER (WHERE deciding), {Standing.MISSED:d}) AS outcome,
    coalesce(bool_or(status = {S.CALL_CONFIRMED:d}) FILTER (WHERE standing IS NOT NULL), false) AS confirmed,
    coalesce(bool_or(status = {S.CALL_COMPLETED:d} OR (channel <> {Channel.CALL:d} AND standing = {Standing.REACHED:d}))
      FILTER (WHERE standing IS NOT NULL), false) AS met,
    max(rank * 10 + 4 - channel) FILTER (WHERE deciding AND status IN ({WITH_REASON})) AS failure,
    coalesce(bool_or(status IS NOT NULL) FILTER (WHERE deciding), false) AS reported,
    coalesce(bool_or(handling = {Handling.UNCERTAIN:d}) FILTER (WHERE deciding), false) AS lost,
    coalesce(bool_or(deciding), false) AS tried,
    coalesce(bool_or(skip_reason = {SkipReason.CANCELLED:d}), false) AS cancelled,
    count(*) FILTER (WHERE handling = {Handling.UNCERTAIN:d}) AS uncertain,
    count(*) FILTER (WHERE standing = {Standing.PENDING:d}) AS pending,
    min(reached_at) FILTER (WHERE deciding AND standing = {Standing.REACHED:d}) AS contacted_at,
    (array_agg(channel ORDER BY reached_at NULLS LAST, channel)
      FILTER (WHERE deciding AND standing = {Standing.REACHED:d}))[1] AS contacted_via,
    {best_of(Channel.CALL)} AS call_best, {best_of(Channel.SMS)} AS sms_best, {best_of(Channel.EMAIL)} AS email_best
  FROM bound GROUP BY recipient_id
), assessed AS (
  SELECT f.recipient_id, r.communication_id, f.outcome, f.uncertain, f.pending, f.contacted_at, f.contacted_via,
    f.call_best, f.sms_best, f.email_best, c.confirmation_required AND f.met AND NOT f.confirmed AS unconfirmed,
    CASE WHEN f.outcome <> {Outcome.NOT_CONTACTED:d} THEN NULL
      WHEN c.confirmation_required AND f.met AND NOT f.confirmed THEN {OutcomeReason.UNCONFIRMED:d}
      WHEN f.failure IS NOT NULL THEN CASE (4 - f.failure % 10) * 100 + f.failure / 10 {REASONS} END
      WHEN f.reported THEN {OutcomeReason.NO_RECEIPT:d}
      WHEN f.lost THEN {OutcomeReason.UNCERTAIN:d}
      WHEN f.tried THEN {OutcomeReason.NO_RECEIPT:d}
      WHEN f.cancelled THEN {OutcomeReason.CANCELLED:d}
      ELSE {OutcomeReason.NO_USABLE_CONTACT_POINT:d} END AS reason,
    r.outcome AS old_outcome, r.unconfirmed AS old_unconfirmed, r.uncertain AS old_uncertain, r.pending AS old_pending, r.reachable,
    r.call_best AS old_call, r.sms_best AS old_sms, r.email_best AS old_email
  FROM fact f JOIN recipient r ON r.id = f.recipient_id JOIN communication c ON c.id = r.communication_id
)"""

REASSESS = f"""
WITH {ASSESSED}, moved AS (
  UPDATE recipient r SET outcome = a.outcome, reason = a.reason, unconfirmed = a.unconfirmed, uncertain = a.uncertain,
    pending = a.pending, contacted_at = a.contacted_at, contacted_via = a.contacted_via, call_best = a.call_best,
    sms_best = a.sms_best, email_best = a.email_best, version = t.version + 1
  FROM assessed a JOIN tally t ON t.communication_id = a.communication_id WHERE r.id = a.recipient_id
), step AS (
  SELECT communication_id, count(*) FILTER (WHERE old_outcome IS NULL) AS total,
    count(*) FILTER (WHERE outcome = 1) - count(*) FILTER (WHERE old_outcome = 1) AS contacted,
    count(*) FILTER (WHERE outcome = 2) - count(*) FILTER (WHERE old_outcome = 2) AS in_progress,
    count(*) FILTER (WHERE outcome = 3) - count(*) FILTER (WHERE old_outcome = 3) AS not_contacted,
    count(*) FILTER (WHERE unconfirmed) - count(*) FILTER (WHERE old_unconfirmed) AS unconfirmed,
    count(*) FILTER (WHERE outcome = 3 AND reachable) - count(*) FILTER (WHERE old_outcome = 3 AND reachable) AS eligible,
    sum(uncertain - old_uncertain) AS uncertain, sum(pending - old_pending) AS pending
  FROM assessed GROUP BY communication_id
), cell AS (
  SELECT a.communication_id, v.cell, sum(v.step) AS step
  FROM assessed a, LATERAL (VALUES (a.old_call, -1), (a.call_best, 1), (a.old_sms, -1), (a.sms_best, 1),
    (a.old_email, -1), (a.email_best, 1)) v (cell, step)
  WHERE v.cell IS NOT NULL GROUP BY a.communication_id, v.cell HAVING sum(v.step) <> 0
), changed AS (
  SELECT cell.communication_id,
    jsonb_object_agg(cell.cell, coalesce((t.counts ->> cell.cell::text)::int, 0) + cell.step) AS counts
  FROM cell JOIN tally t ON t.communication_id = cell.communication_id GROUP BY cell.communication_id
)
UPDATE tally t SET version = t.version + 1, total = t.total + step.total, contacted = t.contacted + step.contacted,
  in_progress = t.in_progress + step.in_progress, not_contacted = t.not_contacted + step.not_contacted,
  unconfirmed = t.unconfirmed + step.unconfirmed, uncertain = t.uncertain + step.uncertain,
  pending = t.pending + step.pending, eligible = t.eligible + step.eligible, counts = t.counts || coalesce(changed.counts, '{{}}'::jsonb),
  changed_at = clock_timestamp()
FROM step LEFT JOIN changed ON changed.communication_id = step.communication_id
WHERE t.communication_id = step.communication_id
RETURNING t.communication_id, t.version, t.pending"""

COMPLETE = """
UPDATE communication c SET state = 'COMPLETED', completed_at = clock_timestamp(), modified_at = clock_timestamp()
FROM tally t
WHERE t.communication_id = c.id AND c.id = ANY($1::uuid[]) AND c.state IN ('IN_PROGRESS', 'FAILED') AND t.pending = 0
  AND NOT EXISTS (SELECT FROM wave w WHERE w.communication_id = c.id AND w.planned_at IS NULL)
  AND (t.contacted = t.total OR NOT EXISTS (SELECT FROM reminder m WHERE m.communication_id = c.id AND m.fate = 'PENDING'))
RETURNING c.id"""


SETTLE = """
UPDATE wave SET settled_at = clock_timestamp() WHERE communication_id = ANY($1::uuid[]) AND settled_at IS NULL
  AND planned_at IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a transaction changed: new versions by communication and by export, those completed, whose lists show it.

    `citizens` are those whose profiles show something else now; it is a hint, and may leave somebody out.
    """

    versions: Mapping[UUID, int]
    completed: Sequence[UUID] = ()
    listings: Sequence[UUID] = ()
    exports: Mapping[UUID, int] = field(default_factory=dict)
    citizens: Sequence[UUID] = ()


async def lock_tallies(
    connection: BaseDBAsyncClient, communications: Iterable[UUID | None], *, wait: bool = True
) -> list[UUID]:
    """Lock in id order what every writer locks first; without `wait`, only what nobody else holds.

    A verification's delivery is of no communication: None is passed over, and its own row is what to lock.
    """
    rows = await connection.execute_query_dict(
        "SELECT communication_id FROM tally WHERE communication_id = ANY($1::uuid[]) ORDER BY communication_id"
        f" FOR NO KEY UPDATE{'' if wait else ' SKIP LOCKED'}",
        [sorted({each for each in communications if each is not None})],
    )
    return [row["communication_id"] for row in rows]


async def choose_locks(connection: BaseDBAsyncClient, communications: Sequence[UUID]) -> list[UUID]:
    """Lock what is free; where nothing is, wait for the first in line, so that somebody always gets on."""
    if not communications:
        return []
    locked = await lock_tallies(connection, communications, wait=False)
    return locked or await lock_tallies(connection, [min(communications)])


async def reassess(connection: BaseDBAsyncClient, recipients: Iterable[UUID | None]) -> Moved:
    """Bring recipients and tallies up to date after their deliveries changed: one step of version a communication.

    None, the recipient of a verification's delivery, is passed over.
    """
    touched = sorted({each for each in recipients if each is not None})
    if not touched:
        return Moved({})
    rows = await connection.execute_query_dict(REASSESS, [touched])
    versions = {row["communication_id"]: row["version"] for row in rows}
    settled = [row["communication_id"] for row in rows if row["pending"] == 0]
    return await complete(connection, settled, versions)


async def complete(
    connection: BaseDBAsyncClient, communications: Sequence[UUID], versions: Mapping[UUID, int] | None = None
) -> Moved:
    """Mark as completed what is dispatched and settled in every wave; add that to the versions already moved."""
    if not communications:
        return Moved(versions or {})
    await connection.execute_query(SETTLE, [list(communications)])
    rows = await connection.execute_query_dict(COMPLETE, [list(communications)])
    completed = [row["id"] for row in rows]
    return Moved(versions or {}, completed, list(await touch_listing(connection, completed)))
