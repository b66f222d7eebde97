"""Reading a page of a grid: its filter and order as walks along the indexes of recipients. Imports grid, its counts, walks.

By name each outcome is an index's, in order; so is the whole by its last change. Filters are judged row by row or gathered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.grid import COLUMNS, GridFilter, RecipientRow, RecipientSort, read_row
from tocsin.grid_counts import GridCounts, read_counts
from tocsin.pages import CursorCodec, Order, Page, PageRequest, make_page
from tocsin.search import WordIndex, make_query
from tocsin.transactions import hold_snapshot
from tocsin.walks import Position, Rows, Walk, count_passing, read_rows
from tocsin.words import Channel, Outcome

LAST, FIRST, ID = ("r.last_name_key", "text"), ("r.first_name_key", "text"), ("r.id", "uuid")
BY_LAST_NAME = Order("last name", (LAST, FIRST, ID))
ORDERS = {
    RecipientSort.LAST_NAME: BY_LAST_NAME,
    RecipientSort.FIRST_NAME: Order("first name", (FIRST, LAST, ID)),
    RecipientSort.OUTCOME: Order("outcome", (("r.outcome", "int2"), *BY_LAST_NAME.keys)),
    RecipientSort.RECENTLY_CHANGED: Order("change", (("r.version", "int4"), ID), descending=True),
}

BEST = {Channel.CALL: "r.call_best", Channel.SMS: "r.sms_best", Channel.EMAIL: "r.email_best"}
RECIPIENT_WORDS = WordIndex("recipient_search", "recipient_id")


@dataclass(frozen=True, slots=True)
class Grid:
    """A page of recipients and the version of the communication in the same moment."""

    page: Page[RecipientRow]
    version: int


async def list_recipients(
    municipality_id: UUID,
    communication_id: UUID,
    chosen: GridFilter,
    *,
    sort: RecipientSort,
    request: PageRequest,
    key: bytes,
) -> Grid:
    """Return a page of the grid, all of it of one moment; an empty one where nothing has been sent."""
    codec = make_codec(municipality_id, communication_id, sort, key=key)
    after = codec.decode(request.after) if request.after is not None else None
    async with hold_snapshot() as connection:
        counts = await read_counts(connection, municipality_id, communication_id)
        if counts is None:
            return Grid(make_page([], request, codec=codec, total=0 if request.counted else None), 0)
        walk = plan_walk(communication_id, chosen, counts, sort=sort)
        total = await count_passing(connection, walk) if request.counted else None
        if sort is RecipientSort.OUTCOME:
            slices = {outcome: counts.slices[outcome] for outcome in chosen.slices}
            found = await read_by_outcome(connection, walk, slices, after=after, need=request.first + 1)
        else:
            found = locate(walk, await read_rows(connection, walk, after, need=request.first + 1))
    rows = [(keys, read_row(row)) for keys, row in found]
    return Grid(make_page(rows, request, codec=codec, total=total), counts.version)


def make_codec(municipality_id: UUID, communication_id: UUID, sort: RecipientSort, *, key: bytes) -> CursorCodec:
    """Return what seals the positions of one grid in one order."""
    return CursorCodec(key, f"recipients/{municipality_id}/{communication_id}/{ORDERS[sort].name}")


def plan_walk(communication_id: UUID, chosen: GridFilter, counts: GridCounts, *, sort: RecipientSort) -> Walk:
    """Return the walk to the rows that pass; the order by outcome walks by name, one outcome after another."""
    recent = sort is RecipientSort.RECENTLY_CHANGED
    order = BY_LAST_NAME if sort is RecipientSort.OUTCOME else ORDERS[sort]
    walk = Walk(COLUMNS, "recipient r", order, "r.communication_id = $1", [communication_id])
    walk.passing = counts.count(chosen)
    walk.size = sum(counts.slices.values()) if recent else counts.count_slices(chosen)
    walk.parts = [f"r.outcome = {outcome:d}" for outcome in chosen.slices]
    if recent and walk.parts:
        if len(walk.parts) < len(Outcome):
            walk.conditions.append(f"({' OR '.join(walk.parts)})")
        walk.parts = ["r.outcome IS NOT NULL"]
    demand_channel(walk, chosen)
    if words := chosen.words:
        walk.demand_words(RECIPIENT_WORDS, make_query(communication_id, words))
    return walk


def demand_channel(walk: Walk, chosen: GridFilter) -> None:
    """Narrow by the channel that was tried, and by the best status on it; without a channel, on any."""
    columns = [BEST[chosen.channel]] if chosen.channel else list(BEST.values())
    if chosen.statuses is not None:
        either = " OR ".join(f"{column} % 1000 = ANY({{0}}::int[])" for column in columns)
        walk.demand(f"({either})", [int(status) for status in chosen.statuses])
    elif chosen.channel:
        walk.conditions.append(f"{BEST[chosen.channel]} IS NOT NULL")


Located = list[tuple[Sequence[object], dict[str, Any]]]
"""Rows behind the values of their sort keys."""


def locate(walk: Walk, rows: Rows) -> Located:
    return [(walk.order.locate(row), row) for row in rows]


async def read_by_outcome(
    connection: BaseDBAsyncClient, walk: Walk, slices: Mapping[Outcome, int], *, after: Position, need: int
) -> Located:
    """Return the next rows of one outcome after another, whose sizes are given; a position begins with its outcome."""
    found: Located = []
    begun = Outcome(int(after[0])) if after else None
    for outcome, size in slices.items():
        if len(found) < need and (begun is None or outcome >= begun):
            part = replace(walk, parts=[f"r.outcome = {outcome:d}"], size=size)
            behind = after[1:] if after and outcome is begun else None
            rows = await read_rows(connection, part, behind, need=need - len(found))
            found += [([int(outcome), *keys], row) for keys, row in locate(part, rows)]
    return found
