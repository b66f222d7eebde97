"""Promises of `tocsin doctor`: each set-up that is broken in one way is told in one line, what, why and how to mend it."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from stage.house import choose_settings
from stage.processes import Installation
from stage.skew import make_program

from tocsin import database as ways
from tocsin.database import get_database
from tocsin.due import Work, demand_work
from tocsin.embedded import EmbeddedPostgres
from tocsin.identifiers import make_id
from tocsin_server import doctor
from tocsin_server.doctor import examine
from tocsin_server.findings import Finding


def find(found: list[Finding], what: str) -> Finding:
    [finding] = [each for each in found if what in each.what]
    return finding


async def find_fault(url: str | None, **settings: object) -> Finding:
    """Return the only thing that is at fault."""
    found = await examine(choose_settings(8000, **settings), url)
    [fault] = [each for each in found if each.fault]
    assert "\n" not in str(fault)
    return fault


@asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[int]:
    """Listen until left, and give everybody the same answer, or none; return the port."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while await reader.read(65_536):
                if answer is not None:
                    writer.write(answer)
            writer.close()
            await writer.wait_closed()

    async with asyncio.TaskGroup() as group:
        server = await asyncio.start_server(lambda *ends: group.create_task(meet(*ends)), "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]


async def test_the_doctor_finds_nothing_at_fault_in_a_sound_set_up(database: str) -> None:
    found = await examine(choose_settings(8000), database)
    assert [each for each in found if each.fault] == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"tocsin_secret": "short"}, "TOCSIN_SECRET is too weak"),
        ({"tocsin_secret": ""}, "TOCSIN_SECRET is not set"),
        ({"redis_url": "redis://127.0.0.1:9/0"}, "REDIS_URL is set without DATABASE_URL"),
        ({"redis_url": "127.0.0.1:6379"}, "REDIS_URL has to look like"),
        ({"twilio_base_url": "https://api.twilio.com"}, "PUBLIC_URL leads to this machine"),
        ({"public_url": "http://alerts.exemple.test"}, "PUBLIC_URL is not https"),
    ],
)
async def test_the_doctor_says_what_why_and_how(change: dict[str, str], what: str) -> None:
    finding = find(await examine(choose_settings(8000, **change), None), what)
    assert finding.fault
    assert finding.why
    assert finding.how[0].isupper()
    assert "\n" not in str(finding)


@pytest.mark.parametrize(
    ("answer", "what", "how"),
    [
        (b"-WRONGPASS invalid username-password pair or user is disabled.\r\n", "refuses the user", "Correct them"),
        (b"-ERR DB index is out of range\r\n", "refuses to be used", "number of the database"),
        (None, "says nothing", "firewall"),
    ],
)
async def test_a_redis_that_does_not_serve_is_told_by_what_it_says(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | None, what: str, how: str
) -> None:
    monkeypatch.setattr(doctor, "REDIS_SECONDS", 0.5)
    async with answering(answer) as port:
        redis_url = f"redis://:secret-word@127.0.0.1:{port}/99"
        found = await examine(choose_settings(8000, redis_url=redis_url, database_url="postgresql://x@y/z"), None)
    finding = find(found, f"Redis {what}")
    assert (finding.fault, how in finding.how) == (True, True)
    assert "secret-word" not in str(finding)


async def test_a_redis_that_is_not_there_is_told() -> None:
    settings = choose_settings(8000, redis_url="redis://127.0.0.1:9/0", database_url="postgresql://x@y/z")
    assert "Start it" in find(await examine(settings, None), "Redis cannot be reached").how


@pytest.mark.parametrize(
    ("user", "name", "why", "how"),
    [
        ("postgres", "none", "no database of that name", "Create it"),
        ("nobody", "postgres", "refuses the user or the password", "Correct them"),
    ],
)
async def test_what_postgres_refuses_is_told(
    postgres: EmbeddedPostgres, user: str, name: str, why: str, how: str
) -> None:
    url = postgres.url(name).replace("//postgres:", f"//{user}:")
    fault = await find_fault(url)
    assert (fault.what, why in fault.why, how in fault.how) == ("The database can't be reached", True, True)


@pytest.mark.parametrize(
    ("place", "why"),
    [("127.0.0.1:9", "nobody listens there"), ("nowhere.invalid", "its host is not known here")],
)
async def test_a_database_that_is_not_there_is_told(place: str, why: str) -> None:
    assert (await find_fault(f"postgresql://nobody@{place}/none")).why == why


async def test_a_database_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "CONNECT_SECONDS", 0.5)
    async with answering(None) as port:
        fault = await find_fault(f"postgresql://nobody@127.0.0.1:{port}/none")
    assert (fault.why, "firewall" in fault.how) == ("nobody answers there", True)


async def test_a_user_who_may_not_read_or_make_tables_is_told(database: str, postgres: EmbeddedPostgres) -> None:
    user = f"u{uuid4().hex}"
    await get_database().execute_query(f"CREATE ROLE {user} LOGIN")
    try:
        foreign = await find_fault(database.replace("//postgres:", f"//{user}:"))
        bare = await find_fault(postgres.url("postgres").replace("//postgres:", f"//{user}:"))
    finally:
        connection = await asyncpg.connect(database)
        await connection.execute(f"DROP ROLE {user}")
        await connection.close()
    assert (foreign.what, foreign.why) == ("The database's tables can't be read", "another user has made them")
    assert (bare.what, "GRANT CREATE" in bare.how) == ("No table can be made in the database", True)


async def test_a_database_that_was_never_set_up_or_is_older_or_newer_is_told(
    database: str, postgres: EmbeddedPostgres
) -> None:
    never = await find_fault(postgres.url("postgres"))
    assert (never.what, never.how) == ("The database has never been set up", "Run tocsin migrate")
    connection = await asyncpg.connect(database)
    [name] = await connection.fetchrow("SELECT max(name) FROM tortoise_migrations") or [""]
    await connection.execute("DELETE FROM tortoise_migrations WHERE name = $1", name)
    older = await find_fault(database)
    assert ("1 of" in older.what, older.how) == (True, "Run tocsin migrate")
    await connection.execute(
        "INSERT INTO tortoise_migrations (app, name, applied_at) SELECT 'tocsin', unnest($1::text[]), now()",
        [name, "9999_of_tomorrow"],
    )
    await connection.close()
    newer = find(await examine(choose_settings(8000), database), "that this program doesn't know")
    assert (newer.fault, "1 migrations" in newer.what) == (False, True)


async def test_a_folder_that_is_none_or_is_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    assert (await find_fault(None, tocsin_data_dir=file)).what == "TOCSIN_DATA_DIR can't be written"
    assert (await find_fault(None, tocsin_data_dir=file / "deeper")).what == "TOCSIN_DATA_DIR can't be written"
    monkeypatch.setattr(doctor, "WORKBOOKS_ROOM", 10**18)
    full = await find_fault(None, tocsin_data_dir=tmp_path / "later", database_url="postgresql://x@y/z")
    assert ("MB left" in full.what, "Make room" in full.how) == (True, True)
    assert not (tmp_path / "later").exists(), "The doctor changes nothing."


@pytest.mark.parametrize(("minutes", "way"), [(-3, "ahead of"), (3, "behind")])
def test_a_clock_that_is_wrong_is_told(database_url: str, tmp_path: Path, minutes: int, way: str) -> None:
    place = Installation(database_url, "", 8000, "http://127.0.0.1:9", tmp_path)
    program = make_program(timedelta(minutes=minutes))
    ended = subprocess.run([*program, "doctor"], env=place.environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr
    assert f"The database's clock is 0:03:00 {way} this machine's" in ended.stdout


async def test_the_doctor_sees_late_and_dead_work_and_paused_lanes(database: str) -> None:
    await demand_work(get_database(), Work.PLAN, make_id())
    await demand_work(get_database(), Work.REMIND, make_id())
    await get_database().execute_query("UPDATE due SET due_at = now() - interval '1 hour'")
    await get_database().execute_query("UPDATE due SET dead_at = now() WHERE kind = 'REMIND'")
    found = await examine(choose_settings(8000), database)
    assert find(found, "1 pieces of work are late").how.startswith("Start tocsin work")
    assert find(found, "1 pieces of work are given up").fault
