"""Promises about pages: every row exactly once, in order, and no cursor but the list's own."""

import logging
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schema.council import Council, create, read_key, report, send, settle

from tocsin.database import get_database
from tocsin.folding import fold
from tocsin.grid import RecipientSort
from tocsin.statuses import DeliveryStatus

LIST = """query ($first: Int!, $after: String, $search: String, $state: [CommunicationState!]) {
  communications(first: $first, after: $after, search: $search, state: $state) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id title } } } }"""
GRID = """query ($id: ID!, $first: Int!, $after: String, $sort: RecipientSort!, $filter: RecipientFilter) {
  communication(id: $id) { recipients(first: $first, after: $after, sort: $sort, filter: $filter) {
    totalCount version pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { cursor node { id firstName lastName outcome version } } } } }"""

PEOPLE = [
    ("Édith", "Côté", "+14185550101", "edith@exemple.test"),
    ("Denis", "Cote", "+14185550102", None),
    ("Chantal", "roy", "+15145550103", "chantal.roy@exemple.test"),
    ("Bruno", "Roy", None, "b_roy@exemple.test"),
    ("Aline", "Tremblay-Dubé", "+14185550105", None),
    ("Aline", "Tremblay Dube", None, None),
    ("Zoé", "O'Neil", "+14185550107", None),
]


async def stage_grid(council: Council) -> str:
    """Send to everybody of PEOPLE; Denis is reached, Édith's text fails."""
    for first, last, phone, email in PEOPLE:
        await settle(council, first, last, phone=phone, email=email)
    communication = await create(council, channels=["SMS", "EMAIL"])
    await send(council, communication)
    rows = await get_database().execute_query_dict(
        "SELECT d.id, r.first_name FROM delivery d JOIN recipient r ON r.id = d.recipient_id WHERE d.channel = 2"
    )
    texts = {row["first_name"]: f"delivery-{row['id'].hex}" for row in rows}
    await report(texts["Denis"], DeliveryStatus.SMS_RECEIVED)
    await report(texts["Édith"], DeliveryStatus.SMS_FAILED)
    return communication


async def read_grid(council: Council, communication: str, **options: Any) -> dict[str, Any]:
    given = {"id": communication, "first": 50, "sort": "LAST_NAME", **options}
    answer = await council.get(GRID, given)
    page: dict[str, Any] = answer["communication"]["recipients"]
    return page


async def read_whole(council: Council, communication: str, sort: RecipientSort, size: int) -> list[dict[str, Any]]:
    """Walk the grid page by page to its end."""
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        page = await read_grid(council, communication, sort=sort.value, first=size, after=after)
        rows += [edge["node"] for edge in page["edges"]]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


OUTCOMES = ["CONTACTED", "IN_PROGRESS", "NOT_CONTACTED"]
EXPECTED: dict[RecipientSort, Callable[[dict[str, Any]], tuple[Any, ...]]] = {
    RecipientSort.LAST_NAME: lambda row: (fold(row["lastName"]), fold(row["firstName"]), read_key(row["id"])),
    RecipientSort.FIRST_NAME: lambda row: (fold(row["firstName"]), fold(row["lastName"]), read_key(row["id"])),
    RecipientSort.OUTCOME: lambda row: (
        OUTCOMES.index(row["outcome"]), fold(row["lastName"]), fold(row["firstName"]), read_key(row["id"]),
    ),
    RecipientSort.RECENTLY_CHANGED: lambda row: (-row["version"], -read_key(row["id"]).int),
}  # fmt: skip


@pytest.fixture
async def grid(sainte_rive: Council) -> str:
    """A communication that has been sent to PEOPLE."""
    return await stage_grid(sainte_rive)


@settings(max_examples=16, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sort=st.sampled_from(RecipientSort), size=st.integers(1, 9))
async def test_every_row_comes_once_and_in_order_for_every_sort_and_size(
    sainte_rive: Council, grid: str, sort: RecipientSort, size: int
) -> None:
    rows = await read_whole(sainte_rive, grid, sort, size)
    assert len({row["id"] for row in rows}) == len(rows) == len(PEOPLE)
    assert rows == sorted(rows, key=EXPECTED[sort])


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", 7),
        ("cote", 2),
        ("COTÉ", 2),
        ("rÔy", 2),
        ("oy", 0),
        ("aline dub", 2),
        ("tremblay-dubé", 2),
        ("o'neil", 1),
        ("neil", 1),
        ("roy chantal", 1),
        ("b_roy", 1),
        ("b%", 0),
        ("edith@exemple", 1),
        ("exemple.test", 3),
        ("+1 514 555-0103", 1),
        ("(514) 555", 1),
        ("5550105", 1),
        ("0105", 1),
        ("185550", 0),
    ],
)
async def test_search_finds_by_the_beginnings_of_words(
    sainte_rive: Council, grid: str, search: str, expected: int
) -> None:
    page = await read_grid(sainte_rive, grid, filter={"search": search})
    assert page["totalCount"] == len(page["edges"]) == expected


@pytest.mark.parametrize(
    ("narrowed", "names"),
    [
        ({"outcome": ["CONTACTED"]}, ["Denis"]),
        ({"outcome": ["CONTACTED", "NOT_CONTACTED"]}, ["Aline", "Denis"]),
        ({"channel": "EMAIL"}, ["Bruno", "Chantal", "Édith"]),
        ({"status": ["SMS_FAILED", "SMS_RECEIVED"]}, ["Denis", "Édith"]),
        ({"channel": "SMS", "status": ["SMS_FAILED"]}, ["Édith"]),
        ({"outcome": []}, []),
        ({"outcome": ["IN_PROGRESS"], "search": "cote", "channel": "EMAIL"}, ["Édith"]),
    ],
)
async def test_filters_narrow_the_grid(
    sainte_rive: Council, grid: str, narrowed: dict[str, Any], names: list[str]
) -> None:
    page = await read_grid(sainte_rive, grid, filter=narrowed)
    assert sorted((edge["node"]["firstName"] for edge in page["edges"]), key=fold) == names
    assert page["totalCount"] == len(names)


async def test_a_status_of_another_channel_is_refused(sainte_rive: Council, grid: str) -> None:
    given = {"id": grid, "first": 5, "sort": "LAST_NAME", "filter": {"channel": "CALL", "status": ["SMS_SENT"]}}
    assert await sainte_rive.refuse(GRID, given) == ("BAD_INPUT", "filter.status")


async def test_the_grid_tells_the_version_of_its_moment(sainte_rive: Council, grid: str) -> None:
    pie = await sainte_rive.get(
        "query ($id: ID!) { communication(id: $id) { statistics { version total } } }", {"id": grid}
    )
    page = await read_grid(sainte_rive, grid, first=1)
    assert (page["version"], page["totalCount"]) == tuple(pie["communication"]["statistics"].values())
    assert page["version"] == max(
        row["version"] for row in await read_whole(sainte_rive, grid, RecipientSort.LAST_NAME, 9)
    )


async def test_a_draft_has_an_empty_grid(sainte_rive: Council) -> None:
    page = await read_grid(sainte_rive, await create(sainte_rive))
    assert (page["edges"], page["totalCount"], page["version"]) == ([], 0, 0)


@pytest.mark.parametrize("first", [0, -1, 201, 2**31 - 1])
async def test_a_page_has_1_to_200_rows(sainte_rive: Council, grid: str, first: int) -> None:
    assert await sainte_rive.refuse(LIST, {"first": first}) == ("BAD_INPUT", "first")
    assert await sainte_rive.refuse(GRID, {"id": grid, "first": first, "sort": "OUTCOME"}) == ("BAD_INPUT", "first")


async def test_a_cursor_serves_its_own_list_sort_and_municipality_alone(
    sainte_rive: Council, port_alder: Council, grid: str
) -> None:
    [edge] = (await read_grid(sainte_rive, grid, first=1))["edges"]
    draft = await create(sainte_rive)
    [listed] = (await sainte_rive.get(LIST, {"first": 1}))["communications"]["edges"]
    theirs = await create(port_alder)
    wrong = [
        (sainte_rive, GRID, {"id": grid, "sort": "FIRST_NAME", "after": edge["cursor"]}),
        (sainte_rive, GRID, {"id": draft, "sort": "LAST_NAME", "after": edge["cursor"]}),
        (sainte_rive, GRID, {"id": grid, "sort": "LAST_NAME", "after": listed["cursor"]}),
        (sainte_rive, LIST, {"after": edge["cursor"]}),
        (port_alder, LIST, {"after": listed["cursor"]}),
        (port_alder, GRID, {"id": theirs, "sort": "LAST_NAME", "after": edge["cursor"]}),
    ]
    for council, document, variables in wrong:
        assert await council.refuse(document, {"first": 5, **variables}) == ("BAD_INPUT", "after")
    assert (await read_grid(sainte_rive, grid, after=edge["cursor"]))["edges"]


async def test_a_bent_cursor_is_refused_and_a_good_one_is_unreadable(sainte_rive: Council, grid: str) -> None:
    [edge] = (await read_grid(sainte_rive, grid, first=1))["edges"]
    cursor = edge["cursor"]
    flipped = [
        f"{cursor[:place]}{'A' if letter != 'A' else 'B'}{cursor[place + 1 :]}" for place, letter in enumerate(cursor)
    ]
    for bent in [*flipped, "", "é", cursor + "=", cursor + "!", cursor[:-1], "A" * 500]:
        given = {"id": grid, "first": 5, "sort": "LAST_NAME", "after": bent}
        assert await sainte_rive.refuse(GRID, given) == ("BAD_INPUT", "after"), bent
    assert b"cote" not in urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


async def test_the_list_shows_campaigns_and_what_stands_alone_newest_change_first(sainte_rive: Council) -> None:
    first = await create(sainte_rive, title="Crue à l'Île")
    campaign = await create(sainte_rive, title="Spring", kind="CAMPAIGN", channels=[], contents=[])
    second = await create(sainte_rive, title="Boil water")
    await create(sainte_rive, title="Held", campaignId=campaign)
    assert await list_titles(sainte_rive) == ["Spring", "Boil water", "Crue à l'Île"], (
        "what it holds modifies a campaign"
    )
    assert await list_titles(sainte_rive, search="  CRUE a l'ile ") == ["Crue à l'Île"]
    assert await list_titles(sainte_rive, search="100%") == []
    assert await list_titles(sainte_rive, state=["IN_PROGRESS"]) == []
    whole = await list_titles(sainte_rive, state=["DRAFT"], size=1)
    assert whole == ["Spring", "Boil water", "Crue à l'Île"]
    counted = await sainte_rive.get(LIST, {"first": 1})
    assert counted["communications"]["totalCount"] == 3
    assert first != second


async def list_titles(council: Council, size: int = 50, **given: Any) -> list[str]:
    """Walk the list to its end."""
    titles: list[str] = []
    after = None
    while True:
        page = (await council.get(LIST, {"first": size, "after": after, **given}))["communications"]
        titles += [edge["node"]["title"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return titles
        after = page["pageInfo"]["endCursor"]


async def test_the_number_of_rows_is_counted_only_when_asked_for(
    sainte_rive: Council, caplog: pytest.LogCaptureFixture
) -> None:
    await create(sainte_rive)
    fragment = "{ communications { ...page } } fragment page on CommunicationConnection { ... { totalCount } }"
    with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
        assert (await sainte_rive.get(fragment))["communications"] == {"totalCount": 1}
        assert "count(*)" in caplog.text
        caplog.clear()
        await sainte_rive.get("{ communications { edges { cursor } } }")
        assert "communication c" in caplog.text
        assert "count(*)" not in caplog.text
