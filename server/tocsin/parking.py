"""Reports that match no delivery: kept, tried again with growing pauses, and shown. Imports events."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.database import get_database
from tocsin.events import Event
from tocsin.statuses import DeliveryStatus
from tocsin.words import AnsweredBy

PARK = """
INSERT INTO parked_event (event_key, account, provider, event, received_at, next_try_at, tries)
SELECT event_key, account, provider, event, now(), now() + interval '1 second', 0
FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[]) AS parked (event_key, account, provider, event)
ORDER BY event_key ON CONFLICT (event_key) DO NOTHING RETURNING event_key"""

# Tries double their distance up to an hour; a row taken here is out of the way of other processes meanwhile.
TAKE = """
UPDATE parked_event SET tries = tries + 1, next_try_at = now() + LEAST(power(2, tries), 3600) * interval '1 second'
WHERE event_key IN (SELECT event_key FROM parked_event WHERE next_try_at <= now() ORDER BY next_try_at LIMIT $1
  FOR UPDATE SKIP LOCKED)
RETURNING event"""

HURRY = "UPDATE parked_event SET next_try_at = now() WHERE next_try_at > now() RETURNING event_key"

FREE = """
DELETE FROM parked_event p USING delivery_event e WHERE e.event_key = p.event_key AND p.event_key = ANY($1::text[])"""


async def park_events(connection: BaseDBAsyncClient, events: Sequence[Event]) -> int:
    """Keep what matches nothing, once for each key; return how many are new."""
    if not events:
        return 0
    unique = list({event.event_key: event for event in events}.values())
    columns: list[list[object]] = [
        [getattr(event, name) for event in unique] for name in ("event_key", "account", "provider")
    ]
    columns.append([json.dumps(asdict(event), default=str) for event in unique])
    return len(await connection.execute_query_dict(PARK, columns))


async def take_parked(limit: int = 500) -> list[Event]:
    """Return parked events whose time has come; they stay parked until they are in the ledger."""
    rows = await get_database().execute_query_dict(TAKE, [limit])
    return [restore(json.loads(row["event"]) if isinstance(row["event"], str) else row["event"]) for row in rows]


async def hurry_parked() -> None:
    """Let the time of every parked event come now."""
    await get_database().execute_query_dict(HURRY)


async def free_parked(events: Sequence[Event]) -> None:
    """Forget the parked copies of what the ledger now holds."""
    await get_database().execute_query(FREE, [[event.event_key for event in events]])


def restore(stored: dict[str, Any]) -> Event:
    """Make the event again that was parked."""
    values = dict(stored)
    values["delivery_id"] = UUID(stored["delivery_id"]) if stored["delivery_id"] else None
    values["status"] = DeliveryStatus(int(stored["status"])) if stored["status"] is not None else None
    values["answered_by"] = AnsweredBy(stored["answered_by"]) if stored["answered_by"] is not None else None
    values["occurred_at"] = datetime.fromisoformat(stored["occurred_at"]) if stored["occurred_at"] else None
    return Event(**values)
