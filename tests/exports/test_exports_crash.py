"""Promises about children that die: tried again, given up in the end, none outliving us, and no file left behind."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from exports.clerk import send_to_all
from schema.council import SECRET, appoint, enrol
from stage.cast import Alert, Town, found_town, settle_citizens
from stage.polling import until

from tocsin.assessment import Moved
from tocsin.database import connect_alone
from tocsin.expiry import measure_expiries
from tocsin.export_progress import begin_export
from tocsin.exports import request_statistics
from tocsin.records.exports import Export, ExportPiece
from tocsin.records.work import Due
from tocsin.settings import read_settings
from tocsin.times import tell_time
from tocsin.words import ExportState, Locale, Role
from tocsin.writer import Writer
from tocsin_jobs.exporter import PROGRAM, Exporter
from tocsin_jobs.scratch import Scratch
from tocsin_jobs.workshop import Workshop
from tocsin_server.services import open_jobs, running

PATIENCE = 60


@pytest.fixture
async def town(database: str) -> Town:
    return await found_town()


async def ask(town: Town, alert: Alert, name: str = "Manon Roy") -> UUID:
    """Ask for the statistics as a new clerk of this name."""
    clerk = appoint(town.municipality.id, name, Role.VIEWER)
    await enrol(clerk)
    return await request_statistics(clerk, alert.id, locale=Locale.FR, now=tell_time())


async def stage_alert(town: Town, size: int) -> Alert:
    await settle_citizens(town, size)
    return await send_to_all(town)


@asynccontextmanager
async def open_shop(exporter: Exporter) -> AsyncIterator[list[Moved]]:
    """Run the jobs with this exporter; give what they announce."""
    settings = read_settings(tocsin_secret=SECRET)
    told: list[Moved] = []
    writer = Writer(measure_expiries(settings), told.append, limit=10)
    shop = Workshop(settings, writer, told.append, {}, tell_time, exporter=exporter)
    async with running(writer.start, writer.stop), open_jobs(shop, exporter._database_url):
        yield told


async def wait_until(met: Callable[[Export], bool], export_id: UUID) -> Export:
    async with asyncio.timeout(PATIENCE):
        while not met(export := await Export.get(id=export_id)):  # noqa: ASYNC110 - the row is what is observed
            await asyncio.sleep(0.02)
        return export


def is_over(export: Export) -> bool:
    return export.state in (ExportState.READY, ExportState.FAILED)


WAITS = "SELECT FROM pg_locks WHERE relation = 'export_piece'::regclass AND NOT granted"


@asynccontextmanager
async def hold_pieces(database: str) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """Let no workbook be kept meanwhile; give what tells whether somebody has written one and waits."""
    connection = await connect_alone(database)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE export_piece IN SHARE MODE")

            async def wait() -> bool:
                return bool(await connection.fetch(WAITS))

            yield wait
    finally:
        await connection.close()


def find_files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def is_empty(directory: Path) -> bool:
    return not any(directory.iterdir())


async def wait_until_idle() -> None:
    """Wait until nothing is due any more."""
    async with asyncio.timeout(PATIENCE):
        while await Due.filter(kind="EXPORT").exists():  # noqa: ASYNC110 - the row is what is observed
            await asyncio.sleep(0.02)


async def test_a_child_that_is_killed_is_followed_by_another(database: str, town: Town, tmp_path: Path) -> None:
    alert = await stage_alert(town, 100)
    exporter = Exporter(database, tmp_path)
    async with open_shop(exporter) as told:
        async with hold_pieces(database) as waits:
            export_id = await ask(town, alert)
            await until(waits)
            [child] = exporter.children
            os.kill(child, signal.SIGKILL)
        ready = await wait_until(is_over, export_id)
        assert (ready.state, ready.attempts, ready.rows_written) == (ExportState.READY, 2, 200)
        await wait_until_idle()
        assert find_files(tmp_path) == []
        versions = [moved.exports[export_id] for moved in told if export_id in moved.exports]
        assert versions == sorted(versions)
        assert versions[-1] == ready.version
    assert is_empty(tmp_path)
    pieces = await ExportPiece.filter(export_id=export_id)
    assert sum(len(piece.data) for piece in pieces) == ready.size


FAULTS = [
    (sys.executable, "-c", "raise SystemExit(7)"),
    (sys.executable, "-c", "import os; os.read(0, 1); os.abort()"),
    ("/nonexistent/python",),
]


@pytest.mark.parametrize("program", FAULTS, ids=["exits", "aborts", "is missing"])
async def test_what_fails_three_times_is_given_up(
    database: str, town: Town, tmp_path: Path, program: Sequence[str]
) -> None:
    alert = await stage_alert(town, 1)
    async with open_shop(Exporter(database, tmp_path, program=program)) as told:
        export_id = await ask(town, alert)
        failed = await wait_until(is_over, export_id)
        await wait_until_idle()
    assert (failed.state, failed.finished_at is not None) == (ExportState.FAILED, True)
    assert [moved.exports for moved in told if moved.exports][-1] == {export_id: failed.version}


async def test_stopping_kills_the_children_and_the_next_to_start_goes_on(
    database: str, town: Town, tmp_path: Path
) -> None:
    alert = await stage_alert(town, 100)
    first = Exporter(database, tmp_path)
    async with hold_pieces(database) as waits, open_shop(first):
        export_id = await ask(town, alert)
        await until(waits)
        [child] = first.children
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert is_empty(tmp_path)
    async with open_shop(Exporter(database, tmp_path)):
        assert (await wait_until(is_over, export_id)).state is ExportState.READY


async def test_only_so_many_are_written_at_once_and_all_in_the_end(database: str, town: Town, tmp_path: Path) -> None:
    alert = await stage_alert(town, 300)
    exporter = Exporter(database, tmp_path, most_at_once=1)
    async with open_shop(exporter):
        exports = [await ask(town, alert, name) for name in ("Manon Roy", "Luc Roy", "Ève Roy")]
        most = 0
        async with asyncio.timeout(PATIENCE):
            while await Export.filter(state__not=ExportState.READY).exists():
                most = max(most, len(exporter.children))
                await asyncio.sleep(0.01)
    assert most == 1
    assert [(await Export.get(id=key)).attempts for key in exports] == [1, 1, 1]


async def test_a_child_without_a_parent_ends_and_leaves_no_file(database: str, town: Town, tmp_path: Path) -> None:
    alert = await stage_alert(town, 3_000)
    export_id = await ask(town, alert)
    assert await begin_export(export_id, 1) is not None
    directory = tmp_path / "private"
    directory.mkdir()
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        *PROGRAM, stdin=pipe, stdout=pipe, env={**os.environ, "TMPDIR": str(directory)}
    )
    assert child.stdin is not None
    assert child.stdout is not None
    errand = {"database_url": database, "export_id": str(export_id), "fence": 1, "directory": str(directory)}
    child.stdin.write(json.dumps(errand).encode() + b"\n")
    assert (await child.stdout.readline()).strip().isdigit()
    child.stdin.close()
    async with asyncio.timeout(PATIENCE):
        assert await child.wait() == 4
    assert not directory.exists()
    assert not is_over(await Export.get(id=export_id))


async def test_a_child_says_what_went_wrong_without_a_value(database: str, town: Town, tmp_path: Path) -> None:
    alert = await stage_alert(town, 2)
    export_id = await ask(town, alert)
    assert await begin_export(export_id, 1) is not None
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*PROGRAM, stdin=pipe, stdout=pipe, stderr=pipe)
    errand = {"database_url": database, "export_id": str(export_id), "fence": 1, "directory": f"{tmp_path}/Tremblay"}
    said, complained = await child.communicate(json.dumps(errand).encode() + b"\n")
    assert child.returncode in (1, 4), "what stays of standard input is its end"
    assert b"Tremblay" not in said + complained


def test_a_dead_processs_directory_is_removed_and_a_living_ones_is_not(tmp_path: Path) -> None:
    living = Scratch(tmp_path)
    kept = living.make()
    (kept / "names.csv").write_text("Tremblay")
    dead = tmp_path / "left"
    dead.mkdir()
    (dead / "names.csv").write_text("Roy")
    Scratch(tmp_path).sweep()
    assert find_files(tmp_path) == [kept / "names.csv"]
    assert kept.stat().st_mode & 0o077 == kept.parent.stat().st_mode & 0o077 == 0
    living.close()
    assert is_empty(tmp_path)
    Scratch(tmp_path / "missing").sweep()
