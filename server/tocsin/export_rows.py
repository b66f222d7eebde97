"""What stands in a workbook: its sheets, their columns, and the rows, read as text and put into words. Imports columns, labels, the log.

The rows of the statistics are those of the grid in its usual order; the log's are those on screen.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from tocsin.communications_log import BY_SENDING, recall_filter, select_log
from tocsin.export_columns import DELIVERY_COLUMNS, PEOPLE_COLUMNS, SENT_COLUMNS, Column
from tocsin.labels import CHANNELS, EVERYBODY, HANDLINGS, JOINED, KINDS, STATES, Words, choose, label_wave
from tocsin.outcome import Attempt
from tocsin.overview import STATE
from tocsin.reasons import explain_outcome, explain_skip
from tocsin.rounds import find_reason
from tocsin.statuses import MEANINGS, DeliveryStatus, Switches
from tocsin.words import (
    Channel,
    CommunicationKind,
    CommunicationState,
    ExportKind,
    Handling,
    Locale,
    SkipReason,
    WaveKind,
)

CellValue: TypeAlias = str | datetime | None
"""Text, a local time without a zone, or nothing."""

Texts: TypeAlias = Sequence[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: the statement gives its rows as texts, `read` makes cells of them."""

    name: Words
    columns: tuple[Column, ...]
    statement: str
    values: Sequence[object]
    read: Callable[[Texts], list[CellValue]]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A workbook to be written, with all that its rows depend on."""

    kind: ExportKind
    locale: Locale
    time_zone: ZoneInfo
    municipality_id: UUID
    communication_id: UUID | None
    selection: Mapping[str, Any]
    switches: Switches


READ_ASSIGNMENT = """
SELECT e.kind, e.locale, e.municipality_id, e.communication_id, e.selection, m.time_zone,
  coalesce(c.confirmation_required, false) AS confirmation_required, coalesce(c.voicemail_counts, true) AS voicemail_counts
FROM export e JOIN municipality m ON m.id = e.municipality_id LEFT JOIN communication c ON c.id = e.communication_id
WHERE e.id = $1"""

PEOPLE = """
SELECT r.first_name, r.last_name, r.email, r.phone, r.outcome FROM recipient r
WHERE r.communication_id = $1 AND r.outcome IS NOT NULL ORDER BY r.last_name_key, r.first_name_key, r.id"""
DELIVERIES = """
SELECT r.first_name, r.last_name, w.kind, w.number, d.channel, d.address, d.handling, d.skip_reason, d.status,
  d.expired, d.ended_at IS NOT NULL, extract(epoch FROM d.handed_at), extract(epoch FROM d.status_at), d.error_code
FROM recipient r JOIN delivery d ON d.recipient_id = r.id JOIN wave w ON w.id = d.wave_id
WHERE r.communication_id = $1 AND r.outcome IS NOT NULL
ORDER BY r.last_name_key, r.first_name_key, r.id, w.ordinal, d.channel, d.id"""
SENT = f"""c.title, c.kind, {STATE}, extract(epoch FROM c.sent_at), extract(epoch FROM c.completed_at),
  (SELECT string_agg(g.name, ', ' ORDER BY g.name) FROM communication_group a JOIN citizen_group g ON g.id = a.group_id
    WHERE a.communication_id = c.id)"""


def read_assignment(row: Mapping[str, Any]) -> Assignment:
    """Return the assignment that a row of READ_ASSIGNMENT holds."""
    selection = row["selection"]
    return Assignment(
        kind=ExportKind(row["kind"]),
        locale=Locale(row["locale"]),
        time_zone=ZoneInfo(row["time_zone"]),
        municipality_id=row["municipality_id"],
        communication_id=row["communication_id"],
        selection=json.loads(selection) if isinstance(selection, str) else selection,
        switches=Switches(row["confirmation_required"], row["voicemail_counts"]),
    )


def list_sheets(assignment: Assignment) -> list[Sheet]:
    """Return the sheets of a workbook in their assignment."""
    return SHEETS[assignment.kind](assignment)


def list_statistics(assignment: Assignment) -> list[Sheet]:
    joined = {str(int(outcome)): choose(words, assignment.locale) for outcome, words in JOINED.items()}
    values = [assignment.communication_id]
    return [
        Sheet(("Statistics", "Statistiques"), PEOPLE_COLUMNS, PEOPLE, values, partial(read_person, joined)),
        Sheet(("Deliveries", "Tentatives"), DELIVERY_COLUMNS, DELIVERIES, values, partial(read_delivery, assignment)),
    ]


def list_log(assignment: Assignment) -> list[Sheet]:
    selection = select_log(assignment.municipality_id, *recall_filter(assignment.selection), columns=SENT)
    statement = f"SELECT {selection.columns} {selection.source} ORDER BY {BY_SENDING.clause}"
    name = ("Communications log", "Journal des communications")
    return [Sheet(name, SENT_COLUMNS, statement, selection.values, partial(read_sent, assignment))]


SHEETS: Mapping[ExportKind, Callable[[Assignment], list[Sheet]]] = {
    ExportKind.STATISTICS: list_statistics,
    ExportKind.LOG: list_log,
}


def read_person(joined: Mapping[str, str], texts: Texts) -> list[CellValue]:
    return [*texts[:4], joined[texts[4]]]


def read_delivery(assignment: Assignment, texts: Texts) -> list[CellValue]:
    first, last, kind, number, channel, address, *facts, handed, since, code = texts
    status, reason = describe_attempt(channel, tuple(facts), assignment.switches, assignment.locale)
    wave = name_wave(kind, number, assignment.locale)
    instants = tell_local(handed, assignment.time_zone), tell_local(since, assignment.time_zone)
    return [first, last, wave, name_channel(channel, assignment.locale), address, status, *instants, reason, code]


def read_sent(assignment: Assignment, texts: Texts) -> list[CellValue]:
    title, kind, state, sent, completed, groups = texts
    return [
        title,
        choose(KINDS[CommunicationKind(kind)], assignment.locale),
        choose(STATES[CommunicationState(state)], assignment.locale),
        tell_local(sent, assignment.time_zone),
        tell_local(completed, assignment.time_zone),
        groups or choose(EVERYBODY, assignment.locale),
    ]


def tell_local(epoch: str, time_zone: ZoneInfo) -> datetime | None:
    """Return an instant, given in seconds, as the clocks of a place show it, to the second."""
    return datetime.fromtimestamp(float(epoch), time_zone).replace(tzinfo=None, microsecond=0) if epoch else None


@lru_cache(maxsize=64)
def name_wave(kind: str, number: str, locale: Locale) -> str:
    return label_wave(WaveKind(kind), int(number), locale)


@lru_cache(maxsize=8)
def name_channel(channel: str, locale: Locale) -> str:
    return choose(CHANNELS[Channel(int(channel))], locale)


@lru_cache(maxsize=4096)
def describe_attempt(
    channel: str, facts: tuple[str, ...], switches: Switches, locale: Locale
) -> tuple[str, str | None]:
    """Return status and reason of an attempt in words; the facts that decide are few, so few are worked out."""
    handling, skipped, reported, expired, ended = facts
    attempt = Attempt(
        Channel(int(channel)), 0, Handling(int(handling)),
        DeliveryStatus(int(reported)) if reported else None, SkipReason(int(skipped)) if skipped else None,
        expired=expired == "t", ended=ended == "t",
    )  # fmt: skip
    status = MEANINGS[attempt.status].label(locale) if attempt.status else choose(HANDLINGS[attempt.handling], locale)
    if attempt.skip_reason is not None:
        return status, explain_skip(attempt.skip_reason, locale)
    missed = find_reason(attempt, switches)
    return status, explain_outcome(missed, locale) if missed else None
