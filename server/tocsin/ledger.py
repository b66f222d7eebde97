"""The event ledger and what it does to deliveries: append once, raise by rank, in one transaction. Imports assessment.

Order is forgotten here: a delivery's status is the greatest ever reported, each fact beside it a least or a greatest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved, judge_in_sql, lock_tallies, reassess
from tocsin.crashes import CrashPoint, crash
from tocsin.database import get_database
from tocsin.dead_addresses import mark_addresses
from tocsin.events import Event
from tocsin.identifiers import expose
from tocsin.mailboxes import demand_restarts
from tocsin.parking import park_events
from tocsin.statuses import DeliveryStatus
from tocsin.transactions import in_transaction
from tocsin.words import Handling, Standing

FOLLOW = "SELECT event_key, delivery_id FROM delivery_event WHERE event_key = ANY($1::text[])"

# Whose a delivery is never changes, so that finding out and locking may be one statement; what is written reads anew.
FIND = """
WITH found AS MATERIALIZED (
  SELECT id, communication_id, account FROM delivery WHERE id = ANY($1::uuid[])
), held AS MATERIALIZED (
  SELECT communication_id FROM tally WHERE communication_id IN (SELECT communication_id FROM found)
  ORDER BY communication_id FOR NO KEY UPDATE SKIP LOCKED
)
SELECT found.*, held.communication_id IS NOT NULL AS held FROM found LEFT JOIN held USING (communication_id)"""
OWNERS = "SELECT DISTINCT citizen_id FROM contact_point WHERE id = ANY($1::uuid[])"
LOCK_ALONE = "SELECT id FROM delivery WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"

COLUMNS = {
    "event_key": "text",
    "delivery_id": "uuid",
    "provider": "text",
    "provider_word": "text",
    "status": "smallint",
    "occurred_at": "timestamptz",
    "error_code": "text",
    "carrier_id": "text",
    "ended": "boolean",
    "answered_by": "smallint",
    "duration": "integer",
    "dead": "boolean",
}
ARRAYS = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(COLUMNS.values(), 1))
EXPIRES = f"${len(COLUMNS) + 1}"

RAISE = f"""
WITH incoming AS (
  SELECT *, coalesce(occurred_at, now()) AS at FROM unnest({ARRAYS}, {EXPIRES}::float8[])
    AS event ({", ".join(COLUMNS)}, lasts)
), appended AS (
  INSERT INTO delivery_event (event_key, delivery_id, provider, provider_word, status, occurred_at, received_at,
    error_code, carrier_id)
  SELECT event_key, delivery_id, provider, provider_word, status, occurred_at, now(), error_code, carrier_id
  FROM incoming ORDER BY event_key
  ON CONFLICT (event_key) DO NOTHING RETURNING event_key
), fresh AS (
  SELECT incoming.* FROM incoming JOIN appended USING (event_key)
), top AS (
  SELECT DISTINCT ON (delivery_id) delivery_id, status, event_key, error_code, lasts,
    min(at) OVER (PARTITION BY delivery_id, status) AS status_at
  FROM fresh WHERE status IS NOT NULL ORDER BY delivery_id, status DESC, event_key
), judged AS (
  SELECT e.*, {judge_in_sql("e.status", "false")} AS standing
  FROM fresh e JOIN delivery d ON d.id = e.delivery_id LEFT JOIN communication c ON c.id = d.communication_id
), fact AS (
  SELECT delivery_id, min(at) FILTER (WHERE status IS NOT NULL AND standing = {Standing.REACHED:d}) AS reached_at,
    min(at) FILTER (WHERE ended) AS ended_at,
    min(at) FILTER (WHERE status = {DeliveryStatus.CALL_CONFIRMED:d}) AS confirmed_at,
    max(answered_by) AS answered_by, max(duration) AS duration, bool_or(dead) AS dead,
    min(carrier_id) FILTER (WHERE status IS NOT NULL) AS least_id,
    max(carrier_id) FILTER (WHERE status IS NOT NULL) AS greatest_id
  FROM judged GROUP BY delivery_id
), next AS (
  SELECT d.id, d.recipient_id, d.second_carrier_id AS known_id, coalesce(top.status > coalesce(d.status, 0), false) AS raised,
    coalesce(top.status = d.status AND top.event_key < d.status_key, false) AS earlier,
    top.status, top.event_key, top.error_code, top.lasts, top.status_at,
    LEAST(d.reached_at, fact.reached_at) AS reached_at, LEAST(d.ended_at, fact.ended_at) AS ended_at,
    LEAST(d.confirmed_at, fact.confirmed_at) AS confirmed_at, GREATEST(d.answered_by, fact.answered_by) AS answered_by,
    GREATEST(d.duration, fact.duration) AS duration, d.dead OR fact.dead AS dead, LEAST(d.carrier_id, fact.least_id) AS carrier_id,
    NULLIF(GREATEST(d.carrier_id, d.second_carrier_id, fact.greatest_id), LEAST(d.carrier_id, fact.least_id)) AS second_id
  FROM fact JOIN delivery d ON d.id = fact.delivery_id LEFT JOIN top ON top.delivery_id = fact.delivery_id
)
UPDATE delivery d SET
  status = CASE WHEN n.raised THEN n.status ELSE d.status END,
  status_key = CASE WHEN n.raised OR n.earlier THEN n.event_key ELSE d.status_key END,
  error_code = CASE WHEN n.raised OR n.earlier THEN n.error_code ELSE d.error_code END,
  status_at = CASE WHEN n.raised THEN n.status_at WHEN n.status = d.status THEN LEAST(d.status_at, n.status_at)
    ELSE d.status_at END,
  handling = CASE WHEN n.status IS NULL THEN d.handling ELSE {Handling.TAKEN:d} END,
  skip_reason = CASE WHEN n.status IS NULL THEN d.skip_reason END,
  expired = d.expired AND NOT n.raised,
  expires_at = CASE WHEN n.raised THEN now() + n.lasts * interval '1 second' ELSE d.expires_at END,
  asked_at = CASE WHEN n.raised THEN NULL ELSE d.asked_at END,
  reached_at = n.reached_at, ended_at = n.ended_at, confirmed_at = n.confirmed_at, answered_by = n.answered_by,
  duration = n.duration, dead = n.dead, carrier_id = n.carrier_id, second_carrier_id = n.second_id
FROM next n
WHERE d.id = n.id AND (n.raised OR n.earlier OR (n.reached_at, n.ended_at, n.confirmed_at, n.answered_by, n.duration,
    n.dead, n.carrier_id, n.second_id) IS DISTINCT FROM (d.reached_at, d.ended_at, d.confirmed_at, d.answered_by,
    d.duration, d.dead, d.carrier_id, d.second_carrier_id))
RETURNING d.id, d.recipient_id, d.verification_id, d.contact_point_id, d.status, d.dead,
  n.known_id IS NULL AND n.second_id IS NOT NULL AS doubled"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Applied:
    """What one transaction did, and the events it left for later because somebody else held their communication."""

    moved: Moved
    busy: Sequence[Event] = ()
    parked: int = 0


@dataclass(slots=True)
class Sorted:
    """Events by what can be done with them: those of verifications, which have no communication, under None.

    `held` are the communications whose tallies are locked now.
    """

    matched: dict[UUID | None, list[Event]] = field(default_factory=dict)
    unmatched: list[Event] = field(default_factory=list)
    held: set[UUID | None] = field(default_factory=set)


async def name_deliveries(events: Sequence[Event]) -> list[Event]:
    """Return the events, those that only follow another one with that one's delivery where the ledger has it."""
    wanted = list({event.follows for event in events if event.delivery_id is None and event.follows})
    rows = await get_database().execute_query_dict(FOLLOW, [wanted]) if wanted else []
    known = {row["event_key"]: row["delivery_id"] for row in rows}
    return [
        replace(event, delivery_id=known[event.follows])
        if event.delivery_id is None and event.follows in known
        else event
        for event in events
    ]


async def sort_events(connection: BaseDBAsyncClient, events: Sequence[Event]) -> Sorted:
    """Group events by communication, and lock those that nobody else holds; events of no delivery, or another account's, apart."""
    wanted = list({event.delivery_id for event in events if event.delivery_id is not None})
    rows = await connection.execute_query_dict(FIND, [wanted]) if wanted else []
    known = {row["id"]: row for row in rows}
    result = Sorted()
    for event in events:
        row = known.get(event.delivery_id)
        if row is None or row["account"] != event.account:
            result.unmatched.append(event)
            continue
        result.matched.setdefault(row["communication_id"], []).append(event)
        if row["held"]:
            result.held.add(row["communication_id"])
    return result


async def apply_events(events: Sequence[Event], lasts: Mapping[DeliveryStatus, float]) -> Applied:
    """Write events to the ledger and let them move what they move; commit before returning."""
    async with in_transaction() as connection:
        sorting = await sort_events(connection, events)
        await lock_rest(connection, sorting)
        parked = await park_events(connection, sorting.unmatched)
        ready = [event for key, found in sorting.matched.items() if key in sorting.held for event in found]
        moved = await raise_deliveries(connection, ready, lasts)
        crash(CrashPoint.EVENTS_WRITTEN)
    busy = [event for key, found in sorting.matched.items() if key not in sorting.held for event in found]
    return Applied(moved, busy, parked)


async def lock_rest(connection: BaseDBAsyncClient, sorting: Sorted) -> None:
    """Where nothing was free, wait for the first in line, so that somebody always gets on; then lock what has no tally."""
    communications = [key for key in sorting.matched if key is not None]
    if communications and not sorting.held:
        sorting.held.update(await lock_tallies(connection, [min(communications)]))
    if None in sorting.matched:
        # Deliveries of verifications are locked themselves.
        await connection.execute_query_dict(LOCK_ALONE, [[event.delivery_id for event in sorting.matched[None]]])
        sorting.held.add(None)


async def raise_deliveries(
    connection: BaseDBAsyncClient, events: Sequence[Event], lasts: Mapping[DeliveryStatus, float]
) -> Moved:
    """Append events and raise their deliveries; the caller holds the tallies' locks."""
    if not events:
        return Moved({})
    unique = list({event.event_key: event for event in events}.values())
    columns: list[list[object]] = [[getattr(event, name) for event in unique] for name in COLUMNS]
    columns.append([lasts.get(event.status) if event.status else None for event in unique])
    await demand_restarts(connection, unique)
    rows = await connection.execute_query_dict(RAISE, columns)
    await mark_addresses(connection, rows)
    report_doubled(rows)
    moved = await reassess(connection, [row["recipient_id"] for row in rows])
    tried = [row["contact_point_id"] for row in rows if row["verification_id"] is not None]
    return replace(moved, citizens=await find_owners(connection, tried)) if tried else moved


async def find_owners(connection: BaseDBAsyncClient, points: Sequence[UUID]) -> list[UUID]:
    """Return the citizens whose contact points these are: their profiles show where a verification stands."""
    return [row["citizen_id"] for row in await connection.execute_query_dict(OWNERS, [points])]


def report_doubled(rows: Iterable[Mapping[str, Any]]) -> None:
    """Say of a delivery that turns out to be at its carrier under two ids that the citizen may have been contacted twice."""
    for row in rows:
        if row["doubled"]:
            log.warning("handed over twice", delivery=expose("delivery", row["id"]))
