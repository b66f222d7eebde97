"""Writing what an import has changed: a few statements for a whole chunk, in its transaction. Imports persons and citizens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.citizens import refresh_citizen_words
from tocsin.consents import Senders, follow_suppressions
from tocsin.folding import fold_name
from tocsin.identifiers import make_id
from tocsin.importing.persons import Person, Point

NEW_CITIZEN = """
INSERT INTO citizen (id, municipality_id, reference, first_name, last_name, first_name_key, last_name_key, locale,
  modified_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
CITIZEN = """
UPDATE citizen SET reference = $3, first_name = $4, last_name = $5, first_name_key = $6, last_name_key = $7,
  locale = $8, modified_at = $9
WHERE id = $1 AND municipality_id = $2"""
NEW_POINT = """
INSERT INTO contact_point (id, citizen_id, address, channels, verified_at, suppressed_channels, dead_channels)
VALUES ($1, $2, $3, $4, $5, '{}', '{}')"""
POINT = "UPDATE contact_point SET address = $2, channels = $3, verified_at = $4 WHERE id = $1"
# Another address is not known to be dead.
FRESH_POINT = "UPDATE contact_point SET dead_channels = '{}' WHERE id = $1"
UNUSED_POINT = "DELETE FROM contact_point WHERE id = $1"
LISTS = {"membership": "group_id", "subscription": "category_id"}


async def store(
    connection: BaseDBAsyncClient, municipality: UUID, persons: Sequence[Person], *, senders: Senders, now: datetime
) -> None:
    """Write new and changed citizens with everything that belongs to them; what addresses have refused stays refused."""
    rows = {True: list[list[Any]](), False: list[list[Any]]()}
    for person in persons:
        row = [person.key, municipality, person.reference, person.first_name, person.last_name]
        keys = [fold_name(person.first_name), fold_name(person.last_name)]
        rows[person.stored is None].append([*row, *keys, person.locale.value, now])
    await write(connection, NEW_CITIZEN, rows[True])
    await write(connection, CITIZEN, rows[False])
    await follow_suppressions(connection, await store_points(connection, persons), senders)
    for table, column in LISTS.items():
        await store_list(connection, table, column, persons)
    await refresh_citizen_words(connection, [person.key for person in persons])


async def store_points(connection: BaseDBAsyncClient, persons: Sequence[Person]) -> list[UUID]:
    """Write points; return those whose address is new to them."""
    points = [(person, point) for person in persons for point in person.points if point.state != point.stored]
    known = [point for _, point in points if point.stored is not None]
    await write(connection, UNUSED_POINT, [[point.key] for point in known if not point.channels])
    await write(connection, POINT, [describe(point) for point in known if point.channels])
    replaced = [point.key for point in known if point.replaced and point.channels]
    await write(connection, FRESH_POINT, [[key] for key in replaced])
    new = [(person, point) for person, point in points if point.stored is None and point.channels]
    await write(connection, NEW_POINT, [[point.key, person.key, *describe(point)[1:]] for person, point in new])
    return [*replaced, *(point.key for _, point in new)]


def describe(point: Point) -> list[Any]:
    return [point.key, point.address, sorted(map(int, point.channels)), point.verified_at]


async def store_list(connection: BaseDBAsyncClient, table: str, column: str, persons: Sequence[Person]) -> None:
    """Write the differences between the lists as they are and as they were."""
    added: list[list[UUID]] = []
    removed: list[list[UUID]] = []
    for person in persons:
        memberships = table == "membership"
        now = person.groups if memberships else person.categories
        before = person.stored_groups if memberships else person.stored_categories
        added += [[make_id(), person.key, key] for key in now - before]
        removed += [[person.key, key] for key in before - now]
    insert = f"INSERT INTO {table} (id, citizen_id, {column}) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
    await write(connection, insert, added)
    await write(connection, f"DELETE FROM {table} WHERE citizen_id = $1 AND {column} = $2", removed)


async def write(
    connection: BaseDBAsyncClient, statement: str, rows: Sequence[list[Any]] | Sequence[list[UUID]]
) -> None:
    """Run one statement for all rows; none, none."""
    if rows:
        await connection.execute_many(statement, list(rows))
