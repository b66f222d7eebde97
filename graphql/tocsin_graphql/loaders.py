"""Loading by key, once for all rows of an operation, always within what the viewer may see. Imports the domain only."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from tocsin import people, rounds
from tocsin.audit import AuditRow, find_entries
from tocsin.database import get_database
from tocsin.exports import ExportRow, find_exports
from tocsin.grid import RecipientRow, find_recipients
from tocsin.overview import CommunicationRow, find_communications
from tocsin.pictures import TallyPicture, read_tallies
from tocsin.viewers import Viewer

MOST_AT_ONCE = 1_000

Row = TypeVar("Row")
Keys = Sequence[UUID]
Read = Callable[[UUID, Keys], Awaitable[list[Row]]]


def load_pairs(read: Read[tuple[UUID, Row]]) -> "cached_property[DataLoader[UUID, list[Row]]]":
    """Load what belongs to a key, from pairs of key and value."""

    def make(loaders: "Loaders") -> DataLoader[UUID, list[Row]]:
        async def load(keys: list[UUID]) -> list[list[Row]]:
            found: dict[UUID, list[Row]] = {}
            for key, value in await read(loaders.viewer.municipality_id, keys):
                found.setdefault(key, []).append(value)
            return [found.get(key, []) for key in keys]

        return prepare(load)

    return cached_property(make)


def load_many(read: Read[Row], column: str) -> "cached_property[DataLoader[UUID, list[Row]]]":
    """Load the rows that belong to a key, in the order they are read."""

    async def pair(municipality_id: UUID, keys: Keys) -> list[tuple[UUID, Row]]:
        return [(getattr(row, column), row) for row in await read(municipality_id, keys)]

    return load_pairs(pair)


def load_one(read: Read[Row]) -> "cached_property[DataLoader[UUID, Row | None]]":
    """Load rows by their own key; nothing for a foreign or unknown one."""

    def make(loaders: "Loaders") -> DataLoader[UUID, Row | None]:
        async def load(keys: list[UUID]) -> list[Row | None]:
            return match(keys, await read(loaders.viewer.municipality_id, keys))

        return prepare(load)

    return cached_property(make)


def match(keys: Iterable[UUID], rows: Iterable[Row]) -> list[Row | None]:
    found = {row.id: row for row in rows}  # type: ignore[attr-defined]
    return [found.get(key) for key in keys]


def prepare(load: Callable[[list[UUID]], Awaitable[Any]]) -> DataLoader[UUID, Any]:
    """Return a loader with batches that a statement takes."""
    return DataLoader(load_fn=load, max_batch_size=MOST_AT_ONCE)


class Loaders:
    """The loaders of one operation; whoever runs again and again takes new ones each time, for these remember.

    Each is made when it is first asked for: a frame of statistics needs none of them.
    """

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer

    municipality = load_one(people.find_municipalities)
    category = load_one(people.find_categories)
    group = load_one(people.find_groups)
    citizen = load_one(people.find_citizens)
    contact_point = load_one(people.find_contact_points)
    wave = load_one(rounds.find_waves)
    delivery = load_one(rounds.find_deliveries)
    contact_points = load_many(people.list_contact_points, "citizen_id")
    verifications = load_many(people.list_verifications, "contact_point_id")
    waves = load_many(rounds.list_waves, "communication_id")
    deliveries = load_many(rounds.list_deliveries, "recipient_id")
    events = load_many(rounds.list_events, "delivery_id")
    contents = load_pairs(rounds.list_contents)
    group_names = load_pairs(rounds.list_group_names)

    @cached_property
    def export(self) -> DataLoader[UUID, ExportRow | None]:
        async def load(keys: list[UUID]) -> list[ExportRow | None]:
            return match(keys, await find_exports(self.viewer, keys))

        return prepare(load)

    @cached_property
    def audit_entry(self) -> DataLoader[UUID, AuditRow | None]:
        async def load(keys: list[UUID]) -> list[AuditRow | None]:
            return match(keys, await find_entries(self.viewer, keys))

        return prepare(load)

    @cached_property
    def communication(self) -> DataLoader[UUID, CommunicationRow | None]:
        async def load(keys: list[UUID]) -> list[CommunicationRow | None]:
            found = await find_communications(get_database(), self.viewer.municipality_id, keys)
            return [found.get(key) for key in keys]

        return prepare(load)

    @cached_property
    def recipient(self) -> DataLoader[UUID, RecipientRow | None]:
        async def load(keys: list[UUID]) -> list[RecipientRow | None]:
            found = await find_recipients(get_database(), self.viewer.municipality_id, keys)
            return [found.get(key) for key in keys]

        return prepare(load)

    @cached_property
    def picture(self) -> DataLoader[UUID, TallyPicture | None]:
        async def load(keys: list[UUID]) -> list[TallyPicture | None]:
            found = await read_tallies(get_database(), keys)
            return [picture if picture and self.owns(picture) else None for picture in map(found.get, keys)]

        return prepare(load)

    def owns(self, picture: TallyPicture) -> bool:
        return picture.municipality_id == self.viewer.municipality_id
