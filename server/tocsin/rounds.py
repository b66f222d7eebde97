"""Waves, their deliveries and what was reported about them, as they are read. Imports people, pictures, statuses, words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.contents import Content
from tocsin.database import get_database
from tocsin.outcome import Attempt, stand
from tocsin.pictures import OPEN
from tocsin.statuses import MEANINGS, DeliveryStatus, Switches
from tocsin.words import Channel, Handling, Locale, OutcomeReason, SkipReason, Standing, WaveKind


@dataclass(frozen=True, slots=True)
class WaveRow:
    """A round of attempts; `settled`: planned, and none of its deliveries is pending any more."""

    id: UUID
    communication_id: UUID
    kind: WaveKind
    number: int
    started_at: datetime
    started_by: str | None
    targets: int
    settled: bool


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One attempt, with the switches under which its status counts."""

    id: UUID
    wave_id: UUID
    recipient_id: UUID
    channel: Channel
    address: str
    handling: Handling
    skip_reason: SkipReason | None
    status: DeliveryStatus | None
    status_at: datetime | None
    error_code: str | None
    expired: bool
    ended: bool
    handed_twice: bool
    switches: Switches

    @property
    def missed_because(self) -> OutcomeReason | None:
        """Why this attempt is missed; nothing where it is not, or was never made."""
        facts = Attempt(
            self.channel, 0, self.handling, self.status, self.skip_reason, expired=self.expired, ended=self.ended
        )
        return find_reason(facts, self.switches)


@dataclass(frozen=True, slots=True)
class EventRow:
    """One report. `applied`: it raised the delivery above everything received before."""

    delivery_id: UUID
    provider_word: str
    status: DeliveryStatus | None
    occurred_at: datetime | None
    received_at: datetime
    applied: bool


def find_reason(attempt: Attempt, switches: Switches) -> OutcomeReason | None:
    """Return why an attempt is missed, or that its answer was lost; nothing where it is neither, or was never made."""
    lost = attempt.handling is Handling.UNCERTAIN and attempt.status is None
    if stand(attempt, switches) is not Standing.MISSED:
        return OutcomeReason.UNCERTAIN if lost else None
    if attempt.status is None:
        return OutcomeReason.UNCERTAIN if lost else OutcomeReason.NO_RECEIPT
    return MEANINGS[attempt.status].reason or OutcomeReason.NO_RECEIPT


WAVES = f"""
SELECT w.id, w.communication_id, w.kind, w.number, w.started_at, w.started_by, w.targets, w.planned_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM delivery d WHERE d.wave_id = w.id AND {OPEN}) AS settled
FROM wave w JOIN communication c ON c.id = w.communication_id WHERE c.municipality_id = $1"""

DELIVERIES = """
SELECT d.id, d.wave_id, d.recipient_id, d.channel, d.address, d.handling, d.skip_reason, d.status, d.status_at,
  d.error_code, d.expired, d.ended_at IS NOT NULL AS ended, d.second_carrier_id IS NOT NULL AS handed_twice,
  c.confirmation_required, c.voicemail_counts
FROM delivery d JOIN communication c ON c.id = d.communication_id JOIN wave w ON w.id = d.wave_id
WHERE c.municipality_id = $1"""

EVENTS = """
SELECT e.delivery_id, e.provider_word, e.status, e.occurred_at, e.received_at, coalesce(e.status > coalesce(
    max(e.status) OVER (PARTITION BY e.delivery_id ORDER BY e.received_at, e.event_key
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), false) AS applied
FROM delivery_event e JOIN delivery d ON d.id = e.delivery_id JOIN communication c ON c.id = d.communication_id
WHERE c.municipality_id = $1 AND e.delivery_id = ANY($2::uuid[]) ORDER BY e.received_at, e.event_key"""

CONTENTS = """
SELECT t.communication_id, t.locale, t.call_text, t.sms_text, t.email_subject, t.email_text
FROM communication_content t JOIN communication c ON c.id = t.communication_id
WHERE c.municipality_id = $1 AND t.communication_id = ANY($2::uuid[]) ORDER BY t.locale"""

ADDRESSED = """
SELECT a.communication_id, g.name FROM communication_group a JOIN citizen_group g ON g.id = a.group_id
WHERE g.municipality_id = $1 AND a.communication_id = ANY($2::uuid[]) ORDER BY g.name"""


def read_wave(row: Mapping[str, Any]) -> WaveRow:
    return WaveRow(**{**row, "kind": WaveKind(row["kind"])})


def read_delivery(row: Mapping[str, Any]) -> DeliveryRow:
    values = dict(row)
    switches = Switches(values.pop("confirmation_required"), values.pop("voicemail_counts"))
    values["channel"], values["handling"] = Channel(row["channel"]), Handling(row["handling"])
    values["skip_reason"] = SkipReason(row["skip_reason"]) if row["skip_reason"] is not None else None
    return DeliveryRow(**{**values, "status": read_status(row["status"])}, switches=switches)


def read_status(number: int | None) -> DeliveryStatus | None:
    return DeliveryStatus(number) if number is not None else None


async def read_waves(condition: str, municipality_id: UUID, keys: Sequence[UUID]) -> list[WaveRow]:
    statement = f"{WAVES} AND {condition} = ANY($2::uuid[]) ORDER BY w.ordinal"
    return [read_wave(row) for row in await ask(statement, municipality_id, keys)]


async def find_waves(municipality_id: UUID, keys: Sequence[UUID]) -> list[WaveRow]:
    """Return the waves of these keys."""
    return await read_waves("w.id", municipality_id, keys)


async def list_waves(municipality_id: UUID, communications: Sequence[UUID]) -> list[WaveRow]:
    """Return the waves of these communications, oldest first."""
    return await read_waves("w.communication_id", municipality_id, communications)


async def find_deliveries(municipality_id: UUID, keys: Sequence[UUID]) -> list[DeliveryRow]:
    """Return the deliveries of these keys."""
    rows = await ask(f"{DELIVERIES} AND d.id = ANY($2::uuid[])", municipality_id, keys)
    return [read_delivery(row) for row in rows]


async def list_deliveries(municipality_id: UUID, recipients: Sequence[UUID]) -> list[DeliveryRow]:
    """Return the deliveries of these recipients: by wave, then channel, in the order of their making."""
    statement = f"{DELIVERIES} AND d.recipient_id = ANY($2::uuid[]) ORDER BY w.ordinal, d.channel, d.id"
    return [read_delivery(row) for row in await ask(statement, municipality_id, recipients)]


async def list_events(municipality_id: UUID, deliveries: Sequence[UUID]) -> list[EventRow]:
    """Return every report about these deliveries in the order of reception."""
    rows = await ask(EVENTS, municipality_id, deliveries)
    return [EventRow(**{**row, "status": read_status(row["status"])}) for row in rows]


async def list_contents(municipality_id: UUID, communications: Sequence[UUID]) -> list[tuple[UUID, Content]]:
    """Return the texts of these communications, in every language written."""
    rows = await ask(CONTENTS, municipality_id, communications)
    return [(row.pop("communication_id"), Content(**{**row, "locale": Locale(row["locale"])})) for row in rows]


async def list_group_names(municipality_id: UUID, communications: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """Return the names of the groups that these communications are addressed to, in order."""
    rows = await ask(ADDRESSED, municipality_id, communications)
    return [(row["communication_id"], row["name"]) for row in rows]


async def ask(statement: str, municipality_id: UUID, keys: Iterable[UUID]) -> list[dict[str, Any]]:
    return await get_database().execute_query_dict(statement, [municipality_id, list(keys)])
