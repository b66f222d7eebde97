"""The promise of bad lines: to PostgreSQL and to the carrier they are slow, cut and half closed; nothing is lost or doubled."""

import asyncio
import random
from collections import deque
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from faults.ground import stage_scene
from faults.recounting import list_violations
from faults.share import take_share
from faults.storm import Storm, describe_ledger
from faults.theatre import Server, choose_port
from stage.carrier import open_carrier
from stage.cast import draft, found_town, send_now, settle_citizens
from stage.house import choose_settings
from stage.office import pass_time
from stage.polling import until
from stage.proxy import Proxy, open_proxy

from tocsin.database import get_database
from tocsin.lost import ORPHAN_SECONDS
from tocsin.words import Handling

SPEED = 100.0
SETTINGS = {"TOCSIN_SPEED": "60", "TOCSIN_REMINDER_MINUTES": "", "TWILIO_MESSAGES_PER_SECOND": "20"}
PLANNED = f"""SELECT count(*) AS n FROM delivery JOIN wave ON wave.id = wave_id
  WHERE handling = {Handling.PLANNED:d} OR planned_at IS NULL"""
HELD = f"""SELECT count(*) AS n FROM delivery JOIN wave ON wave.id = wave_id
  WHERE handling = {Handling.PLANNED:d} OR handling = {Handling.SENDING:d} AND handed_at IS NOT NULL OR planned_at IS NULL"""
SLOW = 0.05
LINES = 64
"""How many reports are on their way at once: a commit over a slow line takes two seconds, however many it holds."""


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_slow_cut_and_half_closed_lines_lose_nothing_ever(database: str, tmp_path: Path) -> None:
    await check(database, tmp_path, deliveries=take_share(4_000), citizens=take_share(600), times=take_share(20))


async def check(database: str, directory: Path, *, deliveries: int, citizens: int, times: int) -> None:
    chance = random.Random(6)
    where = urlsplit(database)
    socket = f"{parse_qs(where.query)['host'][0]}/.s.PGSQL.5432"
    async with open_carrier(SPEED) as carrier, open_proxy(partial(asyncio.open_unix_connection, socket)) as near:
        carrier_port = urlsplit(carrier.url).port
        async with open_proxy(partial(asyncio.open_connection, "127.0.0.1", carrier_port)) as far:
            url = f"postgresql://postgres:@127.0.0.1:{near.port}{where.path}"
            server = Server(choose_port(), url, f"http://127.0.0.1:{far.port}", directory, SETTINGS)
            server.start()
            try:
                await server.wait_until_ready()
                scene = await stage_scene(deliveries)
                await settle_citizens(town := await found_town(), citizens)
                await send_now(await draft(town))
                reports = scene.write_reports(chance)
                chance.shuffle(reports)
                storm = Storm([server.port], choose_settings(server.port), deque(reports))
                disturbing = asyncio.create_task(disturb(near, far, times, storm))
                await storm.blow(LINES, seconds=300)
                cuts = await disturbing
                await until(is_nothing_planned, seconds=120)
                await carrier.settle()
                # What was under way when the line to PostgreSQL broke is known to be an orphan two minutes later.
                await pass_time(ORPHAN_SECONDS + 1)
                await until(is_all_handed_over, seconds=60)
                await carrier.settle()
                sent = [line for line in await carrier.ledger() if line["direction"] == "outbound"]
                found = await list_violations(database, directory, [*describe_ledger(reports, reports), *sent])
            finally:
                await server.stop()
    print(  # noqa: T201 - the numbers are what this is for
        f"{len(reports)} reports, {storm.refused} put off, {len(sent)} texts accepted; {near.seen} lines to PostgreSQL and {far.seen} "
        f"to the carrier, {cuts} of them broken; {len(found)} violations"
    )
    assert cuts > 0
    assert found == []


async def disturb(near: Proxy, far: Proxy, times: int, storm: Storm) -> int:
    """Slow lines down, cut them, close one end of them, in the midst of what goes over them; return how many were broken."""
    broken, every = 0, len(storm.waiting) / (3 * times + 1)
    for number in range(3 * times):
        enough = every * (number + 0.5)
        await until(lambda enough=enough: has_come_to(storm, enough), seconds=120)  # type: ignore[misc]
        for proxy in (near, far):
            match number % 3:
                case 0:
                    proxy.delay = SLOW
                case 1:
                    proxy.delay = 0.0
                    broken += proxy.cut()
                case _:
                    broken += proxy.half_close()
    return broken


async def has_come_to(storm: Storm, enough: float) -> bool:
    return len(storm.acknowledged) >= enough


async def is_nothing_planned() -> bool:
    return not (await get_database().execute_query_dict(PLANNED))[0]["n"]


async def is_all_handed_over() -> bool:
    return not (await get_database().execute_query_dict(HELD))[0]["n"]
