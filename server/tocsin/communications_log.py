"""The log: what was sent in a period, newest first, held by a campaign or not. Imports overview, pages, periods and people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tocsin.database import get_database
from tocsin.overview import COLUMNS, TABLES, CommunicationRow, demand_states, demand_title, read_row
from tocsin.pages import CursorCodec, Order, Page, PageRequest, Selection, read_page
from tocsin.people import MunicipalityRow
from tocsin.periods import Calendar, Period, Span, resolve_period
from tocsin.words import CommunicationKind, CommunicationState

BY_SENDING = Order("sending", (("c.sent_at", "timestamptz"), ("c.id", "uuid")), descending=True)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What is asked of the log: a period (CUSTOM: with its days, both included), and what narrows it."""

    period: Period
    first: date | None = None
    last: date | None = None
    kind: CommunicationKind | None = None
    states: Sequence[CommunicationState] | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """A page of the log, and the range of its period."""

    span: Span
    page: Page[CommunicationRow]


def read_calendar(municipality: MunicipalityRow) -> Calendar:
    """Return how a municipality counts its days."""
    return Calendar(ZoneInfo(municipality.time_zone), municipality.week_start)


def resolve_log(chosen: LogFilter, calendar: Calendar, now: datetime) -> Span:
    """Return the range that a filter asks for; BAD_INPUT with the field where it can't be."""
    return resolve_period(chosen.period, calendar, now, first=chosen.first, last=chosen.last)


def select_log(municipality_id: UUID, chosen: LogFilter, span: Span, *, columns: str = COLUMNS) -> Selection:
    """Return the selection of what was sent within the range and passes the filter.

    A campaign is never sent, so the kind CAMPAIGN selects nothing.
    """
    selection = Selection(columns, TABLES, ["c.municipality_id = $1"], [municipality_id])
    selection.demand("c.sent_at >= {}", span.begins)
    selection.demand("c.sent_at < {}", span.ends)
    selection.demand("c.kind = {}", (chosen.kind or CommunicationKind.REGULAR).value)
    demand_states(selection, chosen.states)
    demand_title(selection, chosen.search, field="filter.search")
    return selection


async def list_log(
    municipality: MunicipalityRow, chosen: LogFilter, *, now: datetime, request: PageRequest, key: bytes
) -> Log:
    """Return a page of the log as it stands `now`, newest sending first."""
    span = resolve_log(chosen, read_calendar(municipality), now)
    codec = CursorCodec(key, f"log/{municipality.id}/{BY_SENDING.name}")
    selection = select_log(municipality.id, chosen, span)
    page = await read_page(get_database(), selection, BY_SENDING, request=request, codec=codec)
    rows = [(cursor, read_row(row)) for cursor, row in page.rows]
    return Log(span, Page(rows, page.more, page.begun, page.total))


def keep_filter(chosen: LogFilter, span: Span) -> dict[str, Any]:
    """Return filter and range as JSON can hold them, so that a workbook shows what was on screen."""
    return {
        "begins": span.begins.isoformat(),
        "ends": span.ends.isoformat(),
        "period": chosen.period.value,
        "kind": chosen.kind,
        "states": chosen.states,
        "search": chosen.search,
    }


def recall_filter(kept: Mapping[str, Any]) -> tuple[LogFilter, Span]:
    """Return what `keep_filter` kept."""
    chosen = LogFilter(
        Period(kept["period"]),
        kind=CommunicationKind(kept["kind"]) if kept["kind"] else None,
        states=[CommunicationState(state) for state in kept["states"]] if kept["states"] is not None else None,
        search=kept["search"],
    )
    return chosen, Span(datetime.fromisoformat(kept["begins"]), datetime.fromisoformat(kept["ends"]))
