"""Those who send and those who are reached, as they are read: always of one municipality. Imports words and database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from tocsin.database import get_database
from tocsin.words import Channel, Locale

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class MunicipalityRow:
    """The tenant as it is shown."""

    id: UUID
    name: str
    time_zone: str
    locale: Locale


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category as it is shown."""

    id: UUID
    name: str
    description: str | None
    confirmation_required: bool
    voicemail_counts: bool
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group and how many citizens it has."""

    id: UUID
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class CitizenRow:
    """A citizen as the profile stands now."""

    id: UUID
    first_name: str
    last_name: str
    locale: Locale
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class ContactPointRow:
    """A number or an address as it stands now."""

    id: UUID
    citizen_id: UUID
    address: str
    channels: tuple[Channel, ...]
    verified_at: datetime | None
    suppressed: bool


CATEGORIES = "SELECT id, name, description, confirmation_required, voicemail_counts, channels FROM category"
GROUPS = """
SELECT g.id, g.name, (SELECT count(*) FROM membership s WHERE s.group_id = g.id) AS size FROM citizen_group g"""
POINTS = """
SELECT p.id, p.citizen_id, p.address, p.channels, p.verified_at, p.suppressed_at IS NOT NULL AS suppressed
FROM contact_point p JOIN citizen z ON z.id = p.citizen_id WHERE z.municipality_id = $1"""

READERS: Mapping[str, Callable[[Any], object]] = {
    "channels": lambda numbers: tuple(Channel(number) for number in sorted(numbers)),
    "locale": Locale,
}


async def read_rows(make: Callable[..., Row], statement: str, values: Sequence[object]) -> list[Row]:
    """Return what the rows make, languages and channels read as our words."""
    rows = await get_database().execute_query_dict(statement, list(values))
    return [make(**{name: READERS.get(name, keep)(value) for name, value in row.items()}) for row in rows]


def keep(value: object) -> object:
    return value


async def find_municipalities(municipality_id: UUID, keys: Sequence[UUID]) -> list[MunicipalityRow]:
    """Return the municipality itself, if it is among the keys."""
    statement = "SELECT id, name, time_zone, locale FROM municipality WHERE id = $1 AND id = ANY($2::uuid[])"
    return await read_rows(MunicipalityRow, statement, [municipality_id, keys])


async def list_categories(municipality_id: UUID) -> list[CategoryRow]:
    """Return all categories, by name."""
    return await read_rows(CategoryRow, f"{CATEGORIES} WHERE municipality_id = $1 ORDER BY name, id", [municipality_id])


async def find_categories(municipality_id: UUID, keys: Sequence[UUID]) -> list[CategoryRow]:
    """Return those of the keys."""
    statement = f"{CATEGORIES} WHERE municipality_id = $1 AND id = ANY($2::uuid[])"
    return await read_rows(CategoryRow, statement, [municipality_id, keys])


async def list_groups(municipality_id: UUID) -> list[GroupRow]:
    """Return all groups, by name."""
    return await read_rows(GroupRow, f"{GROUPS} WHERE g.municipality_id = $1 ORDER BY g.name, g.id", [municipality_id])


async def find_groups(municipality_id: UUID, keys: Sequence[UUID]) -> list[GroupRow]:
    """Return those of the keys."""
    statement = f"{GROUPS} WHERE g.municipality_id = $1 AND g.id = ANY($2::uuid[])"
    return await read_rows(GroupRow, statement, [municipality_id, keys])


async def find_citizens(municipality_id: UUID, keys: Sequence[UUID]) -> list[CitizenRow]:
    """Return those of the keys."""
    statement = """
    SELECT id, first_name, last_name, locale, modified_at FROM citizen WHERE municipality_id = $1 AND id = ANY($2::uuid[])"""
    return await read_rows(CitizenRow, statement, [municipality_id, keys])


async def find_contact_points(municipality_id: UUID, keys: Sequence[UUID]) -> list[ContactPointRow]:
    """Return those of the keys."""
    return await read_rows(ContactPointRow, f"{POINTS} AND p.id = ANY($2::uuid[])", [municipality_id, keys])


async def list_contact_points(municipality_id: UUID, citizens: Sequence[UUID]) -> list[ContactPointRow]:
    """Return the contact points of these citizens, oldest first."""
    statement = f"{POINTS} AND p.citizen_id = ANY($2::uuid[]) ORDER BY p.id"
    return await read_rows(ContactPointRow, statement, [municipality_id, citizens])
