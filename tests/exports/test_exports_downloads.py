"""Promises about downloads over real HTTP: the signed path and the requester's bearer, and one clear error for all else."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from exports.clerk import FIND, LOG, Clerk, authorise, open_hall
from stage.cast import Town, found_town
from stage.house import SECRET

from tocsin.export_progress import begin_export, remove_exports, store_file
from tocsin.identifiers import make_id, resolve
from tocsin.links import make_link
from tocsin.principals import revoke
from tocsin.records.exports import Export
from tocsin.secrets import Purpose, derive_key
from tocsin.times import tell_time
from tocsin.words import ExportState, Role
from tocsin_server.downloads import WORKBOOK

WEEK = {"period": "THIS_WEEK"}
KEY = derive_key(SECRET, Purpose.LINKS)


@pytest.fixture
async def hall(database_url: str) -> AsyncIterator[tuple[Clerk, Town, dict[str, Any]]]:
    """A clerk, the town, and a file that is ready, no matter of what."""
    async with open_hall(database_url, working=False) as (clerk, town):
        asked = (await clerk.ask(LOG, filter=WEEK))["data"]["export"]["id"]
        key = resolve("export", asked)
        assert await begin_export(key, 1) is not None
        await store_file(key, 1, [b"PK", b"..."])
        yield clerk, town, await clerk.wait(asked)


Hall = tuple[Clerk, Town, dict[str, Any]]


def refused(answer: Any) -> tuple[int, str]:
    """Status and code of a refusal, which is JSON and kept by nobody."""
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    [error] = answer.json()["errors"]
    assert error["message"]
    return answer.status_code, error["extensions"]["code"]


async def test_the_requester_gets_the_file_under_its_name_and_nobody_keeps_it(hall: Hall) -> None:
    clerk, _, ready = hall
    answer = await clerk.client.get(ready["url"], headers=clerk.headers)
    assert (answer.status_code, answer.content) == (200, b"PK...")
    expected = {
        "content-type": WORKBOOK,
        "content-disposition": f'attachment; filename="{ready["fileName"]}"',
        "cache-control": "no-store",
        "content-length": str(len(answer.content)),
        "x-content-type-options": "nosniff",
    }
    assert expected.items() <= dict(answer.headers).items()
    head = await clerk.client.head(ready["url"], headers=clerk.headers)
    assert (head.status_code, head.content) == (200, b"")
    assert expected.items() <= dict(head.headers).items()


async def test_a_link_serves_again_until_its_minute_is_over_and_is_renewed_by_asking(hall: Hall) -> None:
    clerk, _, ready = hall
    for _ in range(2):
        assert (await clerk.client.get(ready["url"], headers=clerk.headers)).status_code == 200
    key = resolve("export", ready["id"])
    over = make_link(KEY, key, tell_time() - timedelta(seconds=60))
    assert refused(await clerk.client.get(f"/exports/{over}", headers=clerk.headers)) == (410, "NOT_AVAILABLE")
    renewed = (await clerk.ask(FIND, id=ready["id"]))["data"]["export"]["url"]
    assert (await clerk.client.get(renewed, headers=clerk.headers)).status_code == 200


async def test_a_link_without_a_good_bearer_is_refused_first(hall: Hall) -> None:
    clerk, town, ready = hall
    yesterday = tell_time() - timedelta(days=1)
    wrong = [None, "Bearer nonsense", "Basic Y2xlcms6", authorise(clerk.settings, town, now=yesterday)]
    for authorization in wrong:
        headers = {"Authorization": authorization} if authorization else {}
        for path in (ready["url"], "/exports/nonsense"):
            answer = await clerk.client.get(path, headers=headers)
            assert refused(answer) == (401, "UNAUTHENTICATED")
            assert answer.headers["www-authenticate"] == "Bearer"
    await revoke(town.municipality.slug, "clerk", tell_time())
    assert refused(await clerk.client.get(ready["url"], headers=clerk.headers)) == (401, "UNAUTHENTICATED")


async def test_a_path_that_we_have_not_signed_is_refused(hall: Hall) -> None:
    clerk, _, ready = hall
    head, seconds, signature = ready["url"].split(".")
    foreign_key = make_link(
        derive_key("another secret " * 3, Purpose.LINKS), resolve("export", ready["id"]), tell_time()
    )
    for path in (
        f"{head}.{int(seconds) + 1}.{signature}",
        f"{head}.{seconds}.{'A' * 43}",
        f"{head[:-1]}.{seconds}.{signature}",
        f"/exports/{foreign_key}",
        f"/exports/{ready['id']}",
        "/exports/%C3%A9",
    ):
        assert refused(await clerk.client.get(path, headers=clerk.headers)) == (403, "FORBIDDEN"), path


async def test_whoever_else_holds_the_link_gets_what_a_made_up_one_gets(hall: Hall) -> None:
    clerk, town, ready = hall
    other = await found_town("port-alder")
    made_up = f"/exports/{make_link(KEY, make_id(), tell_time())}"
    nothing = await clerk.client.get(made_up, headers=clerk.headers)
    assert refused(nothing) == (404, "NOT_FOUND")
    others = [
        authorise(clerk.settings, town, "mayor", role=Role.ADMIN),
        authorise(clerk.settings, other, "clerk", role=Role.ADMIN),
    ]
    for authorization in others:
        answer = await clerk.client.get(ready["url"], headers={"Authorization": authorization})
        assert (answer.status_code, answer.content) == (404, nothing.content)


async def test_what_is_not_ready_or_was_removed_is_not_there(hall: Hall) -> None:
    clerk, _, ready = hall
    key = resolve("export", ready["id"])
    for state in (ExportState.RUNNING, ExportState.FAILED):
        await Export.filter(id=key).update(state=state)
        assert refused(await clerk.client.get(ready["url"], headers=clerk.headers)) == (404, "NOT_FOUND")
    await Export.filter(id=key).update(state=ExportState.READY, finished_at=tell_time() - timedelta(hours=25))
    await remove_exports()
    assert refused(await clerk.client.get(ready["url"], headers=clerk.headers)) == (404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_file_is_only_fetched(hall: Hall, method: str) -> None:
    clerk, _, ready = hall
    assert (await clerk.client.request(method, ready["url"], headers=clerk.headers)).status_code == 405


async def test_a_file_of_many_pieces_arrives_whole(hall: Hall) -> None:
    clerk, _, ready = hall
    key = resolve("export", ready["id"])
    pieces = [os.urandom(256 * 1024) for _ in range(9)] + [b"the end"]
    content = b"".join(pieces)
    await Export.filter(id=key).update(state=ExportState.RUNNING, fence=99)
    await store_file(key, 99, pieces)
    answer = await clerk.client.get(ready["url"], headers=clerk.headers)
    assert answer.content == content
