"""Communications as they are read: the list, and single ones by key, always of one municipality. Imports pages and words.

A campaign's state derives from what it holds: DRAFT if that is nothing, IN_PROGRESS if anything is, else the state that
stands furthest in PROGRESS.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.folding import fold
from tocsin.pages import CursorCodec, Order, Page, PageRequest, Selection, read_page
from tocsin.texts import check_text
from tocsin.words import Channel, CommunicationKind, CommunicationState

S = CommunicationState
PROGRESS = (S.DRAFT, S.SCHEDULED, S.CANCELLED, S.FAILED, S.COMPLETED, S.IN_PROGRESS)
SEARCH_LENGTH = 200
BY_MODIFICATION = Order("modification", (("c.modified_at", "timestamptz"), ("c.id", "uuid")), descending=True)

STATE = f"""CASE WHEN c.kind = '{CommunicationKind.REGULAR.value}' THEN c.state ELSE coalesce((
    SELECT held.state FROM communication held WHERE held.campaign_id = c.id
    ORDER BY array_position(ARRAY[{", ".join(f"'{state.value}'" for state in PROGRESS)}], held.state::text) DESC LIMIT 1
  ), '{S.DRAFT.value}') END"""

# What the category demands is copied at sending; until then it is the category that says it.
COLUMNS = f"""c.id, c.municipality_id, c.campaign_id, c.category_id, c.kind, c.title, c.channels, c.created_at,
  c.modified_at, c.scheduled_for, c.sent_at, c.completed_at, {STATE} AS state,
  CASE WHEN c.sent_at IS NULL THEN k.confirmation_required ELSE c.confirmation_required END AS confirmation_required"""
TABLES = "communication c JOIN category k ON k.id = c.category_id"

FOLDED_TITLE = (
    r"lower(regexp_replace(regexp_replace(normalize(c.title, NFKD), '[\u0300-\u036f]', '', 'g'), '\s+', ' ', 'g'))"
)


@dataclass(frozen=True, slots=True)
class CommunicationRow:
    """A communication as it is shown; `state` is the derived one."""

    id: UUID
    municipality_id: UUID
    campaign_id: UUID | None
    category_id: UUID
    kind: CommunicationKind
    state: CommunicationState
    title: str
    channels: tuple[Channel, ...]
    confirmation_required: bool
    created_at: datetime
    modified_at: datetime
    scheduled_for: datetime | None
    sent_at: datetime | None
    completed_at: datetime | None


SHOWN = ("id", "municipality_id", "campaign_id", "category_id", "title", "confirmation_required", "created_at",
         "modified_at", "scheduled_for", "sent_at", "completed_at")  # fmt: skip


def read_row(row: Mapping[str, Any]) -> CommunicationRow:
    """Return the communication that a row of COLUMNS holds."""
    return CommunicationRow(
        **{name: row[name] for name in SHOWN},
        kind=CommunicationKind(row["kind"]),
        state=CommunicationState(row["state"]),
        channels=tuple(Channel(number) for number in sorted(row["channels"])),
    )


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What narrows a list of communications; with a campaign: only what it holds."""

    search: str | None = None
    states: Sequence[CommunicationState] | None = None
    campaign_id: UUID | None = None


def select_communications(municipality_id: UUID, chosen: ListFilter) -> Selection:
    """Return the selection of a municipality's list, or of what one campaign holds."""
    selection = Selection(COLUMNS, TABLES, ["c.municipality_id = $1"], [municipality_id])
    if chosen.campaign_id is None:
        selection.demand("c.campaign_id IS NULL")
    else:
        selection.demand("c.campaign_id = {}", chosen.campaign_id)
    demand_title(selection, chosen.search, field="search")
    demand_states(selection, chosen.states)
    return selection


def demand_title(selection: Selection, search: str | None, *, field: str) -> None:
    """Narrow to titles that hold the words searched, whatever their case and accents."""
    if search is not None:
        wanted = fold(check_text(search, field=field, most=SEARCH_LENGTH, least=0))
        selection.demand(f"position({{}}::text IN {FOLDED_TITLE}) > 0", wanted)


def demand_states(selection: Selection, states: Sequence[CommunicationState] | None) -> None:
    """Narrow to any of these states; without them, nothing."""
    if states is not None:
        selection.demand(f"{STATE} = ANY({{}}::text[])", [state.value for state in states])


async def list_communications(
    connection: BaseDBAsyncClient, municipality_id: UUID, chosen: ListFilter, *, request: PageRequest, key: bytes
) -> Page[CommunicationRow]:
    """Return a page of the list, newest modification first."""
    codec = CursorCodec(key, f"communications/{municipality_id}/{chosen.campaign_id}/{BY_MODIFICATION.name}")
    selection = select_communications(municipality_id, chosen)
    page = await read_page(connection, selection, BY_MODIFICATION, request=request, codec=codec)
    return Page([(cursor, read_row(row)) for cursor, row in page.rows], page.more, page.begun, page.total)


async def find_communications(
    connection: BaseDBAsyncClient, municipality_id: UUID, keys: Iterable[UUID]
) -> dict[UUID, CommunicationRow]:
    """Return those of the communications that are the municipality's."""
    statement = f"SELECT {COLUMNS} FROM {TABLES} WHERE c.municipality_id = $1 AND c.id = ANY($2::uuid[])"
    rows = await connection.execute_query_dict(statement, [municipality_id, list(keys)])
    return {row["id"]: read_row(row) for row in rows}
