"""Promises about an export that is watched: its progress over a real WebSocket, and pies that move on meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from statistics import median_high
from typing import Any

import pytest
from exports.clerk import LOG, STATISTICS, Clerk, authorise, id_of, open_hall, send_to_all
from live.control_room import PROTOCOL, Console, move
from live.control_room import STATISTICS as PIE
from stage.cast import Alert, found_town, settle_citizens
from websockets.asyncio.client import connect

from tocsin.export_progress import remove_exports
from tocsin.identifiers import expose, make_id, resolve
from tocsin.records.exports import Export
from tocsin.times import tell_time
from tocsin.words import Role

PROGRESS = "subscription ($id: ID!) { export(id: $id) { id state fileName rowsWritten rowsTotal url error } }"
WEEK = {"period": "THIS_WEEK"}
SOON = 2.0
"""Seconds: what a picture may be late after a fault, and so at most while nothing is wrong."""


@asynccontextmanager
async def look(clerk: Clerk, authorization: str | None = None) -> AsyncIterator[Console]:
    url = f"{clerk.settings.public_url.replace('http', 'ws')}/graphql"
    async with connect(url, subprotocols=[PROTOCOL]) as connection:  # type: ignore[list-item]
        console = Console(connection)
        await console.greet(authorization or clerk.authorization)
        yield console


async def follow(console: Console) -> list[dict[str, Any]]:
    """Return all that is told until the workbook is ready."""
    told = [await console.next("export")]
    while told[-1]["state"] in ("QUEUED", "RUNNING"):
        told.append(await console.next("export"))
    return told


async def stage_alert(clerk: Clerk, town: Any, size: int) -> Alert:
    await settle_citizens(town, size)
    return await send_to_all(town)


async def watch_export(clerk: Clerk, alert: Alert) -> list[dict[str, Any]]:
    """Ask for a workbook and return all that is told of it."""
    async with look(clerk) as console:
        asked = (await clerk.ask(STATISTICS, id=id_of(alert)))["data"]["export"]
        await console.subscribe(PROGRESS, id=asked["id"])
        return await follow(console)


async def test_progress_is_told_as_it_is_made_and_ends_with_a_link(database_url: str) -> None:
    async with open_hall(database_url) as (clerk, town):
        alert = await stage_alert(clerk, town, 12_000)
        written: list[int] = []
        for _ in range(6):  # it takes a second or two: a machine that stands still for so long has seen its ends alone
            told = await watch_export(clerk, alert)
            written = [value["rowsWritten"] for value in told if value["state"] == "RUNNING" and value["rowsTotal"]]
            assert written == sorted(written)
            if any(0 < rows < 24_000 for rows in written):
                break
        assert any(0 < rows < 24_000 for rows in written), "more than a beginning and an end"
        ready = told[-1]
        assert (ready["state"], ready["rowsWritten"], ready["rowsTotal"]) == ("READY", 24_000, 24_000)
        assert all(value["url"] is None for value in told[:-1])
        answer = await clerk.client.get(ready["url"], headers=clerk.headers)
        assert answer.content[:2] == b"PK"


async def test_whoever_comes_later_is_told_how_it_stands_with_a_link_of_that_moment(database_url: str) -> None:
    async with open_hall(database_url) as (clerk, _):
        ready = await clerk.export(LOG, filter=WEEK)
        async with look(clerk) as console:
            await console.subscribe(PROGRESS, id=ready["id"])
            first = await console.next("export")
            assert (first["state"], first["url"] is not None) == ("READY", True)
            await asyncio.sleep(1.1)  # links are signed by the second
            await console.subscribe(PROGRESS, "2", id=ready["id"])
            assert (await console.next("export"))["url"] > first["url"]


async def test_only_the_requester_may_follow(database_url: str) -> None:
    async with open_hall(database_url) as (clerk, town):
        ready = await clerk.export(LOG, filter=WEEK)
        other = await found_town("port-alder")
        told = []
        for authorization in (
            authorise(clerk.settings, town, "mayor", role=Role.ADMIN),
            authorise(clerk.settings, other, "clerk"),
        ):
            async with look(clerk, authorization) as console:
                for key in (ready["id"], expose("export", make_id()), "nonsense"):
                    await console.subscribe(PROGRESS, id=key)
                    told.append(await console.hear_raw())
        assert len(set(told)) == 1
        assert '"code":"NOT_FOUND"' in told[0].replace(" ", "")


async def test_an_export_that_is_removed_ends_its_subscription(database_url: str) -> None:
    async with open_hall(database_url) as (clerk, _), look(clerk) as console:
        ready = await clerk.export(LOG, filter=WEEK)
        await console.subscribe(PROGRESS, id=ready["id"])
        assert (await console.next("export"))["state"] == "READY"
        day = tell_time() - timedelta(days=1, minutes=1)
        await Export.filter(id=resolve("export", ready["id"])).update(finished_at=day)
        await remove_exports()
        assert await console.hear() == {"id": "1", "type": "complete"}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("judge", [median_high, pytest.param(max, marks=pytest.mark.proof)])
async def test_a_pie_moves_on_while_a_workbook_is_written(database_url: str, judge: Callable[..., float]) -> None:
    async with open_hall(database_url) as (clerk, town), look(clerk) as console, look(clerk) as progress:
        alert = await stage_alert(clerk, town, 6_000)
        await console.subscribe(PIE, id=id_of(alert))
        await console.next("statistics")
        asked = (await clerk.ask(STATISTICS, id=id_of(alert)))["data"]["export"]
        await progress.subscribe(PROGRESS, id=asked["id"])
        writing = asyncio.create_task(follow(progress))
        delays = []
        for index in range(len(alert.deliveries)):
            began = time.monotonic()
            version = await move(alert, [index])
            assert (await console.wait_until("statistics", version))[-1]["version"] == version
            delays.append(time.monotonic() - began)
            if writing.done():
                break
        assert (await writing)[-1]["state"] == "READY"
        assert len(delays) > 1, "while it was written, and the last"
        assert judge(delays[:-1]) < SOON
