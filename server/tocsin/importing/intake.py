"""An import from beginning to end: rows in, chunks stored, bad rows told. Imports everything else of this package."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.addresses import find_region
from tocsin.assessment import reassess
from tocsin.consents import Senders
from tocsin.database import CONTENDED
from tocsin.errors import BadInput, Unavailable
from tocsin.importing.columns import read_header
from tocsin.importing.entries import Entry, Rules, read_entry
from tocsin.importing.persons import make_person, revise
from tocsin.importing.places import Place, ensure_groups, find_place
from tocsin.importing.register import open_register
from tocsin.importing.sheets import Line, open_sheet
from tocsin.importing.storing import store
from tocsin.reachability import lock_for_citizens, refresh_reachable
from tocsin.times import tell_time
from tocsin.transactions import in_transaction

CHUNK = 500
TRIES = 5
PAUSE = 0.1
LOCK = "SELECT pg_advisory_xact_lock(1953458019, hashtext($1))"

Refuse = Callable[[int, str], None]


@dataclass(slots=True)
class Summary:
    """How many citizens an import has made, changed and found as the file has them, and how many rows it refused."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0


async def take_in(path: Path, slug: str, *, name: str | None, senders: Senders, refuse: Refuse) -> Summary:
    """Import a file into a municipality, made under `name` where it is missing; `refuse` hears line and reason.

    `senders` are those of this installation: what was refused of them at an address holds for whoever has it now.
    BAD_INPUT and NOT_FOUND where nothing could be imported. The pool has to be open.
    """
    lines = open_sheet(path)
    header = next(lines, None)
    if header is None or header.empty:
        raise BadInput("The first line is empty; it has to name the columns. Nothing was imported.")
    if header.fault:
        raise BadInput(f"The first line can't be read: {header.fault}. Nothing was imported.")
    columns = read_header(header.cells)
    place = await find_place(slug, name)
    rules = Rules(columns, find_region(place.time_zone), place.categories)
    summary = Summary()
    entries = read_entries(lines, rules, summary, refuse)
    while chunk := list(islice(entries, CHUNK)):
        await keep_chunk(place, chunk, summary, senders=senders)
    return summary


def read_entries(lines: Iterator[Line], rules: Rules, summary: Summary, refuse: Refuse) -> Iterator[Entry]:
    """Yield the good rows; count and tell the bad ones."""
    for line in lines:
        if line.empty:
            continue
        try:
            yield read_entry(line, rules)
        except BadInput as error:
            summary.refused += 1
            refuse(line.number, error.message)


async def keep_chunk(place: Place, chunk: list[Entry], summary: Summary, *, senders: Senders) -> None:
    """Store one chunk, again where another writer was in the way."""
    for attempt in range(1, TRIES + 1):
        try:
            created, updated, unchanged = await apply(place, chunk, senders)
        except CONTENDED:
            await asyncio.sleep(PAUSE * attempt)
            continue
        summary.created += created
        summary.updated += updated
        summary.unchanged += unchanged
        return
    raise Unavailable(f"The database is busy; import the file again (line {chunk[0].line} and after are missing).")


async def apply(place: Place, chunk: list[Entry], senders: Senders) -> tuple[int, int, int]:
    """Find, change and store, in one transaction; return how many are new, changed and unchanged."""
    now = tell_time()
    async with in_transaction() as connection:
        # Two imports into one municipality at once would each make those whom the other is just making.
        await connection.execute_query(LOCK, [str(place.key)])
        groups = await find_groups(connection, place.key, chunk)
        register = await open_register(connection, place.key, chunk)
        met: set[UUID] = set()
        for entry in chunk:
            person = register.find(entry) or make_person(entry, place.locale)
            revise(person, entry, frozenset(groups[name.casefold()] for name in entry.groups), now)
            register.enter(person)
            met.add(person.key)
        changed = [person for person in register.persons.values() if person.changed]
        moving = [person.key for person in changed if person.moving]
        await lock_for_citizens(connection, moving)
        await store(connection, place.key, changed, senders=senders, now=now)
        await reassess(connection, await refresh_reachable(connection, moving))
    new = sum(person.stored is None for person in changed)
    return new, len(changed) - new, len(met) - len(changed)


async def find_groups(connection: BaseDBAsyncClient, municipality: UUID, chunk: list[Entry]) -> dict[str, UUID]:
    names = {name.casefold(): name for entry in chunk for name in entry.groups}
    return await ensure_groups(connection, municipality, names) if names else {}
