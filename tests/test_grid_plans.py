"""Promises about what a page costs: whatever the size of the grid, it reads as many rows as it shows."""

import json
from collections.abc import AsyncIterator, Iterator
from itertools import combinations, product
from typing import Any

import pytest
from grid_town import RARE, BenchTown, stage_towns
from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.citizens import plan_citizens
from tocsin.database import get_database, open_database
from tocsin.grid import GridFilter, RecipientSort
from tocsin.grid_counts import GridCounts, read_counts
from tocsin.grid_pages import list_recipients, plan_walk
from tocsin.live import changes
from tocsin.pages import COUNTED_UP_TO, PageRequest
from tocsin.statuses import DeliveryStatus
from tocsin.walks import Position, Statement, Walk, look_up, spell_gathering, spell_walk
from tocsin.words import Channel, Outcome

LARGE = COUNTED_UP_TO + 200
NEED = 51
Node = dict[str, Any]
SLICES = [None, *((outcome,) for outcome in Outcome), *combinations(Outcome, 2)]


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[BenchTown]:
    """The larger of two towns whose people have the same names."""
    _, large = await stage_towns(database_url, [500, LARGE])
    async with open_database(database_url):
        yield large


async def explain(statement: Statement) -> list[Node]:
    """Run a statement and return what its plan did, node by node."""
    text, values = statement
    [row] = await get_database().execute_query_dict(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", values)
    plan = row["QUERY PLAN"]
    return list(unfold((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))


def unfold(node: Node) -> Iterator[Node]:
    yield node
    for part in node.get("Plans", ()):
        yield from unfold(part)


def find_scans(nodes: list[Node]) -> list[Node]:
    return [
        node for node in nodes if "Scan" in node["Node Type"] and node["Node Type"] not in ("Subquery Scan", "CTE Scan")
    ]


def count_read(nodes: list[Node]) -> int:
    """How many rows the scans gave."""
    return sum(int(node["Actual Rows"] * node["Actual Loops"]) for node in find_scans(nodes))


async def locate(connection: BaseDBAsyncClient, town: BenchTown, walk: Walk, share: float) -> Position:
    """The position of the row that this share of the walk lies before."""
    source = f"FROM {walk.table} WHERE {walk.scope} AND ({' OR '.join(walk.parts)})"
    [counted] = await connection.execute_query_dict(f"SELECT count(*) AS n {source}", walk.values[:1])
    offset = int((counted["n"] - 1) * share)
    ordered = f"SELECT {walk.order.columns} {source} ORDER BY {walk.order.clause} OFFSET {offset} LIMIT 1"
    [row] = await connection.execute_query_dict(ordered, walk.values[:1])
    return [str(key) for key in walk.order.locate(row)]


async def read_counters(town: BenchTown) -> GridCounts:
    counts = await read_counts(get_database(), town.municipality_id, town.communication_id)
    assert counts is not None
    return counts


async def test_by_name_and_outcome_a_page_reads_what_it_shows_wherever_it_stands(town: BenchTown) -> None:
    counts = await read_counters(town)
    for sort in (RecipientSort.LAST_NAME, RecipientSort.FIRST_NAME):
        index = f"recipient_by_{sort.name.lower()}"
        for outcomes in SLICES:
            walk = plan_walk(town.communication_id, GridFilter(outcomes), counts, sort=sort)
            for share in (None, 0.5, 0.95):
                after = None if share is None else await locate(get_database(), town, walk, share)
                nodes = await explain(spell_walk(walk, after, need=NEED))
                assert count_read(nodes) <= NEED + len(walk.parts), (sort, outcomes, share)
                assert {scan.get("Index Name") for scan in find_scans(nodes)} == {index}, (sort, outcomes, share)
                assert not any("Sort" in node["Node Type"] for node in nodes), (sort, outcomes, share)


async def test_by_the_last_change_a_page_reads_what_it_shows(town: BenchTown) -> None:
    counts = await read_counters(town)
    walk = plan_walk(town.communication_id, GridFilter(), counts, sort=RecipientSort.RECENTLY_CHANGED)
    for share in (None, 0.5, 0.95):
        after = None if share is None else await locate(get_database(), town, walk, share)
        nodes = await explain(spell_walk(walk, after, need=NEED))
        assert count_read(nodes) <= NEED
        assert {scan.get("Index Name") for scan in find_scans(nodes)} == {"recipient_by_version"}
        assert not any("Sort" in node["Node Type"] for node in nodes)


async def test_what_changed_since_a_version_is_read_in_order(town: BenchTown) -> None:
    nodes = await explain((changes.ROWS, [town.communication_id, 3]))
    assert {scan.get("Index Name") for scan in find_scans(nodes)} == {"recipient_by_version"}
    assert not any("Sort" in node["Node Type"] for node in nodes)


async def test_a_search_reads_the_words_of_its_own_communication_alone(town: BenchTown) -> None:
    counts = await read_counters(town)
    walk = plan_walk(town.communication_id, GridFilter(search="tremblay al"), counts, sort=RecipientSort.LAST_NAME)
    assert walk.search is not None
    found = await look_up(get_database(), walk.search, most=walk.far)
    assert 0 < found < LARGE / 10
    nodes = await explain(spell_gathering(walk, None, need=NEED))
    [scan] = [node for node in nodes if node.get("Index Name") == "recipient_search_words"]
    assert scan["Actual Rows"] == found
    assert not any(node["Node Type"] == "Seq Scan" for node in nodes)


async def test_a_search_that_many_rows_pass_reads_no_more_than_it_passes_over(town: BenchTown) -> None:
    counts = await read_counters(town)
    walk = plan_walk(town.communication_id, GridFilter(search="418"), counts, sort=RecipientSort.FIRST_NAME)
    nodes = await explain(spell_walk(walk, None, need=NEED))
    assert count_read(nodes) <= 2 * (NEED + len(walk.parts)), "each row, and its words"


async def test_the_first_page_of_the_citizens_reads_what_it_shows(town: BenchTown) -> None:
    walk = plan_citizens(town.municipality_id, None)
    for share in (None, 0.5, 0.95):
        after = None if share is None else await locate(get_database(), town, walk, share)
        nodes = await explain(spell_walk(walk, after, need=NEED))
        assert count_read(nodes) <= NEED
        assert {scan.get("Index Name") for scan in find_scans(nodes)} == {"citizen_by_last_name"}
        assert not any("Sort" in node["Node Type"] for node in nodes)


CONTENT = [
    (GridFilter(), LARGE),
    (GridFilter(tuple(Outcome)), LARGE),
    (GridFilter((Outcome.CONTACTED, Outcome.IN_PROGRESS)), LARGE - RARE),
    (GridFilter(channel=Channel.SMS), LARGE),
    (GridFilter(statuses=(DeliveryStatus.SMS_RECEIVED, DeliveryStatus.SMS_SENT)), LARGE - RARE),
    (GridFilter(search="--"), LARGE),
    (GridFilter(search="exemple"), None),
    (GridFilter(search="418"), None),
    (GridFilter((Outcome.CONTACTED, Outcome.IN_PROGRESS), search="418 exemple"), None),
    (GridFilter((Outcome.NOT_CONTACTED,), search="418"), RARE),
    (GridFilter(channel=Channel.CALL), 0),
    (GridFilter((), search="418"), 0),
]


async def test_above_10_000_only_counters_tell_how_many_rows_pass(town: BenchTown) -> None:
    for (chosen, known), sort in product(CONTENT, RecipientSort):
        grid = await list_recipients(
            town.municipality_id, town.communication_id, chosen, sort=sort, request=PageRequest(7, counted=True),
            key=bytes(64),
        )  # fmt: skip
        assert grid.page.total == known, chosen
        assert len(grid.page.rows) == (7 if known is None else min(known, 7)), chosen
