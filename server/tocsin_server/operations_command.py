"""`tocsin lanes`, `tocsin parked` and `tocsin jobs`: what those who run the system look at, and set going again.

No line names a person, a number or an address. Imports operations.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from tortoise.exceptions import OperationalError

from tocsin.database import open_database
from tocsin.due import revive_work
from tocsin.errors import ConfigurationError, NotFound
from tocsin.expiry import measure_expiries
from tocsin.lanes import resume_lanes
from tocsin.ledger import apply_events
from tocsin.operations import LaneRow, count_operations, list_jobs, list_lanes, list_parked
from tocsin.parking import free_parked, hurry_parked, take_parked
from tocsin.settings import Settings, read_settings
from tocsin.transactions import in_transaction
from tocsin.words import Channel
from tocsin_server.explaining import explaining, with_database
from tocsin_server.journal import open_journal

app = typer.Typer()

ALL = "all"
OUTDATED = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedObjectError)

First = Annotated[int, typer.Option(min=1, max=10_000, help="How many to list at most.")]


def read_channel(text: str) -> Channel:
    """Return the channel of that name; typer explains the refusal."""
    if text.upper() not in Channel.__members__:
        raise typer.BadParameter(f"{text} is none of {', '.join(Channel.__members__)}.")
    return Channel[text.upper()]


@app.command()
def lanes(
    resume: Annotated[
        Channel | None, typer.Option(parser=read_channel, metavar="CHANNEL", help="End its pause or rest at once.")
    ] = None,
) -> None:
    """List the ways out, an account and a channel each: paused or not, what waits, and how fast it goes."""

    async def show(settings: Settings) -> None:
        if resume is not None:
            print(await resume_channel(resume))
        found = await list_lanes(settings)
        print_rows(
            ("channel", "account", "state", "waiting", "per second", "reason"),
            [(lane.channel.name, lane.account, describe_state(lane), lane.waiting, f"{lane.per_second:g}", lane.reason)
             for lane in found],
            otherwise="No lane yet: nothing has been sent.",
        )  # fmt: skip

    run(show)


async def resume_channel(channel: Channel) -> str:
    """End the pauses of a channel's lanes; NotFound where it has none."""
    async with in_transaction() as connection:
        lanes = await resume_lanes(connection, channel)
    if not lanes:
        raise NotFound(f"There is no lane for {channel.name}: nothing has been sent that way.")
    return f"{channel.name} goes on." if any(lanes) else f"{channel.name} was not paused."


def describe_state(lane: LaneRow) -> str:
    if lane.paused_at is not None:
        return f"paused since {write_instant(lane.paused_at)}"
    resting = lane.next_at is not None and lane.next_at > datetime.now(lane.next_at.tzinfo)
    return f"rests until {write_instant(lane.next_at)}" if resting and lane.next_at else "open"


@app.command()
def parked(
    retry: Annotated[bool, typer.Option("--retry", help="Offer them to the ledger again now.")] = False,
    first: First = 50,
) -> None:
    """List reports that match no delivery; each is tried again with growing pauses."""

    async def show(settings: Settings) -> None:
        if retry:
            print(await retry_parked(settings))
        count = (await count_operations()).parked
        print(f"Reports parked: {count}")
        print_rows(
            ("provider", "account", "word", "since", "tries", "next try"),
            [(row.provider, row.account, row.word, write_instant(row.received_at), row.tries, write_instant(row.next_try_at))
             for row in await list_parked(first)],
        )  # fmt: skip

    run(show)


async def retry_parked(settings: Settings) -> str:
    """Offer every parked report to the ledger; say how many found their delivery."""
    before = (await count_operations()).parked
    await hurry_parked()
    while events := await take_parked():
        await apply_events(events, measure_expiries(settings))
        await free_parked(events)
    return f"Found their delivery: {before - (await count_operations()).parked} of {before}"


@app.command()
def jobs(
    revive: Annotated[
        str | None, typer.Option(metavar=f"ID|{ALL}", help="Make dead work due again, one piece or all.")
    ] = None,
    first: First = 50,
) -> None:
    """List work that is dead (failed too often) or overdue (nobody has begun it)."""

    async def show(settings: Settings) -> None:
        if revive is not None:
            print(f"Revived: {await revive_jobs(revive)}")
        counts = await count_operations()
        print(f"Dead: {counts.dead}, overdue: {counts.overdue}")
        print_rows(
            ("id", "kind", "subject", "due", "attempts", "dead since", "error"),
            [(row.id, row.kind.value, row.subject_id, write_instant(row.due_at), row.attempts,
              write_instant(row.dead_at) if row.dead_at else "-", row.error) for row in await list_jobs(first, overdue=True)],
        )  # fmt: skip

    run(show)


async def revive_jobs(wanted: str) -> int:
    """Revive one piece of dead work or all; NotFound where the id is none of dead work."""
    if wanted == ALL:
        return await revive_work()
    try:
        number = await revive_work(UUID(wanted))
    except ValueError:
        number = 0
    if not number:
        raise NotFound(f"No dead work has this id; `tocsin jobs` lists them, and `{ALL}` revives every one.")
    return number


def run(show: Callable[[Settings], Awaitable[None]]) -> None:
    """Do something with the database open; a database that is away or too old is one sentence and code 2."""
    with explaining():
        settings = read_settings()
        open_journal("warning")  # what is printed is the answer alone
        with_database(settings, lambda url: asyncio.run(show_open(url, settings, show)))


async def show_open(url: str, settings: Settings, show: Callable[[Settings], Awaitable[None]]) -> None:
    try:
        async with open_database(url):
            await show(settings)
    except OperationalError as error:
        if isinstance(error.__cause__, OUTDATED):
            raise ConfigurationError("The database is not up to date; run `tocsin migrate`.") from None
        raise


def write_instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}Z"


def print_rows(names: Sequence[str], rows: Iterable[Sequence[object]], *, otherwise: str | None = None) -> None:
    """Print a table whose cells are taken as they are; never cut where nobody looks at a screen."""
    table = Table(*names, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text("-" if cell is None else str(cell)) for cell in row))
    if table.row_count:
        Console(width=None if sys.stdout.isatty() else 400, highlight=False).print(table)
    elif otherwise is not None:
        print(otherwise)
