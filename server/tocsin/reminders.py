"""Automatic reminders: when they are due, and what becomes of each. Imports assessment, due, settings and waves.

A reminder is a row; its work is due at its instant and found whenever the system is up again, however late.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved, complete, lock_tallies
from tocsin.database import get_database
from tocsin.due import Work, demand_work
from tocsin.identifiers import make_id
from tocsin.settings import Settings
from tocsin.transactions import in_transaction
from tocsin.waves import open_wave
from tocsin.words import CommunicationState, ReminderFate, WaveKind

LIVING = (CommunicationState.IN_PROGRESS, CommunicationState.COMPLETED, CommunicationState.FAILED)
"""States in which a reminder still makes sense; COMPLETED, as somebody contacted may have been lost again."""

SCHEDULE = """
INSERT INTO reminder (id, communication_id, number, due_at, fate)
SELECT $1, id, $3, sent_at + $4::float8 * interval '1 second', 'PENDING' FROM communication WHERE id = $2 RETURNING due_at"""

OVERDUE = """
SELECT r.id, r.number, c.id AS communication_id, c.state, t.total - t.contacted AS missing
FROM reminder r JOIN communication c ON c.id = r.communication_id JOIN tally t ON t.communication_id = c.id
WHERE r.communication_id = $1 AND r.fate = 'PENDING' AND r.due_at <= now() ORDER BY r.number"""

DECIDE = "UPDATE reminder SET fate = $2 WHERE id = ANY($1::uuid[])"
DROP = "UPDATE reminder SET fate = 'DROPPED' WHERE communication_id = $1 AND fate = 'PENDING'"


@dataclass(frozen=True, slots=True)
class Pending:
    """A reminder whose time has come."""

    id: UUID
    number: int
    communication_id: UUID
    state: CommunicationState
    missing: int


def measure_reminders(settings: Settings) -> tuple[timedelta, ...]:
    """Return how long after sending each automatic reminder is due."""
    return tuple(timedelta(minutes=minutes) / settings.tocsin_speed for minutes in settings.tocsin_reminder_minutes)


async def schedule_reminders(
    connection: BaseDBAsyncClient, communication_id: UUID, pauses: Sequence[timedelta]
) -> None:
    """Note each reminder of a communication that is being sent, and ask for its work at its instant."""
    for number, pause in enumerate(pauses, 1):
        key = make_id()
        [row] = await connection.execute_query_dict(SCHEDULE, [key, communication_id, number, pause.total_seconds()])
        await demand_work(connection, Work.REMIND, key, at=row["due_at"])


async def remind(reminder_id: UUID) -> Moved:
    """Begin the wave of a reminder that is due: one for all of its communication that are overdue together."""
    rows = await get_database().execute_query_dict("SELECT communication_id FROM reminder WHERE id = $1", [reminder_id])
    if not rows:
        return Moved({})
    communication_id = rows[0]["communication_id"]
    async with in_transaction() as connection:
        await lock_tallies(connection, [communication_id])
        overdue = await list_overdue(connection, communication_id)
        return await decide(connection, overdue) if overdue else Moved({})


async def list_overdue(connection: BaseDBAsyncClient, communication_id: UUID) -> list[Pending]:
    rows = await connection.execute_query_dict(OVERDUE, [communication_id])
    return [Pending(**{**row, "state": CommunicationState(row["state"])}) for row in rows]


async def decide(connection: BaseDBAsyncClient, overdue: Sequence[Pending]) -> Moved:
    """Send the last of the overdue reminders for all of them, or none where nobody is left to be reminded."""
    last = overdue[-1]
    if last.state not in LIVING or last.missing == 0:
        await settle(connection, overdue, ReminderFate.DROPPED)
        return await complete(connection, [last.communication_id])
    await settle(connection, overdue[:-1], ReminderFate.COALESCED)
    await settle(connection, [last], ReminderFate.SENT)
    _, moved = await open_wave(
        connection, last.communication_id, WaveKind.AUTO_REMINDER, number=last.number, targets=last.missing
    )
    return moved


async def settle(connection: BaseDBAsyncClient, reminders: Sequence[Pending], fate: ReminderFate) -> None:
    if reminders:
        await connection.execute_query(DECIDE, [[reminder.id for reminder in reminders], fate.value])


async def drop_reminders(connection: BaseDBAsyncClient, communication_id: UUID) -> None:
    """Give up what is still to come of a communication: it was cancelled. Their due rows find nothing to do."""
    await connection.execute_query(DROP, [communication_id])
