"""The grid of a communication: its recipients, filtered, searched, sorted and paged. Imports pages, folding and words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.errors import BadInput
from tocsin.folding import fold
from tocsin.pages import CursorCodec, Order, Page, PageRequest, Selection, hold_snapshot, read_page
from tocsin.statuses import DeliveryStatus
from tocsin.texts import check_text
from tocsin.words import Channel, Outcome, OutcomeReason

SEARCH_LENGTH = 200
LAST, FIRST, ID = ("r.last_name_key", "text"), ("r.first_name_key", "text"), ("r.id", "uuid")


class RecipientSort(Enum):
    """The orders in which the grid can be read."""

    LAST_NAME = "LAST_NAME"
    FIRST_NAME = "FIRST_NAME"
    OUTCOME = "OUTCOME"
    RECENTLY_CHANGED = "RECENTLY_CHANGED"


ORDERS = {
    RecipientSort.LAST_NAME: Order("last name", (LAST, FIRST, ID)),
    RecipientSort.FIRST_NAME: Order("first name", (FIRST, LAST, ID)),
    RecipientSort.OUTCOME: Order("outcome", (("r.outcome", "int2"), LAST, FIRST, ID)),
    RecipientSort.RECENTLY_CHANGED: Order("change", (("r.version", "int4"), ID), descending=True),
}

BEST = {Channel.CALL: "r.call_best", Channel.SMS: "r.sms_best", Channel.EMAIL: "r.email_best"}

SEPARATORS = "-'’.,;:@_+()/"
TO_SPACES = str.maketrans(dict.fromkeys(SEPARATORS, " "))
IN_SQL = "'" + SEPARATORS.replace("'", "''") + f"', repeat(' ', {len(SEPARATORS)})"

# A number is found by its beginning with or without country code, by what follows the area code, and by its last four digits.
WORDS = f"""translate(concat_ws(' ', '', r.first_name_key, r.last_name_key, lower(r.email), r.phone,
  CASE WHEN r.phone LIKE '+1%' THEN concat_ws(' ', substr(r.phone, 3), substr(r.phone, 6), substr(r.phone, 9)) END), {IN_SQL})"""


@dataclass(frozen=True, slots=True)
class RecipientRow:
    """A row of the grid: names and addresses are those of the sending."""

    id: UUID
    communication_id: UUID
    citizen_id: UUID
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    outcome: Outcome
    reason: OutcomeReason | None
    contacted_at: datetime | None
    contacted_via: Channel | None
    version: int


PLAIN = ("id", "communication_id", "citizen_id", "first_name", "last_name", "email", "phone", "contacted_at", "version")
COLUMNS = ", ".join(f"r.{name}" for name in (*PLAIN, "outcome", "reason", "contacted_via"))
TABLES = "recipient r JOIN communication c ON c.id = r.communication_id"
OWNED = ["r.outcome IS NOT NULL", "c.municipality_id = $1"]


def read_row(row: Mapping[str, Any]) -> RecipientRow:
    """Return the recipient that a row of COLUMNS holds."""
    return RecipientRow(
        **{name: row[name] for name in PLAIN},
        outcome=Outcome(row["outcome"]),
        reason=OutcomeReason(row["reason"]) if row["reason"] is not None else None,
        contacted_via=Channel(row["contacted_via"]) if row["contacted_via"] is not None else None,
    )


@dataclass(frozen=True, slots=True)
class GridFilter:
    """What narrows the grid: outcomes, a channel that was tried, the best status on it (or on any), words searched."""

    outcomes: Sequence[Outcome] | None = None
    channel: Channel | None = None
    statuses: Sequence[DeliveryStatus] | None = None
    search: str | None = None

    @property
    def empty(self) -> bool:
        """Whether every recipient passes."""
        return self == GridFilter()


@dataclass(frozen=True, slots=True)
class Grid:
    """A page of recipients and the version of the communication in the same moment."""

    page: Page[RecipientRow]
    version: int


def split_words(search: str) -> list[str]:
    """Return the folded words of a search; the digits of a number that is written with spaces are one word."""
    spread = fold(search).translate(TO_SPACES).split()
    joined = "".join(spread)
    return [joined] if joined.isascii() and joined.isdigit() else spread


def escape(word: str) -> str:
    """Return the word as LIKE takes it literally."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def demand_statuses(selection: Selection, chosen: GridFilter) -> None:
    """Narrow by the best status of the channel; without one, of any channel."""
    if chosen.statuses is None:
        return
    if chosen.channel and any(status.channel is not chosen.channel for status in chosen.statuses):
        raise BadInput(
            "These statuses are not all of the channel asked for; choose one or the other.", field="filter.status"
        )
    numbers = [int(status) for status in chosen.statuses]
    columns = [BEST[chosen.channel]] if chosen.channel else list(BEST.values())
    place = f"${len(selection.values) + 1}::int[]"
    either = " OR ".join(f"{column} % 1000 = ANY({place})" for column in columns)
    selection.conditions.append(f"({either})")
    selection.values.append(numbers)


def select_recipients(municipality_id: UUID, communication_id: UUID, chosen: GridFilter) -> Selection:
    """Return the selection of a communication's recipients that pass the filter."""
    selection = Selection(COLUMNS, TABLES, list(OWNED), [municipality_id])
    selection.demand("r.communication_id = {}", communication_id)
    if chosen.outcomes is not None:
        selection.demand("r.outcome = ANY({}::int[])", [int(outcome) for outcome in chosen.outcomes])
    if chosen.channel is not None:
        selection.demand(f"{BEST[chosen.channel]} IS NOT NULL")
    demand_statuses(selection, chosen)
    if chosen.search is not None:
        checked = check_text(chosen.search, field="filter.search", most=SEARCH_LENGTH, least=0)
        for word in split_words(checked):
            selection.demand(f"{WORDS} LIKE {{}}::text", f"% {escape(word)}%")
    return selection


async def list_recipients(
    municipality_id: UUID,
    communication_id: UUID,
    chosen: GridFilter,
    *,
    sort: RecipientSort,
    request: PageRequest,
    key: bytes,
) -> Grid:
    """Return a page of the grid; all of it is read in one snapshot. The counter answers for the whole of it."""
    order = ORDERS[sort]
    codec = CursorCodec(key, f"recipients/{municipality_id}/{communication_id}/{order.name}")
    counting = PageRequest(request.first, request.after, counted=request.counted and not chosen.empty)
    async with hold_snapshot() as connection:
        selection = select_recipients(municipality_id, communication_id, chosen)
        page = await read_page(connection, selection, order, request=counting, codec=codec)
        tally = await read_version(connection, communication_id)
    total = tally[1] if request.counted and chosen.empty else page.total
    return Grid(Page([(cursor, read_row(row)) for cursor, row in page.rows], page.more, page.begun, total), tally[0])


async def read_version(connection: BaseDBAsyncClient, communication_id: UUID) -> tuple[int, int]:
    """Return version and total; zeros where nothing has been sent."""
    rows = await connection.execute_query_dict(
        "SELECT version, total FROM tally WHERE communication_id = $1", [communication_id]
    )
    return (rows[0]["version"], rows[0]["total"]) if rows else (0, 0)


async def find_recipients(
    connection: BaseDBAsyncClient, municipality_id: UUID, keys: Sequence[UUID]
) -> dict[UUID, RecipientRow]:
    """Return those of the recipients that are the municipality's."""
    statement = f"SELECT {COLUMNS} FROM {TABLES} WHERE {' AND '.join(OWNED)} AND r.id = ANY($2::uuid[])"
    rows = await connection.execute_query_dict(statement, [municipality_id, list(keys)])
    return {row["id"]: read_row(row) for row in rows}
