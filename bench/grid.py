"""Pages of 50 of the grid and of the citizens, in a town of 1,000,000 against one of 10,000, interleaved in one run.

What is promised is a ratio: by name, unfiltered or by outcome, at most twice as long. The rest has a ceiling.
"""

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any
from uuid import UUID

from grid_town import RARE, BenchTown, stage_towns
from ground import make_database, run_postgres
from table import Row, give

from tocsin.citizens import list_citizens
from tocsin.database import get_database, open_database
from tocsin.grid import GridFilter, RecipientSort
from tocsin.grid_pages import ORDERS, list_recipients, make_codec
from tocsin.pages import PageRequest
from tocsin.pictures import read_tally
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel, Outcome

KEY = b"bench" * 12 + b"1234"
SMALL = 10_000
PROMISED = 2.0
PLACES = {"first": 0.0, "middle": 0.5, "last": 1.0}
SLICES: dict[str, tuple[Outcome, ...] | None] = {
    "all": None,
    **{outcome.name.lower(): (outcome,) for outcome in Outcome},
    **{" or ".join(outcome.name.lower() for outcome in pair): pair for pair in combinations(Outcome, 2)},
}
STATUSES = (
    DeliveryStatus.SMS_RECEIVED,
    DeliveryStatus.SMS_UNDELIVERED,
    DeliveryStatus.EMAIL_SPAM,
    DeliveryStatus.CALL_FAX,
)
SEARCHES = (
    "a",
    "al",
    "trem",
    "tremblay",
    "tremblay aline",
    "trem al 418",
    "citizen77",
    "citizen777",
    "4185550142",
    "418",
    "1418",
    "0142",
    "zz",
)

Ask = Callable[[BenchTown], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to measure: the group whose ceiling it belongs to, its name, and how a town is asked."""

    group: str
    name: str
    ask: Ask


def ask_grid(
    chosen: GridFilter, sort: RecipientSort = RecipientSort.LAST_NAME, place: float = 0.0, *, counted: bool = False
) -> Ask:
    """Return how a page at a place of the grid is asked for; the cursor of the place is found once, outside of what is measured."""
    cursors: dict[UUID, str | None] = {}

    async def ask(town: BenchTown) -> Any:
        if town.communication_id not in cursors:
            cursors[town.communication_id] = await find_cursor(town, chosen, sort, place)
        request = PageRequest(50, cursors[town.communication_id], counted=counted)
        return await list_recipients(
            town.municipality_id, town.communication_id, chosen, sort=sort, request=request, key=KEY
        )

    return ask


async def find_cursor(town: BenchTown, chosen: GridFilter, sort: RecipientSort, place: float) -> str | None:
    """Return the cursor before a page at this place among the rows of the outcomes chosen."""
    order = ORDERS[sort]
    source = "FROM recipient r WHERE r.communication_id = $1 AND r.outcome = ANY($2::int[])"
    values = [town.communication_id, [int(outcome) for outcome in chosen.slices]]
    [counted] = await get_database().execute_query_dict(f"SELECT count(*) AS n {source}", values)
    offset = int(max(0, counted["n"] - 50) * place)
    if offset == 0:
        return None
    statement = f"SELECT {order.columns} {source} ORDER BY {order.clause} OFFSET {offset - 1} LIMIT 1"
    [row] = await get_database().execute_query_dict(statement, values)
    return make_codec(town.municipality_id, town.communication_id, sort, key=KEY).encode(order.locate(row))


def ask_citizens(search: str | None, *, counted: bool = False) -> Ask:
    """Return how the first page of the citizens is asked for."""
    return lambda town: list_citizens(town.municipality_id, search, request=PageRequest(50, counted=counted), key=KEY)


def list_cases() -> Iterator[Case]:
    """Yield everything that is measured, what is promised first."""
    yield Case(
        "statistics", "the counts of a communication", lambda town: read_tally(get_database(), town.communication_id)
    )
    for sort, (title, outcomes), (place, share) in product(RecipientSort, SLICES.items(), PLACES.items()):
        by_name = sort in (RecipientSort.LAST_NAME, RecipientSort.FIRST_NAME)
        group = "by name" if by_name else f"by {sort.name.lower().replace('_', ' ')}"
        yield Case(group, f"{sort.name.lower()}, {title}, {place}", ask_grid(GridFilter(outcomes), sort, share))
    for search in SEARCHES:
        yield from list_searches(search)
    for status, sort in product(STATUSES, (RecipientSort.LAST_NAME, RecipientSort.RECENTLY_CHANGED)):
        narrowed = GridFilter(channel=status.channel, statuses=(status,))
        yield Case("status", f"{status.name}, {sort.name.lower()}", ask_grid(narrowed, sort))
    for channel in Channel:
        yield Case("channel", channel.name, ask_grid(GridFilter(channel=channel)))
    rare = GridFilter(statuses=(DeliveryStatus.SMS_UNDELIVERED, DeliveryStatus.EMAIL_REJECTED))
    yield Case("status", "either of two rare ones, counted", ask_grid(rare, counted=True))
    yield Case("citizens", "first", ask_citizens(None))


def list_searches(search: str) -> Iterator[Case]:
    """Yield the ways in which one search is asked for."""
    for sort in RecipientSort:
        yield Case("search", f"'{search}', {sort.name.lower()}", ask_grid(GridFilter(search=search), sort))
    for outcome in Outcome:
        chosen = GridFilter((outcome,), search=search)
        yield Case("search with outcome", f"'{search}', {outcome.name.lower()}", ask_grid(chosen))
    yield Case("search, counted", f"'{search}'", ask_grid(GridFilter(search=search), counted=True))
    yield Case("citizens, search", f"'{search}'", ask_citizens(search))
    yield Case("citizens, search", f"'{search}', counted", ask_citizens(search, counted=True))


async def time_case(case: Case, towns: list[BenchTown], rounds: int) -> list[float]:
    """Return the median seconds of each town's answers, asked by turns so that what else this machine does slows both."""
    taken: list[list[float]] = [[] for _ in towns]
    for _ in range(rounds):
        for town, seconds in zip(towns, taken, strict=True):
            begun = time.perf_counter()
            await case.ask(town)
            seconds.append(time.perf_counter() - begun)
    return [statistics.median(seconds) for seconds in taken]


async def measure(url: str, rows: int, rounds: int) -> dict[str, list[tuple[str, float, float]]]:
    """Return by group what each case took in the small and in the large town."""
    begun = time.perf_counter()
    towns = await stage_towns(url, [min(SMALL, rows), rows])
    print(f"staged in {time.perf_counter() - begun:.0f} s", flush=True)
    groups: dict[str, list[tuple[str, float, float]]] = {}
    async with open_database(url):
        for case in list_cases():
            small, large = await time_case(case, towns, rounds)
            groups.setdefault(case.group, []).append((case.name, small, large))
    return groups


def report(groups: dict[str, list[tuple[str, float, float]]], rows: int, *, rounds: int, every: bool) -> None:
    """Print the table, and give the rows that a promise is about."""
    print(f"a page of 50 out of {rows:,} : out of {SMALL:,} ({os.cpu_count()} cores, {RARE} rows not contacted)")
    for group, cases in groups.items():
        ratios = [large / small for _, small, large in cases]
        name, _, slowest = max(cases, key=lambda case: case[2])
        line = f"  {group:20} {len(cases):3} cases   ratio median {statistics.median(ratios):6.2f}  worst {max(ratios):7.2f}"
        print(f"{line}   slowest {slowest * 1000:7.1f} ms ({name})")
        for title, small, large in cases if every else ():
            print(f"      {title:50} {small * 1000:8.2f} ms {large * 1000:8.2f} ms   {large / small:6.2f}")
    worst = max(large / small for _, small, large in groups["by name"])
    slowest = max(large for _, _, large in groups["by name"]) * 1_000
    [(_, small, large)] = groups["statistics"]
    name, against = f"grid page at {rows:,} by name, the slowest", f"the worst ratio to the same page at {SMALL:,}"
    give(
        [
            Row(f"statistics at {rows:,}", large * 1_000, "ms", large / small, f"at {SMALL:,}", rounds=rounds),
            Row(name, slowest, "ms", worst, against, PROMISED, most=True, rounds=rounds),
        ]
    )


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="recipients of the large town")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--every", action="store_true", help="print every case, not only each group's")
    return parser


def main() -> None:
    options = make_parser().parse_args()
    with run_postgres() as postgres:
        groups = asyncio.run(measure(make_database(postgres, "bench"), options.rows, options.rounds))
    report(groups, options.rows, rounds=options.rounds, every=options.every)


if __name__ == "__main__":
    main()
