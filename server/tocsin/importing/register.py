"""Finding whom a chunk of entries means, among those stored and those that earlier rows have just made. Imports persons."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.importing.entries import Entry
from tocsin.importing.persons import Person, Point, fold_name
from tocsin.words import Channel, Locale

# By reference, by an address in use, and for rows without any address by the name alone.
CITIZENS = """
SELECT id, reference, first_name, last_name, locale FROM citizen WHERE municipality_id = $1 AND id IN (
  SELECT id FROM citizen WHERE municipality_id = $1 AND reference = ANY($2::text[])
  UNION SELECT citizen_id FROM contact_point WHERE address = ANY($3::text[])
  UNION SELECT c.id FROM unnest($4::text[], $5::text[]) AS n (first_name, last_name)
    JOIN citizen c ON c.municipality_id = $1 AND c.first_name = n.first_name AND c.last_name = n.last_name)
ORDER BY id"""
POINTS = """
SELECT id, citizen_id, address, channels, verified_at FROM contact_point WHERE citizen_id = ANY($1::uuid[]) ORDER BY id"""
GROUPS = "SELECT citizen_id, group_id FROM membership WHERE citizen_id = ANY($1::uuid[])"
CATEGORIES = "SELECT citizen_id, category_id FROM subscription WHERE citizen_id = ANY($1::uuid[])"

Name = tuple[str, str]


class Register:
    """Citizens by reference, by name and address, and by name where there is no address."""

    def __init__(self, persons: Iterable[Person]) -> None:
        self.persons: dict[UUID, Person] = {}
        self._by_reference: dict[str, Person] = {}
        self._by_address: defaultdict[tuple[Name, str], list[Person]] = defaultdict(list)
        self._unreachable: defaultdict[Name, list[Person]] = defaultdict(list)
        for person in persons:
            self.enter(person)

    def enter(self, person: Person) -> None:
        """Make a citizen findable under what is now known of him."""
        name = fold_name(person.first_name, person.last_name)
        self.persons[person.key] = person
        if person.reference:
            self._by_reference[person.reference] = person
        for point in person.points:
            self._by_address[name, point.address].append(person)
        if not person.points:
            self._unreachable[name].append(person)

    def find(self, entry: Entry) -> Person | None:
        """Return whom an entry means: the same reference, else the same name with an equal address or, as he, with none."""
        if entry.reference and entry.reference in self._by_reference:
            return self._by_reference[entry.reference]
        name = fold_name(entry.first_name, entry.last_name)
        addresses = set(entry.addresses)
        candidates = [person for address in entry.addresses for person in self._by_address[name, address]]
        for person in candidates or self._unreachable[name]:
            # What an earlier row has moved is still indexed: only what holds now counts.
            held = {point.address for point in person.points}
            if fold_name(person.first_name, person.last_name) != name:
                continue
            if (addresses & held or not (addresses or held)) and not (entry.reference and person.reference):
                return person
        return None


async def open_register(connection: BaseDBAsyncClient, municipality: UUID, entries: Sequence[Entry]) -> Register:
    """Read everybody whom these entries may mean."""
    bare = [entry for entry in entries if not entry.addresses]
    values = [
        municipality,
        [entry.reference for entry in entries if entry.reference],
        sorted({address for entry in entries for address in entry.addresses}),
        [entry.first_name for entry in bare],
        [entry.last_name for entry in bare],
    ]
    persons = {
        row["id"]: Person(row["reference"], row["first_name"], row["last_name"], Locale(row["locale"]), key=row["id"])
        for row in await connection.execute_query_dict(CITIZENS, values)
    }
    if persons:
        await complete(connection, persons)
    return Register(persons.values())


async def complete(connection: BaseDBAsyncClient, persons: dict[UUID, Person]) -> None:
    """Add points, groups and categories to citizens just read."""
    keys = [list(persons)]
    for row in await connection.execute_query_dict(POINTS, keys):
        channels = frozenset(map(Channel, row["channels"]))
        persons[row["citizen_id"]].points.append(Point(row["address"], channels, row["verified_at"], row["id"]))
    for row in await connection.execute_query_dict(GROUPS, keys):
        persons[row["citizen_id"]].groups.add(row["group_id"])
    for row in await connection.execute_query_dict(CATEGORIES, keys):
        persons[row["citizen_id"]].categories.add(row["category_id"])
    for person in persons.values():
        person.remember()
