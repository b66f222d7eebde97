"""Promises about the communications log: what was sent in a period, newest first, in the municipality's days."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from schema.council import Council, create

from tocsin.identifiers import resolve
from tocsin.records.communications import Communication
from tocsin.words import CommunicationState, WeekStart

LOG = """query ($filter: LogFilter!, $first: Int! = 50, $after: String) {
  communicationsLog(filter: $filter, first: $first, after: $after) { from to timeZone communications {
    totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { cursor node { id title kind state sentAt completedAt recipientLabel campaign { title } } } } } }"""
NOW = datetime(2026, 11, 4, 17, tzinfo=UTC)
"""A Wednesday in Toronto; the Sunday before had 25 hours."""


@pytest.fixture
def council(sainte_rive: Council) -> Council:
    """Sainte-Rive on that Wednesday."""
    sainte_rive.tell_time = lambda: NOW
    return sainte_rive


async def log_sending(council: Council, title: str, sent_at: datetime, **changes: Any) -> str:
    """Put on stage what has been sent at an instant."""
    made = await create(
        council, title=title, channels=["SMS"], **{k: v for k, v in changes.items() if k == "campaignId"}
    )
    state = changes.get("state", CommunicationState.COMPLETED)
    await Communication.filter(id=resolve("communication", made)).update(sent_at=sent_at, state=state)
    return made


async def read_log(council: Council, size: int = 50, **chosen: Any) -> dict[str, Any]:
    """Walk the log to its end; return the first page with all rows."""
    log: dict[str, Any] | None = None
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        answer = await council.get(LOG, {"filter": chosen, "first": size, "after": after})
        page = answer["communicationsLog"]["communications"]
        log = log or answer["communicationsLog"]
        rows += [edge["node"] for edge in page["edges"]]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        if not page["pageInfo"]["hasNextPage"]:
            return {**log, "rows": rows}
        after = page["pageInfo"]["endCursor"]


def titles(log: dict[str, Any]) -> list[str]:
    return [row["title"] for row in log["rows"]]


BOUNDS = {
    "THIS_WEEK": ("2026-11-01T04:00:00+00:00", "2026-11-08T05:00:00+00:00"),
    "LAST_WEEK": ("2026-10-25T04:00:00+00:00", "2026-11-01T04:00:00+00:00"),
    "THIS_MONTH": ("2026-11-01T04:00:00+00:00", "2026-12-01T05:00:00+00:00"),
}


@pytest.mark.parametrize("period", BOUNDS)
async def test_a_period_is_told_as_it_was_resolved_in_the_municipalitys_zone(council: Council, period: str) -> None:
    log = await read_log(council, period=period)
    assert (log["from"], log["to"]) == BOUNDS[period]
    assert log["timeZone"] == "America/Toronto"


async def test_days_are_chosen_by_the_calendar_and_both_are_included(council: Council) -> None:
    days: dict[str, Any] = {"from": "2026-03-08", "to": "2026-03-08"}
    log = await read_log(council, period="CUSTOM", **days)
    assert (log["from"], log["to"]) == ("2026-03-08T05:00:00+00:00", "2026-03-09T04:00:00+00:00")


@pytest.mark.parametrize(("period", "expected"), [
    ("THIS_WEEK", ["last of the week", "first of the week"]),
    ("LAST_WEEK", ["last of the week before"]),
    ("THIS_MONTH", ["after the week", "last of the week", "first of the week"]),
])  # fmt: skip
async def test_what_is_sent_on_the_edge_of_a_period_is_in_it_or_not(
    council: Council, period: str, expected: list[str]
) -> None:
    begins, ends = (datetime.fromisoformat(text) for text in BOUNDS["THIS_WEEK"])
    await log_sending(council, "first of the week", begins)
    await log_sending(council, "last of the week before", begins - timedelta(microseconds=1))
    await log_sending(council, "last of the week", ends - timedelta(microseconds=1))
    await log_sending(council, "after the week", ends)
    assert titles(await read_log(council, period=period)) == expected


async def test_weeks_begin_where_the_municipality_begins_them(council: Council) -> None:
    council.town.municipality.week_start = WeekStart.MONDAY
    await council.town.municipality.save()
    log = await read_log(council, period="THIS_WEEK")
    assert (log["from"], log["to"]) == ("2026-11-02T05:00:00+00:00", "2026-11-09T05:00:00+00:00")


async def test_only_what_was_sent_is_there_with_what_campaigns_hold(council: Council) -> None:
    campaign = await create(council, title="Spring", kind="CAMPAIGN", channels=[], contents=[])
    await log_sending(council, "held", NOW - timedelta(hours=1), campaignId=campaign)
    await log_sending(council, "alone", NOW)
    await create(council, title="a draft")
    log = await read_log(council, period="THIS_WEEK")
    assert [(row["title"], row["campaign"] and row["campaign"]["title"]) for row in log["rows"]] == [
        ("alone", None),
        ("held", "Spring"),
    ]
    assert {row["kind"] for row in log["rows"]} == {"REGULAR"}
    assert log["communications"]["totalCount"] == 2


@pytest.mark.parametrize(("chosen", "expected"), [
    ({"kind": "REGULAR"}, ["Crue à l'Île", "Boil water", "River rises"]),
    ({"kind": "CAMPAIGN"}, []),
    ({"state": ["CANCELLED", "FAILED"]}, ["Crue à l'Île", "Boil water"]),
    ({"state": []}, []),
    ({"search": "  CRUE a l'ile "}, ["Crue à l'Île"]),
    ({"search": "ri", "state": ["COMPLETED"]}, ["River rises"]),
    ({"search": "100%"}, []),
])  # fmt: skip
async def test_kind_state_and_search_narrow_the_log(
    council: Council, chosen: dict[str, Any], expected: list[str]
) -> None:
    await log_sending(council, "River rises", NOW - timedelta(hours=3))
    await log_sending(council, "Boil water", NOW - timedelta(hours=2), state=CommunicationState.FAILED)
    await log_sending(council, "Crue à l'Île", NOW - timedelta(hours=1), state=CommunicationState.CANCELLED)
    log = await read_log(council, period="THIS_MONTH", **chosen)
    assert titles(log) == expected
    assert log["communications"]["totalCount"] == len(expected)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_every_row_comes_once_and_in_order_though_many_were_sent_at_once(council: Council, size: int) -> None:
    made = [await log_sending(council, f"alert {number}", NOW - timedelta(minutes=number // 3)) for number in range(7)]
    rows = (await read_log(council, size=size, period="THIS_WEEK"))["rows"]
    assert sorted(row["id"] for row in rows) == sorted(made)
    keys = [(row["sentAt"], row["id"]) for row in rows]
    assert keys == sorted(keys, reverse=True)


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"period": "CUSTOM", "from": "2026-11-02", "to": "2026-11-01"}, "filter.to"),
    ({"period": "CUSTOM", "from": "2024-01-01", "to": "2026-01-31"}, "filter.to"),
    ({"period": "CUSTOM", "from": "2026-11-02"}, "filter.to"),
    ({"period": "CUSTOM"}, "filter.from"),
    ({"period": "THIS_WEEK", "from": "2026-11-02"}, "filter.from"),
    ({"period": "THIS_WEEK", "search": "x" * 201}, "filter.search"),
]


@pytest.mark.parametrize(("chosen", "field"), REFUSALS)
async def test_what_cannot_be_asked_is_refused_by_name(council: Council, chosen: dict[str, Any], field: str) -> None:
    assert await council.refuse(LOG, {"filter": chosen}) == ("BAD_INPUT", field)


@pytest.mark.parametrize("day", ["2026-11-31", "20261101", "2026-W45-1", "2026-11-01T00:00:00Z", "", 20261101, True])
async def test_a_day_is_written_in_one_way(council: Council, day: object) -> None:
    chosen = {"period": "CUSTOM", "from": day, "to": "2026-11-30"}
    assert (await council.refuse(LOG, {"filter": chosen}))[0] == "BAD_INPUT"


async def test_a_page_of_the_log_has_1_to_200_rows_and_its_own_cursors(council: Council, port_alder: Council) -> None:
    await log_sending(council, "alert", NOW)
    chosen = {"filter": {"period": "THIS_WEEK"}}
    for first in (0, 201):
        assert await council.refuse(LOG, {**chosen, "first": first}) == ("BAD_INPUT", "first")
    [edge] = (await council.get(LOG, chosen))["communicationsLog"]["communications"]["edges"]
    listed = (await council.get("{ communications { edges { cursor } } }"))["communications"]["edges"][0]["cursor"]
    for asked, cursor in ((port_alder, edge["cursor"]), (council, listed), (council, "nonsense")):
        assert await asked.refuse(LOG, {**chosen, "after": cursor}) == ("BAD_INPUT", "after")


async def test_a_municipality_reads_its_own_log_and_every_role_may(council: Council, port_alder: Council) -> None:
    await log_sending(council, "alert", NOW)
    port_alder.tell_time = lambda: NOW
    assert titles(await read_log(port_alder, period="THIS_WEEK")) == []
    seen = await council.get(LOG, {"filter": {"period": "THIS_WEEK"}}, by=council.viewer)
    [edge] = seen["communicationsLog"]["communications"]["edges"]
    assert edge["node"]["recipientLabel"] == "Tous les citoyens"
