"""The grid of a communication: what a row is, and what narrows and orders the rows. Imports search, statuses and words.

How a page of it is read stands in `tocsin.grid_pages`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.errors import BadInput
from tocsin.search import split_search
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel, Outcome, OutcomeReason


class RecipientSort(Enum):
    """The orders in which the grid can be read."""

    LAST_NAME = "LAST_NAME"
    FIRST_NAME = "FIRST_NAME"
    OUTCOME = "OUTCOME"
    RECENTLY_CHANGED = "RECENTLY_CHANGED"


@dataclass(frozen=True, slots=True)
class RecipientRow:
    """A row of the grid: names and addresses are those of the sending, empty where retention has removed them."""

    id: UUID
    communication_id: UUID
    citizen_id: UUID | None
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

FOUND = f"""
SELECT {COLUMNS} FROM recipient r JOIN communication c ON c.id = r.communication_id
WHERE r.outcome IS NOT NULL AND c.municipality_id = $1 AND r.id = ANY($2::uuid[])"""


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
    words: Sequence[str] = field(init=False, compare=False)
    """The words that are searched: whatever is no filter is refused before anything is read."""

    def __post_init__(self) -> None:
        if self.channel and any(status.channel is not self.channel for status in self.statuses or ()):
            message = "These statuses are not all of the channel asked for; choose one or the other."
            raise BadInput(message, field="filter.status")
        object.__setattr__(self, "words", split_search(self.search, field="filter.search"))

    @property
    def slices(self) -> list[Outcome]:
        """The outcomes that pass, in their order."""
        return sorted(set(Outcome if self.outcomes is None else self.outcomes))


async def find_recipients(
    connection: BaseDBAsyncClient, municipality_id: UUID, keys: Sequence[UUID]
) -> dict[UUID, RecipientRow]:
    """Return those of the recipients that are the municipality's."""
    rows = await connection.execute_query_dict(FOUND, [municipality_id, list(keys)])
    return {row["id"]: read_row(row) for row in rows}
