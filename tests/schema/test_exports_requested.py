"""Promises about asking for an export: whose it is, what is refused, and that a double click makes one."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from schema.council import Council, create, enrol, find_error, get_settings, read_key, send, settle
from stage.cast import count_rows

from tocsin.database import get_database
from tocsin.errors import Forbidden, NotAvailable
from tocsin.export_progress import Superseded, begin_export, fail_export, remove_exports, store_file
from tocsin.identifiers import expose, make_id
from tocsin.links import make_link, read_link
from tocsin.records.exports import Export
from tocsin.secrets import Purpose, derive_key
from tocsin.times import tell_time
from tocsin.viewers import Viewer
from tocsin.words import ExportState, Locale

STATISTICS = """mutation ($id: ID!, $locale: Locale) { exportStatistics(communicationId: $id, locale: $locale) {
  id state fileName rowsWritten rowsTotal url error } }"""
LOG = """mutation ($filter: LogFilter!, $locale: Locale) { exportCommunicationsLog(filter: $filter, locale: $locale) {
  id state fileName rowsWritten rowsTotal url error } }"""
FIND = "query ($id: ID!) { export(id: $id) { id state fileName url error } }"
NODE = "query ($id: ID!) { node(id: $id) { id } }"
WEEK = {"filter": {"period": "THIS_WEEK"}}


@pytest.fixture
async def council(sainte_rive: Council) -> Council:
    """Sainte-Rive with somebody to be reached, its people known by their tokens."""
    await enrol(sainte_rive.admin, sainte_rive.operator, sainte_rive.viewer)
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    return sainte_rive


@pytest.fixture
async def sent(council: Council) -> str:
    """A communication on its way."""
    communication = await create(council, channels=["SMS"])
    await send(council, communication)
    return communication


async def ask_statistics(council: Council, sent: str, *, by: Viewer | None = None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = (await council.get(STATISTICS, {"id": sent, **more}, by=by))["exportStatistics"]
    return made


async def finish(export: str) -> None:
    begun = await begin_export(read_key(export), 1)
    assert begun is not None
    await store_file(read_key(export), 1, [b"a workbook"])


async def test_an_export_is_queued_and_wakes_the_clock(council: Council, sent: str) -> None:
    council.woken.clear()
    made = await ask_statistics(council, sent)
    assert made == {
        "id": made["id"], "state": "QUEUED", "fileName": "statisticsAlert.xlsx", "rowsWritten": 0, "rowsTotal": None,
        "url": None, "error": None,
    }  # fmt: skip
    assert council.woken
    due = await get_database().execute_query_dict("SELECT subject_id FROM due WHERE kind = 'EXPORT'")
    assert [row["subject_id"] for row in due] == [read_key(made["id"])]


@pytest.mark.parametrize(("now", "day"), [("2026-11-05T04:59:59", "2026-11-04"), ("2026-11-05T05:00:00", "2026-11-05")])
async def test_the_logs_file_bears_the_municipalitys_day(council: Council, now: str, day: str) -> None:
    council.tell_time = lambda: datetime.fromisoformat(now).replace(tzinfo=UTC)
    made = (await council.get(LOG, WEEK))["exportCommunicationsLog"]
    assert made["fileName"] == f"CommunicationsLog_{day}.xlsx"


async def test_what_has_not_been_sent_cannot_be_exported(council: Council) -> None:
    draft = await create(council)
    campaign = await create(council, kind="CAMPAIGN", channels=[], contents=[])
    for communication in (draft, campaign):
        assert await council.refuse(STATISTICS, {"id": communication}) == ("NOT_SENT", None)
    assert await count_rows("export") == await count_rows("due") == 0


@pytest.mark.parametrize("chosen", [{"period": "CUSTOM"}, {"period": "THIS_WEEK", "search": "x" * 201}])
async def test_a_filter_that_the_log_refuses_is_refused_at_once(council: Council, chosen: dict[str, Any]) -> None:
    code, field = await council.refuse(LOG, {"filter": chosen})
    assert (code, (field or "").partition(".")[0]) == ("BAD_INPUT", "filter")
    assert await count_rows("export") == 0


async def test_every_role_may_export_what_it_may_read(council: Council, sent: str) -> None:
    for viewer in (council.viewer, council.operator, council.admin):
        assert (await ask_statistics(council, sent, by=viewer))["state"] == "QUEUED"


async def test_an_export_is_its_requesters_alone(council: Council, port_alder: Council, sent: str) -> None:
    made = (await ask_statistics(council, sent))["id"]
    assert (await council.get(FIND, {"id": made}))["export"]["id"] == made
    assert (await council.get(NODE, {"id": made}))["node"]["id"] == made
    for document in (FIND, NODE):
        answers = [
            find_error(await asked.ask(document, {"id": key}, by=viewer))
            for asked, viewer in ((council, council.admin), (council, council.viewer), (port_alder, port_alder.admin))
            for key in (made, expose("export", make_id()), "nonsense")
        ]
        assert answers[0]["extensions"]["code"] == "NOT_FOUND"
        assert all(answer == answers[0] for answer in answers)


async def test_foreign_and_invented_communications_are_answered_alike(
    council: Council, port_alder: Council, sent: str
) -> None:
    answers = [
        find_error(await port_alder.ask(STATISTICS, {"id": key}))
        for key in (sent, expose("communication", make_id()), "x")
    ]
    assert answers[0]["extensions"]["code"] == "NOT_FOUND"
    assert answers[0] == answers[1] == answers[2]


async def test_a_double_click_makes_one_export_and_another_language_another(council: Council, sent: str) -> None:
    made = await asyncio.gather(*(ask_statistics(council, sent) for _ in range(6)))
    assert len({export["id"] for export in made}) == 1
    others = [
        await ask_statistics(council, sent, locale="FR"),
        await ask_statistics(council, sent, by=council.admin),
        (await council.get(LOG, WEEK))["exportCommunicationsLog"],
        (await council.get(LOG, {"filter": {"period": "THIS_WEEK", "state": ["FAILED"]}}))["exportCommunicationsLog"],
    ]
    assert len({export["id"] for export in [made[0], *others]}) == 5
    await finish(made[0]["id"])
    assert (await ask_statistics(council, sent))["id"] != made[0]["id"], "what is finished may be old"


async def test_five_may_be_unfinished_and_ten_files_are_kept(council: Council) -> None:
    made = []
    for number in range(12):
        chosen = {"filter": {"period": "THIS_WEEK", "search": f"word {number}"}}
        made.append((await council.get(LOG, chosen))["exportCommunicationsLog"]["id"])
        await finish(made[-1])
    assert {key.id for key in await Export.all()} == {read_key(key) for key in made[-10:]}
    for number in range(5):
        await council.get(LOG, {"filter": {"period": "THIS_MONTH", "search": f"word {number}"}})
    assert await council.refuse(LOG, WEEK) == ("RATE_LIMITED", None)
    assert (await council.get(LOG, WEEK, by=council.viewer))["exportCommunicationsLog"]["state"] == "QUEUED"


async def test_a_ready_export_has_a_link_for_a_minute_and_a_new_one_each_time(council: Council) -> None:
    made = (await council.get(LOG, WEEK))["exportCommunicationsLog"]["id"]
    await finish(made)
    now = tell_time()
    council.tell_time = lambda: now
    found = (await council.get(FIND, {"id": made}))["export"]
    assert (found["state"], found["error"]) == ("READY", None)
    key = derive_key(get_settings().tocsin_secret, Purpose.LINKS)
    folder, link = found["url"].rsplit("/", 1)
    assert (folder, urlsplit(found["url"]).path) == ("/exports", found["url"])
    assert read_link(key, link, now + timedelta(seconds=59)) == read_key(made)
    with pytest.raises(NotAvailable):
        read_link(key, link, now + timedelta(seconds=60))
    council.tell_time = lambda: now + timedelta(seconds=30)
    assert (await council.get(FIND, {"id": made}))["export"]["url"] != found["url"]


def test_a_link_that_was_changed_or_signed_otherwise_is_not_ours() -> None:
    key, now = bytes(range(32)), tell_time()
    link = make_link(key, make_id(), now)
    head, seconds, signature = link.split(".")
    forged = [f"{head}.{int(seconds) + 60}.{signature}", f"{expose('export', make_id())}.{seconds}.{signature}"]
    flipped = [f"{link[:i]}{'A' if letter != 'A' else 'B'}{link[i + 1 :]}" for i, letter in enumerate(link)]
    for wrong in [*forged, *flipped, "", ".", "..", "é", link + "A", link[:-1], f"{head}.{'9' * 40}.{signature}"]:
        with pytest.raises(Forbidden):
            read_link(key, wrong, now)
    with pytest.raises(Forbidden):
        read_link(bytes(32), link, now)


@pytest.mark.parametrize(("locale", "begins"), [(Locale.EN, "The workbook"), (Locale.FR, "Le classeur")])
async def test_an_export_that_failed_says_what_to_do(council: Council, locale: Locale, begins: str) -> None:
    made = (await council.get(LOG, WEEK))["exportCommunicationsLog"]["id"]
    await begin_export(read_key(made), 1)
    await fail_export(read_key(made), 1)
    asking = replace(council.operator, locale=locale)
    found = (await council.get(FIND, {"id": made}, by=asking))["export"]
    assert (found["state"], found["url"]) == ("FAILED", None)
    assert found["error"].startswith(begins)
    assert (await council.get(LOG, WEEK))["exportCommunicationsLog"]["id"] != made, "it can be asked for again"


async def test_what_was_finished_is_removed_after_a_day(council: Council) -> None:
    old, young, waiting = [
        (await council.get(LOG, {"filter": {"period": period}}))["exportCommunicationsLog"]["id"]
        for period in ("THIS_WEEK", "LAST_WEEK", "THIS_MONTH")
    ]
    for export, hours in ((old, 24.1), (young, 23.9)):
        await finish(export)
        await Export.filter(id=read_key(export)).update(finished_at=tell_time() - timedelta(hours=hours))
    await Export.filter(id=read_key(waiting)).update(requested_at=tell_time() - timedelta(days=3))
    await remove_exports()
    assert {export.id for export in await Export.all()} == {read_key(young), read_key(waiting)}
    assert await count_rows("export_piece") == 1
    assert await council.refuse(FIND, {"id": old}) == ("NOT_FOUND", None)


async def test_only_the_newest_writer_counts(council: Council) -> None:
    made = read_key((await council.get(LOG, WEEK))["exportCommunicationsLog"]["id"])
    assert await begin_export(made, 7) is not None
    assert await begin_export(made, 7) is None, "the same lease begins once"
    assert await begin_export(made, 8) is not None
    assert await fail_export(made, 7) is None
    with pytest.raises(Superseded):
        await store_file(made, 7, [b"of yesterday"])
    assert await count_rows("export_piece") == 0
    await store_file(made, 8, [b"a", b"b"])
    kept = await Export.get(id=made)
    assert (kept.state, kept.size, kept.attempts) == (ExportState.READY, 2, 2)
    assert await begin_export(made, 9) is None
