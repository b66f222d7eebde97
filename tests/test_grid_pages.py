"""Promises about the grid and the citizens' list, against the same filter, search and sort in plain Python."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage.cast import Town, found_town
from stage.finding import ADDRESSES, MANY, SEARCHED, bare, finds
from stage.rows import Someone, seat

from tocsin.citizens import list_citizens
from tocsin.database import get_database
from tocsin.errors import BadInput
from tocsin.grid import GridFilter, RecipientSort
from tocsin.grid_counts import read_counts
from tocsin.grid_pages import list_recipients, plan_walk
from tocsin.pages import PageRequest
from tocsin.statuses import DeliveryStatus
from tocsin.walks import read_rows, spell_gathering, spell_walk
from tocsin.words import Channel, Outcome

KEY = bytes(range(64))
S = DeliveryStatus

NAMES = st.sampled_from(MANY)
EMAILS = st.none() | st.sampled_from([address for address in ADDRESSES if "@" in address])
PHONES = st.none() | st.sampled_from([address for address in ADDRESSES if "@" not in address])
REPORTED = [
    st.sampled_from([None, S.CALL_BUSY, S.CALL_COMPLETED]),
    st.sampled_from([None, S.SMS_SENT, S.SMS_RECEIVED, S.SMS_FAILED]),
    st.sampled_from([None, S.EMAIL_SENT, S.EMAIL_OPENED]),
]
STATUSES = st.tuples(*REPORTED).map(lambda found: tuple(status for status in found if status is not None))
PEOPLE = st.lists(
    st.builds(Someone, NAMES, NAMES, EMAILS, PHONES, st.sampled_from(Outcome), STATUSES, st.integers(1, 4)), max_size=24
)
SEARCHES = st.one_of(
    st.none(), st.sampled_from(SEARCHED), st.text(st.sampled_from("eÉoc'\\ :&|!*()<->@.%_04"), max_size=6)
)
FILTERS = st.builds(
    GridFilter,
    st.none() | st.lists(st.sampled_from(Outcome), max_size=4),
    st.just(None),
    st.none()
    | st.lists(st.sampled_from([S.CALL_BUSY, S.SMS_SENT, S.SMS_RECEIVED, S.EMAIL_OPENED, S.CALL_FAX]), max_size=3),
    SEARCHES,
) | st.builds(
    GridFilter, st.none() | st.lists(st.sampled_from(Outcome), max_size=2), st.sampled_from(Channel), search=SEARCHES
)


def passes(someone: Someone, chosen: GridFilter) -> bool:
    """Whether a row passes a filter."""
    channels = {status.channel for status in someone.statuses}
    return (
        (chosen.outcomes is None or someone.outcome in chosen.outcomes)
        and (chosen.channel is None or chosen.channel in channels)
        and (chosen.statuses is None or any(status in chosen.statuses for status in someone.statuses))
        and finds(chosen.search, [someone.first, someone.last], [someone.email, someone.phone])
    )


Ranked = tuple[Someone, UUID]
RANKS: dict[RecipientSort, Callable[[Ranked], tuple[Any, ...]]] = {
    RecipientSort.LAST_NAME: lambda row: (bare(row[0].last), bare(row[0].first), row[1]),
    RecipientSort.FIRST_NAME: lambda row: (bare(row[0].first), bare(row[0].last), row[1]),
    RecipientSort.OUTCOME: lambda row: (row[0].outcome, bare(row[0].last), bare(row[0].first), row[1]),
    RecipientSort.RECENTLY_CHANGED: lambda row: (-row[0].version, -row[1].int),
}


@dataclass
class Seated:
    """A communication's key and its rows."""

    town: Town
    id: UUID
    rows: list[Ranked]

    def expect(self, chosen: GridFilter, sort: RecipientSort) -> list[UUID]:
        passing = [row for row in self.rows if passes(row[0], chosen)]
        return [key for _, key in sorted(passing, key=RANKS[sort])]

    async def walk(self, chosen: GridFilter, sort: RecipientSort, size: int) -> list[UUID]:
        """Read the grid page by page to its end; every page tells how many rows there are."""
        found: list[UUID] = []
        total = len(self.expect(chosen, sort))
        after = None
        while True:
            request = PageRequest(size, after, counted=True)
            grid = await list_recipients(
                self.town.municipality.id, self.id, chosen, sort=sort, request=request, key=KEY
            )
            assert grid.page.begun == (after is not None)
            assert grid.page.total == total
            assert len(grid.page.rows) == size or not grid.page.more
            found += [row.id for _, row in grid.page.rows]
            if not grid.page.more:
                return found
            after = grid.page.rows[-1][0]


@pytest.fixture
async def towns(database: str) -> list[Town]:
    """The town that is asked about, and another; a communication of each lies between what is asked for."""
    towns = [await found_town("sainte-rive"), await found_town("port-alder")]
    for town in towns:
        await seat(
            town, [Someone(*names, "eve@exemple.test", "+14185550101") for names in product(MANY[:6], MANY[1:6])]
        )
    return towns


async def seat_everybody(towns: list[Town], people: Sequence[Someone]) -> Seated:
    """Send a communication of the town that is asked about to these people."""
    key, recipients = await seat(towns[0], people)
    return Seated(towns[0], key, list(zip(people, recipients, strict=True)))


quickly = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
thoroughly = settings(quickly, max_examples=1_500)


@pytest.mark.parametrize("sort", RecipientSort)
@quickly
@given(people=PEOPLE, chosen=FILTERS, size=st.integers(2, 9))
async def test_pages_hold_every_row_that_passes_once_and_in_order(
    towns: list[Town], sort: RecipientSort, people: list[Someone], chosen: GridFilter, size: int
) -> None:
    seated = await seat_everybody(towns, people)
    assert await seated.walk(chosen, sort, size) == seated.expect(chosen, sort)


@pytest.mark.proof
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("sort", RecipientSort)
@thoroughly
@given(people=PEOPLE, chosen=FILTERS, size=st.integers(2, 9))
async def test_pages_hold_every_row_that_passes_once_and_in_order_at_length(
    towns: list[Town], sort: RecipientSort, people: list[Someone], chosen: GridFilter, size: int
) -> None:
    seated = await seat_everybody(towns, people)
    assert await seated.walk(chosen, sort, size) == seated.expect(chosen, sort)


BY_ONE_WALK = [sort for sort in RecipientSort if sort is not RecipientSort.OUTCOME]


@pytest.mark.parametrize("sort", BY_ONE_WALK)
@quickly
@given(people=PEOPLE, chosen=FILTERS, need=st.integers(1, 9), far=st.integers(1, 30), place=st.integers(0, 23))
async def test_walking_gathering_and_whichever_is_chosen_give_the_same_rows(
    towns: list[Town], sort: RecipientSort, people: list[Someone], chosen: GridFilter, need: int, far: int, place: int
) -> None:
    seated = await seat_everybody(towns, people)
    connection = get_database()
    counts = await read_counts(connection, towns[0].municipality.id, seated.id)
    assert counts is not None
    walk = plan_walk(seated.id, chosen, counts, sort=sort)
    expected = seated.expect(chosen, sort)
    after = await locate(seated, sort, expected[place]) if place < len(expected) else None
    rest = expected[place + 1 if after else 0 :][:need]
    assert keys_of(await read_rows(connection, replace(walk, far=far), after, need=need)) == rest
    assert (
        keys_of(await read_rows(connection, replace(walk, far=far, size=None, passing=None), after, need=need)) == rest
    )
    if walk.parts:
        assert keys_of(await connection.execute_query_dict(*spell_gathering(walk, after, need=need))) == rest
        assert keys_of(await connection.execute_query_dict(*spell_walk(walk, after, need=need))) == rest


async def locate(seated: Seated, sort: RecipientSort, key: UUID) -> list[str]:
    """The position of a row, as its cursor holds it."""
    [someone] = [someone for someone, found in seated.rows if found == key]
    if sort is RecipientSort.RECENTLY_CHANGED:
        return [str(someone.version), str(key)]
    names = [bare(someone.last), bare(someone.first)]
    return [*(names if sort is RecipientSort.LAST_NAME else reversed(names)), str(key)]


def keys_of(rows: list[dict[str, Any]]) -> list[UUID]:
    return [row["id"] for row in rows]


HOSTILE = [
    "'", "''", "\\", "\\'", "a' & 'b", "':*", "!a", "a | b", "<->", "(((", "a:*", "a:A", "$1", "%s", "{}", "; DROP TABLE citizen",
    "\u202eevE", "\u200f\u202bمحمد", "\ufffd", "é" * 200, "ﷺ" * 200, "㌖" * 200, "a" * 200, "a b " * 50, "\t\n\r", "-_-", "@@@",
    "𝓔𝓿𝓮", "ＥＶＥ", "ﬃ" * 200, "\u0301\u0301", "1" * 200, "٤١٨",
]  # fmt: skip


async def test_a_hostile_search_finds_what_it_says_and_harms_nothing(towns: list[Town]) -> None:
    people = [
        Someone("Eve", "Côté", "eve@exemple.test", "+14185550101"),
        Someone("a", "b", None, "+14185550102"),
        Someone("محمد", "'\\"),
    ]
    seated = await seat_everybody(towns, people)
    for search, sort in product(HOSTILE, RecipientSort):
        chosen = GridFilter(search=search)
        assert await seated.walk(chosen, sort, 2) == seated.expect(chosen, sort), search


async def test_a_search_that_cannot_be_one_is_refused(towns: list[Town]) -> None:
    seated = await seat_everybody(towns, [Someone("Eve", "Côté")])
    for search in ("\0", "a\0b", "\ud800", "a" * 201):
        with pytest.raises(BadInput) as refused:
            await seated.walk(GridFilter(search=search), RecipientSort.LAST_NAME, 5)
        assert refused.value.field == "filter.search"
        with pytest.raises(BadInput) as refused:
            await list_citizens(towns[0].municipality.id, search, request=PageRequest(5), key=KEY)
        assert refused.value.field == "search"
