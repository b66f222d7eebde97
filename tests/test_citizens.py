"""Promises about the list of citizens: paged in order, searched by whatever they are called and reached by now."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from import_town import ALINE, BRUNO, found_import_town
from stage.cast import Town, found_town, make_citizen
from stage.finding import ADDRESSES, MANY, SEARCHED, bare, finds

from tocsin.citizens import list_citizens, refresh_citizen_words
from tocsin.database import get_database
from tocsin.folding import fold_name
from tocsin.identifiers import make_id
from tocsin.pages import PageRequest
from tocsin.records.people import Citizen, ContactPoint, Municipality
from tocsin.transactions import in_transaction
from tocsin.words import Channel

KEY = bytes(range(64))
Person = tuple[str, str, list[str]]
NAMES = st.sampled_from(MANY)
POINTS = st.lists(st.sampled_from(ADDRESSES), max_size=3, unique=True)
PEOPLE: st.SearchStrategy[list[Person]] = st.lists(st.tuples(NAMES, NAMES, POINTS), max_size=14)
SEARCHES = st.none() | st.sampled_from(SEARCHED)


async def settle(town: Town, people: Sequence[Person]) -> list[Citizen]:
    """Settle these people and no others."""
    await Citizen.filter(municipality_id=town.municipality.id).delete()
    citizens = [make_citizen(town, first, last) for first, last, _ in people]
    await Citizen.bulk_create(citizens)
    await reach(citizens, people)
    await refresh(citizens)
    return citizens


async def reach(citizens: Sequence[Citizen], people: Sequence[Person]) -> None:
    """Give each of them the addresses that he has now."""
    await ContactPoint.filter(citizen_id__in=[citizen.id for citizen in citizens]).delete()
    await ContactPoint.bulk_create(
        ContactPoint(
            id=make_id(), citizen_id=citizen.id, address=address, channels=[Channel.EMAIL if "@" in address else Channel.SMS]
        )
        for citizen, (_, _, addresses) in zip(citizens, people, strict=True)
        for address in addresses
    )  # fmt: skip


async def refresh(citizens: Sequence[Citizen]) -> None:
    async with in_transaction() as connection:
        await refresh_citizen_words(connection, [citizen.id for citizen in citizens])


async def walk(municipality_id: UUID, search: str | None, size: int = 3) -> tuple[list[UUID], set[int | None]]:
    """Read the list page by page to its end: whom it holds, and how many it says there are."""
    found: list[UUID] = []
    totals: set[int | None] = set()
    after = None
    while True:
        page = await list_citizens(municipality_id, search, request=PageRequest(size, after, counted=True), key=KEY)
        found += [row.id for _, row in page.rows]
        totals.add(page.total)
        if not page.more:
            return found, totals
        after = page.rows[-1][0]


def expect(citizens: Sequence[Citizen], people: Sequence[Person], search: str | None) -> list[UUID]:
    passing = [
        (bare(last), bare(first), citizen.id)
        for citizen, (first, last, addresses) in zip(citizens, people, strict=True)
        if finds(search, [first, last], addresses)
    ]
    return [key for _, _, key in sorted(passing)]


@pytest.fixture
async def town(database: str) -> Town:
    """Sainte-Rive, beside a town where the same people live."""
    await settle(await found_town("port-alder"), [(first, "Côté", ADDRESSES) for first in MANY])
    return await found_town("sainte-rive")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, search=SEARCHES, size=st.integers(1, 6))
async def test_pages_hold_everybody_whom_the_search_finds_once_and_in_order(
    town: Town, people: list[Person], search: str | None, size: int
) -> None:
    citizens = await settle(town, people)
    expected = expect(citizens, people, search)
    assert await walk(town.municipality.id, search, size) == (expected, {len(expected)})


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=PEOPLE, changed=st.data(), search=SEARCHES)
async def test_whoever_has_changed_is_found_as_he_is_now(
    town: Town, before: list[Person], changed: st.DataObject, search: str | None
) -> None:
    citizens = await settle(town, before)
    after = changed.draw(st.lists(st.tuples(NAMES, NAMES, POINTS), min_size=len(before), max_size=len(before)))
    for citizen, (first, last, _) in zip(citizens, after, strict=True):
        await Citizen.filter(id=citizen.id).update(
            first_name=first, last_name=last, first_name_key=fold_name(first), last_name_key=fold_name(last)
        )
    await reach(citizens, after)
    await refresh(citizens)
    expected = expect(citizens, after, search)
    assert await walk(town.municipality.id, search) == (expected, {len(expected)})


async def test_an_import_lets_everybody_be_found_and_a_second_one_as_they_are_then(
    database: str, tmp_path: Path
) -> None:
    town = await found_import_town(tmp_path)
    [municipality] = await Municipality.all()
    await town.take(ALINE, BRUNO)
    for search, number in {
        "tremb": 1,
        "COTE": 1,
        "aline@ex": 1,
        "5550142": 1,
        "0143": 1,
        "555": 2,
        "(418) 555": 2,
        "x": 0,
    }.items():
        assert len((await walk(municipality.id, search))[0]) == number, search
    await town.take(ALINE.replace("Tremblay", "Gagné").replace("555-0142", "555-0199"))
    for search, number in {"tremb": 0, "gagne": 1, "5550142": 0, "5550199": 1, "aline": 1}.items():
        assert len((await walk(municipality.id, search))[0]) == number, search


async def test_the_words_of_a_citizen_go_with_him(town: Town) -> None:
    [citizen] = await settle(town, [("Ève", "Côté", ADDRESSES)])
    await Citizen.filter(id=citizen.id).delete()
    [left] = await get_database().execute_query_dict(
        "SELECT count(*) AS n FROM citizen_search WHERE citizen_id = $1", [citizen.id]
    )
    assert left["n"] == 0


async def test_unchanged_words_are_not_written_again(town: Town) -> None:
    citizens = await settle(town, [("Ève", "Côté", ADDRESSES)])
    versions = "SELECT xmin::text AS version FROM citizen_search"
    before = await get_database().execute_query_dict(versions)
    await refresh(citizens)
    assert await get_database().execute_query_dict(versions) == before
