"""The child process that writes one workbook, `python -m tocsin_jobs.export_process`: nice to others, and never outlives its parent.

A line of JSON on standard input says what to do; the end of standard input, that the parent is gone. Lines on standard
output are versions reached, or what went wrong, in which no value is repeated. Imports workbooks and the domain.
"""

import asyncio
import csv
import json
import os
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import UUID

import asyncpg

from tocsin.database import CONTENDED, UNREACHABLE, connect_alone, open_database
from tocsin.export_progress import Superseded, note_rows, store_file
from tocsin.export_rows import READ_ASSIGNMENT, Assignment, Sheet, list_sheets, read_assignment
from tocsin.live.patience import try_patiently
from tocsin_jobs.workbooks import MOST_ROWS, WorkbookWriter

NICENESS = 10
STEP_ROWS = 500
STEP_SECONDS = 0.25
STORE_SECONDS = 120.0
PIECE = 256 * 1024
FAILED, SUPERSEDED, ABANDONED = 1, 3, 4


@dataclass(frozen=True, slots=True)
class Errand:
    """What the parent asks for. `directory` is private, and removed by the parent."""

    database_url: str
    export_id: UUID
    fence: int
    directory: Path
    most_rows: int


@dataclass(slots=True)
class Progress:
    """How many rows are written: told at most four times a second."""

    errand: Errand
    total: int
    written: int = 0
    told_at: float = 0.0

    async def advance(self, rows: int) -> None:
        self.written += rows
        if time.monotonic() - self.told_at >= STEP_SECONDS:
            await self.tell()

    async def tell(self) -> None:
        self.told_at = time.monotonic()
        with suppress(*UNREACHABLE, *CONTENDED):  # the next step tells it too
            say(await note_rows(self.errand.export_id, self.errand.fence, written=self.written, total=self.total))


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def write_export(errand: Errand) -> None:
    """Read, write and keep the workbook; Superseded where it is not ours to write any more."""
    async with open_database(errand.database_url):
        assignment, spools = await spool_rows(errand)
        path = await write_workbook(errand, assignment, spools)

        async def store() -> int:
            with path.open("rb") as file:
                return await store_file(errand.export_id, errand.fence, iter(lambda: file.read(PIECE), b""))

        async with asyncio.timeout(STORE_SECONDS):
            say(await try_patiently("Keeping a workbook", store, final=(Superseded,), longest=None))


@dataclass(frozen=True, slots=True)
class Spool:
    """The rows of a sheet as a file."""

    sheet: Sheet
    path: Path
    rows: int


async def spool_rows(errand: Errand) -> tuple[Assignment, list[Spool]]:
    """Copy the rows of one moment to files: writing takes long, and a snapshot must not be held for long."""
    connection = await connect_alone(errand.database_url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            row = await connection.fetchrow(READ_ASSIGNMENT, errand.export_id)
            if row is None:
                raise Superseded
            assignment = read_assignment(dict(row))
            spools = []
            for number, sheet in enumerate(list_sheets(assignment)):
                path = errand.directory / f"{number}.csv"
                spools.append(Spool(sheet, path, await copy_rows(connection, sheet, path)))
    finally:
        await connection.close()
    return assignment, spools


async def copy_rows(connection: "asyncpg.Connection[asyncpg.Record]", sheet: Sheet, path: Path) -> int:
    """Copy the rows of a sheet to a file and return how many there are; OSError where the disk is full.

    asyncpg waits for ever where a write fails once PostgreSQL has said all, so it hears of no failure.
    """
    faults: list[OSError] = []
    with path.open("wb") as file:

        async def keep(piece: bytes) -> None:
            try:
                if not faults:
                    file.write(piece)
            except OSError as error:
                faults.append(error)

        copied = await connection.copy_from_query(sheet.statement, *sheet.values, output=keep, format="csv")
    if faults:
        raise faults[0]
    return int(copied.split()[-1])


async def write_workbook(errand: Errand, assignment: Assignment, spools: list[Spool]) -> Path:
    """Write the sheets one after the other and return the file."""
    progress = Progress(errand, sum(spool.rows for spool in spools))
    await progress.tell()
    workbook = WorkbookWriter(assignment.locale, most_rows=errand.most_rows)
    for spool in spools:
        writer = workbook.begin_sheet(spool.sheet.name, spool.sheet.columns)
        for rows in slice_rows(spool.path):
            for texts in rows:
                writer.append(spool.sheet.read(texts))
            await progress.advance(len(rows))
        writer.close()
    path = errand.directory / "workbook.xlsx"
    workbook.save(path)
    return path


def slice_rows(path: Path) -> Iterator[list[list[str]]]:
    """Give the rows of a spool, some at a time."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        while rows := list(islice(reader, STEP_ROWS)):
            yield rows


def read_errand() -> Errand:
    """Return what the first line of standard input asks for; read without a buffer, since a thread goes on reading."""
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(0, 1) or sys.exit(ABANDONED)
    said = json.loads(line)
    return Errand(
        database_url=said["database_url"],
        export_id=UUID(said["export_id"]),
        fence=said["fence"],
        directory=Path(said["directory"]),
        most_rows=said.get("most_rows") or MOST_ROWS,
    )


def follow_parent(directory: Path) -> None:
    """End at once when the parent has gone, and leave no file behind, though the other thread still makes some."""
    while os.read(0, 1024):
        pass
    while directory.exists():
        shutil.rmtree(directory, ignore_errors=True)
    os._exit(ABANDONED)


def describe(error: Exception) -> str:
    """Return the kind of an error and where it arose, never its text: that may repeat names and numbers."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def main() -> None:
    os.nice(NICENESS)
    errand = read_errand()
    threading.Thread(target=follow_parent, args=(errand.directory,), daemon=True).start()
    try:
        asyncio.run(write_export(errand))
    except Superseded:
        sys.exit(SUPERSEDED)
    except Exception as error:
        say(describe(error))
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
