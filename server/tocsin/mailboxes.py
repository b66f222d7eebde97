"""Voice mailboxes: after the beep a call's message begins again, by a job. Imports due and assessment.

A mailbox records from the beep on; what was spoken to its greeting is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import lock_tallies
from tocsin.database import get_database
from tocsin.due import Work, demand_each
from tocsin.events import Event
from tocsin.statuses import DeliveryStatus
from tocsin.transactions import in_transaction

FRESH = """
SELECT beep.key FROM unnest($1::text[]) AS beep (key)
WHERE NOT EXISTS (SELECT FROM delivery_event e WHERE e.event_key = beep.key)"""

# Each call of the delivery would have an id of its own: the one that got to the mailbox is meant.
FIND = f"""
SELECT d.account, d.communication_id, e.carrier_id, extract(epoch FROM now() - e.received_at)::float8 AS seconds
FROM delivery d JOIN delivery_event e ON e.delivery_id = d.id AND e.status = {DeliveryStatus.CALL_VOICEMAIL:d}
WHERE d.id = $1 AND d.ended_at IS NULL AND d.confirmed_at IS NULL AND d.restarted_at IS NULL AND e.carrier_id IS NOT NULL
ORDER BY e.received_at DESC LIMIT 1"""

NOTE = "UPDATE delivery SET restarted_at = now() WHERE id = $1 AND restarted_at IS NULL RETURNING id"


@dataclass(frozen=True, slots=True)
class Recording:
    """A mailbox that records a call just now, since `seconds`."""

    account: str
    communication_id: UUID | None
    carrier_id: str
    seconds: float


async def demand_restarts(connection: BaseDBAsyncClient, events: Sequence[Event]) -> None:
    """Ask for a new beginning of each call that has reached a beep, once; call it before the ledger has these events."""
    beeps = {event.event_key: event.delivery_id for event in events if event.after_beep and event.delivery_id}
    if not beeps:
        return
    fresh = await connection.execute_query_dict(FRESH, [list(beeps)])
    if fresh:
        await demand_each(connection, Work.RESTART, {beeps[row["key"]] for row in fresh})


async def find_recording(delivery_id: UUID) -> Recording | None:
    """Return the mailbox that waits for its message; nothing where the call is over, confirmed or begun again already."""
    rows = await get_database().execute_query_dict(FIND, [delivery_id])
    return Recording(**rows[0]) if rows else None


async def note_restart(delivery_id: UUID, recording: Recording) -> None:
    """Write down that the message has begun again."""
    async with in_transaction() as connection:
        await lock_tallies(connection, [recording.communication_id] if recording.communication_id else [])
        await connection.execute_query_dict(NOTE, [delivery_id])
