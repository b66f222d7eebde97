"""Sending a communication, now or later: the checks, the first wave and its due row, in one short transaction.

Nothing here talks to a carrier: the wave is planned and handed over by jobs. Imports audience, audit, due, idempotency.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.audience import count_audience
from tocsin.audit import Action, note
from tocsin.due import Work, demand_work
from tocsin.errors import BadInput, Conflict, NotAvailable, NotFound
from tocsin.idempotency import claim_key
from tocsin.identifiers import expose, make_id
from tocsin.listing import touch_listing
from tocsin.reminders import schedule_reminders
from tocsin.transactions import in_transaction
from tocsin.viewers import Viewer
from tocsin.words import Channel, CommunicationKind, CommunicationState, Role, WaveKind

GRACE = timedelta(minutes=1)

FIND = """
SELECT id, kind, state, channels, scheduled_for FROM communication
WHERE id = $1 AND municipality_id = $2 FOR NO KEY UPDATE"""

SCHEDULE = (
    "UPDATE communication SET state = 'SCHEDULED', scheduled_for = $2, modified_at = now() WHERE id = $1 RETURNING id"
)

START = """
UPDATE communication c SET state = 'IN_PROGRESS', sent_at = now(), modified_at = now(),
  confirmation_required = g.confirmation_required, voicemail_counts = g.voicemail_counts
FROM category g WHERE c.id = $1 AND g.id = c.category_id RETURNING c.id"""

OPEN_TALLY = """
INSERT INTO tally (communication_id, version, total, contacted, in_progress, not_contacted, unconfirmed, uncertain,
  pending, eligible, counts, changed_at) VALUES ($1, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', now()) RETURNING communication_id"""

OPEN_WAVE = """
INSERT INTO wave (id, communication_id, kind, number, ordinal, started_at, started_by, targets)
VALUES ($1, $2, $3, 1, 1, now(), $4, $5) RETURNING id"""

WORDS = {Channel.CALL: "calls", Channel.SMS: "text messages", Channel.EMAIL: "e-mails"}


@dataclass(frozen=True, slots=True)
class Ways:
    """What this installation sends by: the channels that have a carrier, and when automatic reminders follow."""

    usable: Collection[Channel]
    reminders: Sequence[timedelta]


async def send_communication(
    viewer: Viewer, communication_id: UUID, *, at: datetime | None, key: str, now: datetime, ways: Ways
) -> UUID:
    """Start sending, or schedule it; the same key acts once."""
    viewer.require(Role.OPERATOR)
    async with in_transaction() as connection:
        row = await find_communication(connection, viewer.municipality_id, communication_id)
        arguments = {"id": communication_id.hex, "at": at}
        token = make_id()
        owner = await claim_key(
            connection, viewer.municipality_id, token, mutation="sendCommunication", key=key, arguments=arguments
        )
        if owner != token:
            return communication_id
        check_sendable(row, at, now=now, usable=ways.usable)
        audience = await count_audience(connection, communication_id)
        if audience == 0:
            raise BadInput("Nobody would receive this; choose groups or a category with citizens.", field="id")
        if at is not None and at > now:
            await connection.execute_query_dict(SCHEDULE, [communication_id, at])
            await demand_work(connection, Work.START, communication_id, at=at)
        else:
            await open_first_wave(connection, communication_id, viewer.name, reminders=ways.reminders)
        await note(
            connection, viewer, Action.SEND, subject_id=expose("communication", communication_id), count=audience,
            detail=at.isoformat() if at is not None else None,
        )  # fmt: skip
        await touch_listing(connection, [communication_id])
    return communication_id


async def find_communication(
    connection: BaseDBAsyncClient, municipality_id: UUID, communication_id: UUID
) -> Mapping[str, Any]:
    """Return the communication, locked; NOT_FOUND for another municipality's as for none."""
    rows = await connection.execute_query_dict(FIND, [communication_id, municipality_id])
    if not rows:
        raise NotFound("There is nothing with this id in your municipality; check the id.")
    return rows[0]


def check_sendable(row: Mapping[str, Any], at: datetime | None, *, now: datetime, usable: Collection[Channel]) -> None:
    """Refuse what cannot be sent: campaigns, what has been sent, the past, channels without a carrier."""
    if row["kind"] == CommunicationKind.CAMPAIGN:
        raise BadInput("A campaign isn't sent itself; send the communications that it holds.", field="id")
    if row["state"] not in (CommunicationState.DRAFT, CommunicationState.SCHEDULED):
        raise Conflict(
            "It has been sent already; make a new communication, or recontact those not reached.", field="id"
        )
    if at is not None and at < now - GRACE:
        raise BadInput("The instant has passed; choose one to come, or leave it out to send now.", field="at")
    missing = [WORDS[Channel(number)] for number in sorted(row["channels"]) if number not in usable]
    if missing:
        raise NotAvailable(
            f"No carrier is set up here for {' and '.join(missing)}; leave them out or ask who runs the server."
        )


async def open_first_wave(
    connection: BaseDBAsyncClient, communication_id: UUID, started_by: str | None, *, reminders: Sequence[timedelta]
) -> None:
    """Make the tally, the first wave and the reminders to come, and ask for their work."""
    await connection.execute_query_dict(START, [communication_id])
    await connection.execute_query_dict(OPEN_TALLY, [communication_id])
    targets = await count_audience(connection, communication_id)
    wave_id = make_id()
    values = [wave_id, communication_id, WaveKind.INITIAL.value, started_by, targets]
    await connection.execute_query_dict(OPEN_WAVE, values)
    await demand_work(connection, Work.PLAN, wave_id)
    await schedule_reminders(connection, communication_id, reminders)


async def start_scheduled(communication_id: UUID, reminders: Sequence[timedelta]) -> None:
    """Send what was scheduled for now; nothing where it was cancelled or started meanwhile."""
    async with in_transaction() as connection:
        rows = await connection.execute_query_dict(
            "SELECT id FROM communication WHERE id = $1 AND state = 'SCHEDULED' FOR NO KEY UPDATE", [communication_id]
        )
        if rows:
            await open_first_wave(connection, communication_id, None, reminders=reminders)
            await touch_listing(connection, [communication_id])
