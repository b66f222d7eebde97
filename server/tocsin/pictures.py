"""The picture of a sent communication at one moment, read in one statement. Imports words and statuses.

Queries and the live engine build their statistics from it, so both show the same.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.statuses import MEANINGS
from tocsin.words import Channel, CommunicationKind, CommunicationState, Handling, ReminderFate, Standing, WaveKind


@dataclass(frozen=True, slots=True)
class TallyPicture:
    """The counts, what they belong to, and what decides whether a recontact may begin.

    `counts` maps a cell (see tocsin.outcome) to a number of recipients, zeros left out. `first_attempts_over`: every
    automatic reminder is dispatched, or there is none and the first wave is settled.
    """

    communication_id: UUID
    municipality_id: UUID
    kind: CommunicationKind
    state: CommunicationState
    channels: tuple[Channel, ...]
    sent_at: datetime
    completed_at: datetime | None
    version: int
    total: int
    contacted: int
    in_progress: int
    not_contacted: int
    unconfirmed: int
    uncertain: int
    pending: int
    counts: Mapping[int, int]
    changed_at: datetime
    next_reminder_at: datetime | None
    reminders_left: int
    last_reminder_at: datetime | None
    eligible: int
    first_attempts_over: bool
    recontact_running: bool
    last_recontact_at: datetime | None
    last_recontact_by: str | None


MOVING = ", ".join(str(int(status)) for status, meaning in MEANINGS.items() if meaning.standing is Standing.PENDING)
HELD = f"d.handling IN ({Handling.PLANNED:d}, {Handling.SENDING:d})"
OPEN = f"""({HELD} OR d.handling <> {Handling.SKIPPED:d} AND NOT d.expired
    AND (d.status IS NULL OR d.status IN ({MOVING}) AND d.ended_at IS NULL))"""


def any_wave(kind: WaveKind, condition: str) -> str:
    """Return the SQL of: a wave of that kind is still being planned, or is in that condition."""
    return f"""EXISTS (SELECT FROM wave w WHERE w.communication_id = c.id AND w.kind = '{kind.value}'
    AND (w.planned_at IS NULL OR {condition}))"""


UNSETTLED = "w.settled_at IS NULL"
UNDISPATCHED = f"EXISTS (SELECT FROM delivery d WHERE d.wave_id = w.id AND {HELD})"

PICTURE = f"""
SELECT c.municipality_id, c.kind, c.state, c.channels, c.sent_at, c.completed_at, t.*,
  reminders.due_at AS next_reminder_at, reminders.number AS reminders_left, reminders.last_at AS last_reminder_at,
  waves.reminded, waves.number > 0 AS begun,
  last.started_at AS last_recontact_at, last.started_by AS last_recontact_by,
  {any_wave(WaveKind.INITIAL, UNSETTLED)} AS first_open, {any_wave(WaveKind.AUTO_REMINDER, UNDISPATCHED)} AS reminder_held,
  {any_wave(WaveKind.RECONTACT, UNSETTLED)} AS recontact_running
FROM tally t JOIN communication c ON c.id = t.communication_id
CROSS JOIN LATERAL (SELECT count(*) AS number,
  coalesce(bool_or(w.planned_at IS NULL), false) AS planning,
  coalesce(bool_or(w.kind = '{WaveKind.AUTO_REMINDER.value}'), false) AS reminded FROM wave w WHERE w.communication_id = c.id) waves
-- Nobody is left to be reminded where all are contacted, unless one is lost again before the reminder is due.
CROSS JOIN LATERAL (SELECT count(*) AS number, min(m.due_at) AS due_at, max(m.due_at) AS last_at
  FROM reminder m WHERE m.communication_id = c.id AND m.fate = '{ReminderFate.PENDING.value}'
  AND (t.contacted < t.total OR waves.planning)) reminders
LEFT JOIN LATERAL (SELECT w.started_at, w.started_by FROM wave w WHERE w.communication_id = c.id
  AND w.kind = '{WaveKind.RECONTACT.value}' ORDER BY w.ordinal DESC LIMIT 1) last ON true"""

READ = f"{PICTURE} WHERE t.communication_id = ANY($1::uuid[]) AND c.sent_at IS NOT NULL"
READ_ONE = f"{PICTURE} WHERE t.communication_id = $1 AND c.sent_at IS NOT NULL"
"""Where the database knows that it is one, it soon plans once for all; else anew each time, which takes longer than reading."""

MOST_ACTIVE = 100
"""Communications on one wall: nobody sends so many at once, and nobody could read more."""

READ_ACTIVE = f"""{PICTURE}
WHERE t.communication_id IN (SELECT a.id FROM communication a
    WHERE a.municipality_id = $1 AND a.state = '{CommunicationState.IN_PROGRESS.value}'
      AND a.kind = '{CommunicationKind.REGULAR.value}' AND a.sent_at IS NOT NULL
    ORDER BY a.sent_at DESC, a.id DESC LIMIT {MOST_ACTIVE})
ORDER BY c.sent_at DESC, c.id DESC"""

COPIED = (
    "communication_id", "municipality_id", "sent_at", "completed_at", "version", "total", "contacted", "in_progress",
    "not_contacted", "unconfirmed", "uncertain", "pending", "changed_at", "recontact_running", "last_recontact_at",
    "last_recontact_by", "next_reminder_at", "reminders_left", "last_reminder_at",
)  # fmt: skip


def draw(row: Mapping[str, Any]) -> TallyPicture:
    """Make the picture of a row of PICTURE."""
    counts = json.loads(row["counts"]) if isinstance(row["counts"], str) else row["counts"]
    return TallyPicture(
        **{name: row[name] for name in COPIED},
        kind=CommunicationKind(row["kind"]),
        state=CommunicationState(row["state"]),
        channels=tuple(Channel(number) for number in sorted(row["channels"])),
        counts={int(cell): number for cell, number in counts.items() if number},
        eligible=row["eligible"],
        first_attempts_over=row["begun"]
        and not row["reminders_left"]
        and not row["reminder_held"]
        and (row["reminded"] or not row["first_open"]),
    )


async def read_tallies(connection: BaseDBAsyncClient, communications: list[UUID]) -> dict[UUID, TallyPicture]:
    """Return the pictures of those communications that have been sent; the caller has checked whose they are."""
    rows = await connection.execute_query_dict(READ, [communications])
    return {row["communication_id"]: draw(row) for row in rows}


async def read_tally(connection: BaseDBAsyncClient, communication_id: UUID) -> TallyPicture | None:
    """Return the picture of one communication; nothing where it has not been sent."""
    rows = await connection.execute_query_dict(READ_ONE, [communication_id])
    return draw(rows[0]) if rows else None


async def read_active(connection: BaseDBAsyncClient, municipality_id: UUID) -> list[TallyPicture]:
    """Return the pictures of what a municipality is sending just now, newest sending first, at most MOST_ACTIVE."""
    return [draw(row) for row in await connection.execute_query_dict(READ_ACTIVE, [municipality_id])]
