"""Pages of lists that grow, by keyset: the cursor holds where the last row stands, sealed. Imports errors."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.errors import BadInput

LARGEST_PAGE = 200
COUNTED_UP_TO = 10_000
SEPARATOR = "\x1f"

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Order:
    """A sort: its name, the columns (the last one unique) with their SQL types, and the direction that all share."""

    name: str
    keys: tuple[tuple[str, str], ...]
    descending: bool = False

    @property
    def clause(self) -> str:
        """The ORDER BY of this sort."""
        return ", ".join(f"{column}{' DESC' if self.descending else ''}" for column, _ in self.keys)

    @property
    def columns(self) -> str:
        """The keys of a row as columns, `key_0`, `key_1` and so on."""
        return ", ".join(f"{column} AS key_{index}" for index, (column, _) in enumerate(self.keys))

    def locate(self, row: Mapping[str, Any]) -> list[object]:
        """Return where a row stands that has those columns."""
        return [row[f"key_{index}"] for index in range(len(self.keys))]

    def begin_after(self, position: int) -> str:
        """Return the condition that a row stands behind the values given as text parameters from `position` on."""
        columns = ", ".join(column for column, _ in self.keys)
        values = ", ".join(f"${position + index}::text::{kind}" for index, (_, kind) in enumerate(self.keys))
        return f"({columns}) {'<' if self.descending else '>'} ({values})"


class CursorCodec:
    """Seals positions for one list of one scope. A name in them stays unreadable, a bent or foreign cursor is refused."""

    def __init__(self, key: bytes, scope: str) -> None:
        self.cipher = AESSIV(key)
        self.scope = [scope.encode()]

    def encode(self, values: Sequence[object]) -> str:
        """Return the cursor of a row whose sort keys are these."""
        texts = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
        sealed = self.cipher.encrypt(SEPARATOR.join(texts).encode(), self.scope)
        return spell(sealed)

    def decode(self, cursor: str) -> list[str]:
        """Return the sort keys as text; BAD_INPUT for every cursor that this list and sort did not give."""
        try:
            sealed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            if spell(sealed) != cursor:
                raise InvalidTag
            return self.cipher.decrypt(sealed, self.scope).decode().split(SEPARATOR)
        except (ValueError, InvalidTag):
            message = "This cursor does not belong to this list and order; leave it out to begin again."
            raise BadInput(message, field="after") from None


def spell(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is asked for; `counted` says whether the number of all rows is."""

    first: int
    after: str | None = None
    counted: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.first <= LARGEST_PAGE:
            raise BadInput(f"`first` is out of range; choose 1 to {LARGEST_PAGE}.", field="first")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows with their cursors. `total` is empty unless it was asked for and could be counted."""

    rows: list[tuple[str, Row]]
    more: bool
    begun: bool
    total: int | None = None


@dataclass
class Selection:
    """A SELECT being put together: columns, tables, conditions joined by AND, and the values of $1, $2 and so on."""

    columns: str
    tables: str
    conditions: list[str]
    values: list[Any]

    def demand(self, condition: str, *values: object) -> None:
        """Add a condition whose `{}` stand for the next parameters."""
        places = [f"${len(self.values) + index + 1}" for index in range(len(values))]
        self.conditions.append(condition.format(*places))
        self.values += values

    @property
    def source(self) -> str:
        """What follows the columns."""
        return f"FROM {self.tables} WHERE {' AND '.join(self.conditions)}"


async def count_rows(
    connection: BaseDBAsyncClient, source: str, values: Sequence[object], *, most: int = COUNTED_UP_TO
) -> int | None:
    """Return how many rows `source`, all that follows the columns, has; nothing above `most`.

    Above 10,000 counting would cost more than it tells.
    """
    limited = f"SELECT count(*) AS n FROM (SELECT {source} LIMIT {most + 1}) counted"
    number: int = (await connection.execute_query_dict(limited, list(values)))[0]["n"]
    return number if number <= most else None


async def read_page(
    connection: BaseDBAsyncClient, selection: Selection, order: Order, *, request: PageRequest, codec: CursorCodec
) -> Page[dict[str, Any]]:
    """Return one page of a selection."""
    total = await count_rows(connection, selection.source, selection.values) if request.counted else None
    if request.after is not None:
        position = len(selection.values) + 1
        selection.values += codec.decode(request.after)
        selection.conditions.append(order.begin_after(position))
    statement = f"SELECT {selection.columns}, {order.columns} {selection.source} ORDER BY {order.clause} LIMIT {request.first + 1}"
    found = await connection.execute_query_dict(statement, selection.values)
    return make_page([(order.locate(row), row) for row in found], request, codec=codec, total=total)


def make_page(
    found: Sequence[tuple[Sequence[object], Row]], request: PageRequest, *, codec: CursorCodec, total: int | None
) -> Page[Row]:
    """Return the page that begins with these rows, each behind the values of its sort keys; one row more says that more follow."""
    rows = [(codec.encode(keys), row) for keys, row in found[: request.first]]
    return Page(rows, more=len(found) > request.first, begun=request.after is not None, total=total)
