"""Those who send and those who are reached, as they are read: always of one municipality. Imports words and database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from tocsin.database import get_database
from tocsin.statuses import DeliveryStatus
from tocsin.verification_limits import LONGEST_DAY
from tocsin.words import Channel, Locale, WeekStart

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class MunicipalityRow:
    """The tenant as it is shown."""

    id: UUID
    name: str
    time_zone: str
    locale: Locale
    week_start: WeekStart


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


def forget_citizen(recipient_id: UUID, locale: Locale, now: datetime) -> CitizenRow:
    """Return what stands for the citizen of a recipient whose person retention has removed: nobody, without points."""
    return CitizenRow(recipient_id, "", "", locale, now)


@dataclass(frozen=True, slots=True)
class ContactPointRow:
    """A number or an address as it stands now."""

    id: UUID
    citizen_id: UUID
    address: str
    channels: tuple[Channel, ...]
    verified_at: datetime | None
    suppressed: bool


@dataclass(frozen=True, slots=True)
class VerificationRow:
    """The newest verification of a contact point's present address; `requested` are those of the last day, of any address."""

    id: UUID
    contact_point_id: UUID
    channel: Channel
    requested_at: datetime
    expires_at: datetime | None
    status: DeliveryStatus | None
    time_zone: str
    requested: Sequence[datetime]


CATEGORIES = "SELECT id, name, description, confirmation_required, voicemail_counts, channels FROM category"
GROUPS = """
SELECT g.id, g.name, (SELECT count(*) FROM membership s WHERE s.group_id = g.id) AS size FROM citizen_group g"""
POINTS = """
SELECT p.id, p.citizen_id, p.address, p.channels, p.verified_at, p.suppressed_channels && p.channels AS suppressed
FROM contact_point p JOIN citizen z ON z.id = p.citizen_id WHERE z.municipality_id = $1"""

STATUS = """(SELECT d.status FROM delivery d
  WHERE d.contact_point_id = p.id AND d.channel = v.channel AND d.verification_id = v.id LIMIT 1)"""
NEWEST = f"""LATERAL (
  SELECT v.id, v.channel, v.requested_at, v.expires_at, {STATUS} AS status FROM verification v
  WHERE v.contact_point_id = p.id AND v.address = p.address ORDER BY v.requested_at DESC, v.id DESC LIMIT 1) v"""
VERIFICATIONS = f"""
SELECT v.id, p.id AS contact_point_id, v.channel, v.requested_at, v.expires_at, v.status, m.time_zone,
  ARRAY(SELECT o.requested_at FROM verification o
    WHERE o.contact_point_id = p.id AND o.requested_at > now() - {LONGEST_DAY}) AS requested
FROM contact_point p JOIN citizen z ON z.id = p.citizen_id JOIN municipality m ON m.id = z.municipality_id
CROSS JOIN {NEWEST} WHERE z.municipality_id = $1 AND p.id = ANY($2::uuid[])"""

READERS: Mapping[str, Callable[[Any], object]] = {
    "channels": lambda numbers: tuple(Channel(number) for number in sorted(numbers)),
    "channel": Channel,
    "status": lambda number: DeliveryStatus(number) if number is not None else None,
    "locale": Locale,
    "week_start": WeekStart,
}


async def read_rows(make: Callable[..., Row], statement: str, values: Sequence[object]) -> list[Row]:
    """Return what the rows make, languages and channels read as our words."""
    rows = await get_database().execute_query_dict(statement, list(values))
    return [make(**{name: READERS.get(name, keep)(value) for name, value in row.items()}) for row in rows]


def keep(value: object) -> object:
    return value


async def find_municipalities(municipality_id: UUID, keys: Sequence[UUID]) -> list[MunicipalityRow]:
    """Return the municipality itself, if it is among the keys."""
    statement = (
        "SELECT id, name, time_zone, locale, week_start FROM municipality WHERE id = $1 AND id = ANY($2::uuid[])"
    )
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


def read_citizen(row: Mapping[str, Any]) -> CitizenRow:
    """Return the citizen that a row of the columns holds."""
    return CitizenRow(row["id"], row["first_name"], row["last_name"], Locale(row["locale"]), row["modified_at"])


async def find_contact_points(municipality_id: UUID, keys: Sequence[UUID]) -> list[ContactPointRow]:
    """Return those of the keys."""
    return await read_rows(ContactPointRow, f"{POINTS} AND p.id = ANY($2::uuid[])", [municipality_id, keys])


async def list_contact_points(municipality_id: UUID, citizens: Sequence[UUID]) -> list[ContactPointRow]:
    """Return the contact points of these citizens, oldest first."""
    statement = f"{POINTS} AND p.citizen_id = ANY($2::uuid[]) ORDER BY p.id"
    return await read_rows(ContactPointRow, statement, [municipality_id, citizens])


async def list_verifications(municipality_id: UUID, points: Sequence[UUID]) -> list[VerificationRow]:
    """Return the newest verification of each of these contact points that has one."""
    return await read_rows(VerificationRow, VERIFICATIONS, [municipality_id, points])
