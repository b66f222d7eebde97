"""Making a workbook of 10,000 and of 100,000 recipients against openpyxl alone writing the same cells, interleaved.

Ours is the whole of it: a process is started, the rows are read, put into words, written and kept in the database.
Prints the medians by the clock and of a processor, their ratios, and the most memory that our process held.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from ground import make_database, run_postgres
from table import Row, give

from tocsin.database import get_database, open_database
from tocsin.export_progress import begin_export
from tocsin.exports import read_piece
from tocsin.identifiers import make_id
from tocsin_jobs.exporter import PROGRAM

PROMISED, RATIO = 100_000, 1.25
"""From so many recipients on, a process's start and the database no longer count for much."""

STAGE = """
WITH town AS (INSERT INTO municipality (id, slug, name, time_zone, locale, week_start, version)
  VALUES (gen_random_uuid(), 'bench', 'Bench', 'America/Toronto', 'FR', 7, 0) RETURNING id),
clerk AS (INSERT INTO principal (id, municipality_id, subject, name, role)
  SELECT gen_random_uuid(), id, 'clerk', 'Clerk', 'VIEWER' FROM town),
theme AS (INSERT INTO category (id, municipality_id, name, confirmation_required, voicemail_counts, channels)
  SELECT gen_random_uuid(), id, 'Floods', false, true, '{2}' FROM town RETURNING id, municipality_id),
alert AS (INSERT INTO communication (id, municipality_id, category_id, kind, state, title, channels,
    confirmation_required, voicemail_counts, created_at, modified_at, sent_at, list_version)
  SELECT gen_random_uuid(), municipality_id, id, 'REGULAR', 'COMPLETED', 'Bench', '{2}', false, true, now(), now(), now(), 0
  FROM theme RETURNING id, municipality_id),
round AS (INSERT INTO wave (id, communication_id, kind, number, ordinal, started_at, targets, planned_at)
  SELECT gen_random_uuid(), id, 'INITIAL', 1, 1, now(), $1, now() FROM alert RETURNING id, communication_id),
people AS (INSERT INTO citizen (id, municipality_id, first_name, last_name, first_name_key, last_name_key, locale, modified_at)
  SELECT gen_random_uuid(), municipality_id, 'Aline', 'Roy-' || n, 'aline', 'roy-' || n, 'FR', now()
  FROM alert, generate_series(1, $1) n
  RETURNING id, first_name, last_name),
row AS (INSERT INTO recipient (id, communication_id, citizen_id, first_name, last_name, locale, first_name_key,
    last_name_key, email, phone, outcome, unconfirmed, uncertain, pending, reachable, sms_best, version)
  SELECT gen_random_uuid(), alert.id, people.id, people.first_name, people.last_name, 'FR', 'aline', lower(people.last_name),
    people.last_name || '@exemple.test', '+14185550142', 1 + 2 * (random() < 0.2)::int, false, 0, 0, true, 1260, 1
  FROM alert, people RETURNING id, communication_id, outcome)
INSERT INTO delivery (id, communication_id, wave_id, recipient_id, channel, account, address, handling, fence, expired,
    handed_at, status, status_at, error_code, dead, asks)
SELECT gen_random_uuid(), row.communication_id, round.id, row.id, 2, 'bench', '+14185550142', 3, 0, false, now(),
  CASE outcome WHEN 1 THEN 260 ELSE 250 END, now(), CASE outcome WHEN 1 THEN NULL ELSE '30003' END, false, 0
FROM row, round RETURNING id"""

ASK = """
INSERT INTO export (id, municipality_id, principal_id, communication_id, kind, selection, locale, file_name, state,
  rows_written, version, fence, attempts, requested_at)
SELECT $1, c.municipality_id, p.id, c.id, 'STATISTICS', '{}', 'EN', 'statisticsAlert.xlsx', 'QUEUED', 0, 0, 0, 0, now()
FROM communication c JOIN principal p ON p.municipality_id = c.municipality_id RETURNING id"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a workbook took: seconds by the clock and of a processor, and megabytes at most."""

    seconds: float
    processor: float
    megabytes: float = 0.0


async def begin(url: str) -> UUID:
    """Ask for a workbook and begin it, as the job does."""
    async with open_database(url):
        export_id = make_id()
        await get_database().execute_query_dict(ASK, [export_id])
        assert await begin_export(export_id, 1) is not None
    return export_id


def make(url: str, export_id: UUID, directory: Path) -> Taken:
    """Let our process make the workbook, from its start to its end."""
    errand = {"database_url": url, "export_id": str(export_id), "fence": 1, "directory": str(directory)}
    began = time.perf_counter()
    child = subprocess.Popen(
        PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(directory)}
    )
    assert child.stdin is not None, "a pipe"
    child.stdin.write(json.dumps(errand).encode() + b"\n")
    child.stdin.flush()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stdin.close()
    assert child.returncode == 0, f"the export ended with {child.returncode}"
    unit = 1 if sys.platform == "darwin" else 1024
    return Taken(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6)


async def save(url: str, export_id: UUID, path: Path) -> None:
    """Fetch the finished file."""
    async with open_database(url):
        with path.open("wb") as file:
            number = 0
            while piece := await read_piece(export_id, number):
                file.write(piece)
                number += 1


def measure(url: str, directory: Path) -> tuple[Taken, Taken]:
    """Return what our way takes, and openpyxl alone for the same cells."""
    export_id = asyncio.run(begin(url))
    made = make(url, export_id, directory)
    book, result = directory / "book.xlsx", directory / "result.json"
    asyncio.run(save(url, export_id, book))
    naive = Path(__file__).with_name("naive_export.py")
    subprocess.run([sys.executable, str(naive), str(book), str(result)], check=True)
    return made, Taken(**json.loads(result.read_text()))


async def stage(url: str, recipients: int) -> None:
    async with open_database(url):
        await get_database().execute_query_dict(STAGE, [recipients])
        await get_database().execute_query("ANALYZE")


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, nargs=2, default=(10_000, 100_000), metavar=("FEW", "MANY"))
    parser.add_argument("--rounds", type=int, default=3)
    return parser


def main() -> None:
    options = make_parser().parse_args()
    sizes = {f"town{number}": recipients for number, recipients in enumerate(options.recipients)}
    found: dict[str, list[tuple[Taken, Taken]]] = {name: [] for name in sizes}
    with run_postgres() as postgres, tempfile.TemporaryDirectory(prefix="tocsin-bench-") as directory:
        urls = {name: make_database(postgres, name) for name in sizes}
        for name, recipients in sizes.items():
            asyncio.run(stage(urls[name], recipients))
        for _ in range(options.rounds):
            for name, each in found.items():
                each.append(measure(urls[name], Path(directory)))
    few, many = found.values()
    for each, recipients in zip(found.values(), options.recipients, strict=True):
        report(each, recipients)
    give(compare((few, options.recipients[0]), (many, options.recipients[1])))


def report(found: list[tuple[Taken, Taken]], recipients: int) -> None:
    """Print the medians of one size, and give its row."""
    print(f"workbook of {recipients} recipients and as many deliveries, median of {len(found)} interleaved rounds")
    for name in ("seconds", "processor"):
        ours = [getattr(made, name) for made, _ in found]
        naive = [getattr(alone, name) for _, alone in found]
        ratio = statistics.median(ours) / statistics.median(naive)
        shown = " / ".join(", ".join(f"{value:.1f}" for value in values) for values in (ours, naive))
        print(f"  {name:<10} ours {statistics.median(ours):6.1f}  openpyxl {statistics.median(naive):6.1f}"
              f"  ratio {ratio:5.2f}   ({shown})")  # fmt: skip
    pace = statistics.median(recipients / made.seconds for made, _ in found)
    ratio = statistics.median(made.seconds / alone.seconds for made, alone in found)
    name, against = f"workbook of {recipients:,} recipients", "seconds against openpyxl alone for the same cells"
    target = RATIO if recipients >= PROMISED else None
    give([Row(name, pace, "recipients/s", ratio, against, target, most=True, rounds=len(found))])


def compare(few: tuple[list[tuple[Taken, Taken]], int], many: tuple[list[tuple[Taken, Taken]], int]) -> list[Row]:
    """Return what the larger workbook takes of time for each recipient, and of memory, against the smaller."""
    (less, fewer), (more, larger) = few, many
    spent = [statistics.median(made.seconds for made, _ in found) / size * 1e6 for found, size in (few, many)]
    held = [max(made.megabytes for made, _ in found) for found in (less, more)]
    against, rounds = f"of {fewer:,}", len(less)
    return [
        Row(f"time for each of {larger:,} recipients", spent[1], "µs", spent[1] / spent[0], against, rounds=rounds),
        Row(f"memory at most, of {larger:,} recipients", held[1], "MB", held[1] / held[0], against, rounds=rounds),
    ]


if __name__ == "__main__":
    main()
