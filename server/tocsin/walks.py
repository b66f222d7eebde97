"""Pages of lists that are too large to be sorted for each page: walked along an index, in its order. Imports pages, search.

Where a filter leaves so little that a walk would pass over more rows than pass the filter, these are gathered and sorted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isqrt
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.pages import COUNTED_UP_TO, Order, count_rows
from tocsin.search import Query, WordIndex

FAR = 10_000
"""How many rows a walk may pass over before what passes the filters is gathered instead."""


@dataclass(slots=True)
class Search:
    """Words that rows have to have: their index, the query and its parameter; `found` is how many have them, once looked up."""

    index: WordIndex
    query: Query
    place: str
    found: int | None = None


@dataclass
class Walk:
    """A list in an order: the rows of `scope`, as the merged `parts` that an index holds in that order each.

    `table` has the alias `r` and a key `id`; `size` is how many rows the parts have, `passing` how many of them pass the
    filters, both empty where no counter knows.
    """

    columns: str
    table: str
    order: Order
    scope: str
    values: list[Any]
    parts: Sequence[str] = ("true",)
    conditions: list[str] = field(default_factory=list)
    search: Search | None = None
    size: int | None = None
    passing: int | None = None
    far: int = FAR

    def demand(self, condition: str, value: object) -> None:
        """Let pass only rows for which the condition holds; its `{}` stands for the value."""
        self.conditions.append(condition.format(self.place(value)))

    def demand_words(self, index: WordIndex, query: Query) -> None:
        """Let pass only rows whose words in the index do."""
        self.search = Search(index, query, self.place(query.texts))

    def place(self, value: object) -> str:
        """Return the parameter that stands for a value."""
        self.values.append(value)
        return f"${len(self.values)}"

    @property
    def filtered(self) -> bool:
        """Whether not every row passes."""
        return bool(self.conditions or self.search)

    @property
    def judging(self) -> str:
        """The filters as they are applied to one row after another."""
        words = [self.search.index.judge("r.id", self.search.place)] if self.search else []
        return " AND ".join([*self.conditions, *words])

    @property
    def passing_rows(self) -> str:
        """What follows the columns of all rows that pass; the words are looked up in their index."""
        words = [f"r.id IN ({self.search.index.select(self.search.place)})"] if self.search else []
        demands = [self.scope, f"({' OR '.join(self.parts)})", *self.conditions, *words]
        return f"FROM {self.table} WHERE {' AND '.join(demands)}"


Rows = list[dict[str, Any]]
Statement = tuple[str, list[Any]]
Position = Sequence[str] | None
"""The keys of the order of a row, as text; nothing: before the first one."""


async def read_rows(connection: BaseDBAsyncClient, walk: Walk, after: Position, *, need: int) -> Rows:
    """Return the next rows in order behind a position."""
    if not walk.parts or 0 in (walk.size, walk.passing):
        return []
    if walk.filtered and await are_few(connection, walk, need):
        return await connection.execute_query_dict(*spell_gathering(walk, after, need=need))
    rows = await connection.execute_query_dict(*spell_walk(walk, after, need=need))
    if not walk.filtered or len(rows) == need or (walk.size is not None and walk.size <= walk.far):
        return rows
    return await connection.execute_query_dict(*spell_gathering(walk, after, need=need))


async def are_few(connection: BaseDBAsyncClient, walk: Walk, need: int) -> bool:
    """Whether fewer rows pass than a walk would pass over to find what is needed; these are need * size / passing."""
    passing = walk.passing
    if passing is None and walk.search is not None:
        passing = await look_up(connection, walk.search, most=walk.far)
    if passing is None:
        return False
    return passing <= (walk.far if walk.size is None else isqrt(need * walk.size))


async def look_up(connection: BaseDBAsyncClient, search: Search, *, most: int) -> int:
    """Return how many rows have the words; one more than `most` for all above, and where only reading them all would tell."""
    if search.found is None:
        source = f"FROM ({search.index.select('$1')}) found"
        few = None if search.query.broad else await count_rows(connection, source, [search.query.texts], most=most)
        search.found = most + 1 if few is None else few
    return search.found


def spell_walk(walk: Walk, after: Position, *, need: int) -> Statement:
    """Return the statement of the next rows as the indexes give them: what is needed, or passes among the next `far`."""
    behind, values = pass_by(walk, after)
    source = spell_stretch(walk, behind, length=walk.far if walk.filtered else need)
    return f"SELECT {walk.columns}, {walk.order.columns} {source} ORDER BY {walk.order.clause} LIMIT {need}", values


def spell_stretch(walk: Walk, behind: str, *, length: int) -> str:
    """Return what follows the columns of those that pass among the first rows behind a position."""
    ordered = f"ORDER BY {walk.order.clause} LIMIT {length}"
    stretch = " UNION ALL ".join(
        f"(SELECT r.* FROM {walk.table} WHERE {walk.scope} AND {part}{behind} {ordered})" for part in walk.parts
    )
    return f"FROM (SELECT * FROM ({stretch}) r {ordered}) r {f'WHERE {walk.judging}' if walk.filtered else ''}"


def spell_gathering(walk: Walk, after: Position, *, need: int) -> Statement:
    """Return the statement of the next rows out of all that pass, sorted."""
    behind, values = pass_by(walk, after)
    ordered = f"ORDER BY {walk.order.clause}"
    statement = f"""
    WITH passing AS MATERIALIZED (SELECT {", ".join(key for key, _ in walk.order.keys)} {walk.passing_rows}{behind})
    SELECT {walk.columns}, {walk.order.columns} FROM {walk.table}
    WHERE r.id IN (SELECT r.id FROM passing r {ordered} LIMIT {need}) {ordered}"""
    return statement, values


def pass_by(walk: Walk, after: Position) -> tuple[str, list[Any]]:
    """Return the further condition that a row stands behind the position, and all values."""
    if after is None:
        return "", walk.values
    return f" AND {walk.order.begin_after(len(walk.values) + 1)}", [*walk.values, *after]


async def count_passing(connection: BaseDBAsyncClient, walk: Walk) -> int | None:
    """Return how many rows pass; nothing above 10,000 where no counter knows."""
    if not walk.parts or walk.passing is not None:
        return walk.passing or 0
    if walk.search and walk.search.query.broad and (walk.size is None or walk.size > walk.far):
        stretch = spell_stretch(walk, "", length=2 * COUNTED_UP_TO)
        if await count_rows(connection, stretch, walk.values) is None:
            return None
    return await count_rows(connection, walk.passing_rows, walk.values)
