"""Loading by key, once for all rows of an operation, always within what the viewer may see. Imports the domain only."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from tocsin import people, rounds
from tocsin.audit import AuditRow, find_entries
from tocsin.contents import Content
from tocsin.database import get_database
from tocsin.exports import ExportRow, find_exports
from tocsin.grid import RecipientRow, find_recipients
from tocsin.overview import CommunicationRow, find_communications
from tocsin.people import CategoryRow, CitizenRow, ContactPointRow, GroupRow, MunicipalityRow, VerificationRow
from tocsin.pictures import TallyPicture, read_tallies
from tocsin.rounds import DeliveryRow, EventRow, WaveRow
from tocsin.viewers import Viewer

MOST_AT_ONCE = 1_000

Row = TypeVar("Row")
Keys = Sequence[UUID]
Read = Callable[[UUID, Keys], Awaitable[list[Row]]]


class Loaders:
    """The loaders of one operation; whoever runs again and again takes new ones each time, for these remember."""

    def __init__(self, viewer: Viewer) -> None:
        self.municipality_id = viewer.municipality_id
        self.municipality: DataLoader[UUID, MunicipalityRow | None] = self.load_one(people.find_municipalities)
        self.category: DataLoader[UUID, CategoryRow | None] = self.load_one(people.find_categories)
        self.group: DataLoader[UUID, GroupRow | None] = self.load_one(people.find_groups)
        self.citizen: DataLoader[UUID, CitizenRow | None] = self.load_one(people.find_citizens)
        self.contact_point: DataLoader[UUID, ContactPointRow | None] = self.load_one(people.find_contact_points)
        self.wave: DataLoader[UUID, WaveRow | None] = self.load_one(rounds.find_waves)
        self.delivery: DataLoader[UUID, DeliveryRow | None] = self.load_one(rounds.find_deliveries)
        self.export: DataLoader[UUID, ExportRow | None] = self.load_one(lambda _, keys: find_exports(viewer, keys))
        self.audit_entry: DataLoader[UUID, AuditRow | None] = self.load_one(lambda _, keys: find_entries(viewer, keys))
        self.communication: DataLoader[UUID, CommunicationRow | None] = prepare(self.find_communications)
        self.recipient: DataLoader[UUID, RecipientRow | None] = prepare(self.find_recipients)
        self.picture: DataLoader[UUID, TallyPicture | None] = prepare(self.find_pictures)
        self.contact_points: DataLoader[UUID, list[ContactPointRow]] = self.load_many(
            people.list_contact_points, "citizen_id"
        )
        self.verifications: DataLoader[UUID, list[VerificationRow]] = self.load_many(
            people.list_verifications, "contact_point_id"
        )
        self.waves: DataLoader[UUID, list[WaveRow]] = self.load_many(rounds.list_waves, "communication_id")
        self.deliveries: DataLoader[UUID, list[DeliveryRow]] = self.load_many(rounds.list_deliveries, "recipient_id")
        self.events: DataLoader[UUID, list[EventRow]] = self.load_many(rounds.list_events, "delivery_id")
        self.contents: DataLoader[UUID, list[Content]] = self.load_pairs(rounds.list_contents)
        self.group_names: DataLoader[UUID, list[str]] = self.load_pairs(rounds.list_group_names)

    def load_one(self, read: Read[Row]) -> DataLoader[UUID, Row | None]:
        """Load rows by their own key; nothing for a foreign or unknown one."""

        async def load(keys: list[UUID]) -> list[Row | None]:
            found = {row.id: row for row in await read(self.municipality_id, keys)}  # type: ignore[attr-defined]
            return [found.get(key) for key in keys]

        return prepare(load)

    def load_many(self, read: Read[Row], column: str) -> DataLoader[UUID, list[Row]]:
        """Load the rows that belong to a key, in the order they are read."""

        async def pair(municipality_id: UUID, keys: Keys) -> list[tuple[UUID, Row]]:
            return [(getattr(row, column), row) for row in await read(municipality_id, keys)]

        return self.load_pairs(pair)

    def load_pairs(self, read: Read[tuple[UUID, Row]]) -> DataLoader[UUID, list[Row]]:
        """Load what belongs to a key, from pairs of key and value."""

        async def load(keys: list[UUID]) -> list[list[Row]]:
            found: dict[UUID, list[Row]] = {}
            for key, value in await read(self.municipality_id, keys):
                found.setdefault(key, []).append(value)
            return [found.get(key, []) for key in keys]

        return prepare(load)

    async def find_communications(self, keys: list[UUID]) -> list[CommunicationRow | None]:
        return pick(keys, await find_communications(get_database(), self.municipality_id, keys))

    async def find_recipients(self, keys: list[UUID]) -> list[RecipientRow | None]:
        return pick(keys, await find_recipients(get_database(), self.municipality_id, keys))

    async def find_pictures(self, keys: list[UUID]) -> list[TallyPicture | None]:
        found = await read_tallies(get_database(), list(keys))
        return [picture if picture and self.owns(picture) else None for picture in map(found.get, keys)]

    def owns(self, picture: TallyPicture) -> bool:
        return picture.municipality_id == self.municipality_id


def pick(keys: Iterable[UUID], found: dict[UUID, Row]) -> list[Row | None]:
    return [found.get(key) for key in keys]


def prepare(load: Callable[[list[UUID]], Awaitable[Any]]) -> DataLoader[UUID, Any]:
    """Return a loader with batches that a statement takes."""
    return DataLoader(load_fn=load, max_batch_size=MOST_AT_ONCE)
