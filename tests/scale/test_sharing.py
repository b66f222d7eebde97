"""Promises of sharing a database: those with Redis share it, one without has it alone, and work demanded is heard at once."""

import asyncio
import signal

import pytest
import structlog
from stage.house import choose_settings
from stage.polling import PATIENCE, until
from structlog.testing import capture_logs

from tocsin.alarm import Alarm
from tocsin.database import connect_alone, get_database
from tocsin.due import Work, demand_work
from tocsin.errors import ConfigurationError
from tocsin.identifiers import make_id
from tocsin.settings import check_service
from tocsin.transactions import in_transaction
from tocsin_server.solo import LOCK, hold_solo_lock

SOLO = choose_settings(8000)
SHARING = choose_settings(8000, redis_url="redis://127.0.0.1:9/0")


async def test_those_with_redis_share_and_one_without_is_kept_out(database: str) -> None:
    async with hold_solo_lock(SHARING, database), hold_solo_lock(SHARING, database):
        with pytest.raises(ConfigurationError, match="set REDIS_URL"):
            async with hold_solo_lock(SOLO, database):
                pass
    async with hold_solo_lock(SOLO, database):
        with pytest.raises(ConfigurationError, match="same REDIS_URL"):
            async with hold_solo_lock(SHARING, database):
                pass


END_LOCK = """SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()"""
HOLDERS = """SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()"""


async def test_a_lock_whose_session_was_lost_is_taken_again(database: str) -> None:
    async with hold_solo_lock(SOLO, database):
        before = await list_holders()
        await get_database().execute_query_dict(END_LOCK)
        await until(lambda: holds_anew(before))
        with pytest.raises(ConfigurationError, match="Another process"):
            async with hold_solo_lock(SOLO, database):
                pass


async def list_holders() -> list[int]:
    return [row["pid"] for row in await get_database().execute_query_dict(HOLDERS)]


async def holds_anew(before: list[int]) -> bool:
    """Whether one session holds the lock, and another one than before: the moment between is too short to be seen."""
    now = await list_holders()
    return len(now) == 1 and now != before


async def test_whoever_finds_it_taken_by_another_ends(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    monkeypatch.setattr("tocsin_server.solo.GRACE", 0.5)
    other = await connect_alone(database)
    async with hold_solo_lock(SOLO, database):
        waiting = asyncio.create_task(other.execute("SELECT pg_advisory_lock($1)", LOCK))
        await until(is_waiting)
        await get_database().execute_query_dict(END_LOCK)
        await asyncio.wait_for(waiting, PATIENCE)
        await asyncio.wait_for(told.wait(), PATIENCE)
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
    await other.close()


async def is_waiting() -> bool:
    return bool(await get_database().execute_query_dict(HOLDERS.replace("l.granted", "NOT l.granted")))


@pytest.mark.parametrize("url", ["127.0.0.1:6379", "http://127.0.0.1", "redis://", "redis://host:port"])
def test_a_redis_url_that_is_none_is_refused_before_anything_starts(url: str) -> None:
    with pytest.raises(ConfigurationError, match="REDIS_URL has to look like"):
        check_service(choose_settings(8000, redis_url=url))


async def test_work_demanded_is_heard_at_its_commit_and_again_after_the_session_was_lost(database: str) -> None:
    woken = asyncio.Event()
    alarm = Alarm(database, woken.set)
    await alarm.start()
    await asyncio.wait_for(woken.wait(), PATIENCE)
    await demand_and_hear(woken)
    killed = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    assert len(await get_database().execute_query_dict(killed)) == 1
    await until(lambda: is_hearing(alarm, False))
    await until(lambda: is_hearing(alarm, True))
    await demand_and_hear(woken)
    await alarm.stop()


async def is_hearing(alarm: Alarm, hearing: bool) -> bool:
    return alarm.hearing is hearing


async def demand_and_hear(woken: asyncio.Event) -> None:
    """Demand something; nothing is heard before the commit, and what is committed is heard at once."""
    async with in_transaction() as connection:
        await demand_work(connection, Work.PLAN, make_id())
        woken.clear()
    await asyncio.wait_for(woken.wait(), PATIENCE)


async def test_the_line_that_demands_work_names_it_so_that_its_walk_can_be_followed(database: str) -> None:
    merged = [structlog.contextvars.merge_contextvars]
    with capture_logs(processors=merged) as lines, structlog.contextvars.bound_contextvars(walk="a webhook"):
        await demand_work(get_database(), Work.PLAN, make_id())
    [row] = await get_database().execute_query_dict("SELECT id FROM due")
    [line] = [line for line in lines if line["event"] == "work demanded"]
    assert (line["walk"], line["works"]) == ("a webhook", [str(row["id"])])
