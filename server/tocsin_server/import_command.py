"""`tocsin import-citizens`: a file into a municipality, bad rows on standard error. Imports reaching."""

import asyncio
import sys
from pathlib import Path

from tocsin.consents import Senders
from tocsin.database import UNREACHABLE, open_database
from tocsin.errors import TocsinError
from tocsin.importing.intake import Summary, take_in
from tocsin_server.reaching import describe_failure

TAKEN, SOME_REFUSED, NOTHING_DONE = 0, 1, 2


def import_citizens(file: Path, *, municipality: str, create: str | None, senders: Senders, database_url: str) -> int:
    """Import a file into the municipality of that slug and return the exit code; the database has to be migrated.

    0: every row is taken. 1: bad rows were left out, each told with its line. 2: the import stopped, with one sentence.
    """
    try:
        summary = asyncio.run(
            open_and_import(file, municipality, create=create, senders=senders, database_url=database_url)
        )
    except TocsinError as error:
        return stop(error.message)
    except UNREACHABLE as error:
        return stop(describe_failure(error).message)
    print(describe(summary))
    return SOME_REFUSED if summary.refused else TAKEN


async def open_and_import(
    file: Path, municipality: str, *, create: str | None, senders: Senders, database_url: str
) -> Summary:
    async with open_database(database_url):
        return await take_in(file, municipality, name=create, senders=senders, refuse=report_line)


def report_line(number: int, reason: str) -> None:
    print(f"line {number}: {reason}", file=sys.stderr)


def stop(sentence: str) -> int:
    print(f"error: {sentence}", file=sys.stderr)
    return NOTHING_DONE


def describe(summary: Summary) -> str:
    return (
        f"citizens: {summary.created} new, {summary.updated} changed, {summary.unchanged} unchanged; "
        f"rows refused: {summary.refused}"
    )
