"""A citizen as an import finds or makes him, and what an entry changes of him. Imports entries, folding and words.

A row found by its reference states what it fills in: its addresses replace the former ones of the same channels, its
lists the former lists. A row found by name only adds, since two people of one household may share name and number.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tocsin.folding import fold
from tocsin.identifiers import make_id
from tocsin.importing.entries import Entry
from tocsin.words import Channel, Locale

NONE: frozenset[Channel] = frozenset()


@dataclass(slots=True, eq=False)
class Point:
    """A contact point; `stored` is what the database holds of it, nothing for a new one."""

    address: str
    channels: frozenset[Channel]
    verified_at: datetime | None = None
    key: UUID = field(default_factory=make_id)
    stored: tuple[object, ...] | None = None
    replaced: bool = False

    @property
    def state(self) -> tuple[object, ...]:
        return self.address, self.channels, self.verified_at

    @property
    def is_email(self) -> bool:
        return "@" in self.address


@dataclass(slots=True, eq=False)
class Person:
    """A citizen with his points, groups and chosen categories; the `stored_` fields are what the database holds."""

    reference: str | None
    first_name: str
    last_name: str
    locale: Locale
    key: UUID = field(default_factory=make_id)
    points: list[Point] = field(default_factory=list)
    groups: set[UUID] = field(default_factory=set)
    categories: set[UUID] = field(default_factory=set)
    stored: tuple[object, ...] | None = None
    stored_groups: frozenset[UUID] = frozenset()
    stored_categories: frozenset[UUID] = frozenset()

    @property
    def state(self) -> tuple[object, ...]:
        return self.reference, self.first_name, self.last_name, self.locale

    @property
    def changed(self) -> bool:
        """Whether anything of him differs from what is stored."""
        lists = self.groups != set(self.stored_groups) or self.categories != set(self.stored_categories)
        return self.state != self.stored or lists or any(point.state != point.stored for point in self.points)

    @property
    def moving(self) -> bool:
        """Whether somebody who was there before gets other numbers or addresses: he may have been sent something."""
        return self.stored is not None and any(point.state != point.stored for point in self.points)

    def remember(self) -> None:
        """Take the present state as what the database holds."""
        self.stored = self.state
        self.stored_groups, self.stored_categories = frozenset(self.groups), frozenset(self.categories)
        for point in self.points:
            point.stored = point.state


def fold_name(first_name: str, last_name: str) -> tuple[str, str]:
    """Return what two spellings of one name have in common."""
    return fold(first_name), fold(last_name)


def make_person(entry: Entry, locale: Locale) -> Person:
    """Return a new citizen without addresses and lists; `locale` is the municipality's."""
    return Person(entry.reference, entry.first_name, entry.last_name, entry.locale or locale)


def revise(person: Person, entry: Entry, groups: frozenset[UUID], now: datetime) -> None:
    """Change a citizen as an entry says; `groups` are the keys of the groups that it names."""
    replacing = person.reference is not None and person.reference == entry.reference
    person.reference = person.reference or entry.reference
    person.first_name, person.last_name = entry.first_name, entry.last_name
    person.locale = entry.locale or person.locale
    move_points(person, entry, replacing=replacing)
    if entry.verified:
        for point in person.points:
            if point.address in entry.addresses:
                point.verified_at = point.verified_at or now
    person.groups = gather(person.groups, groups, replacing=replacing)
    person.categories = gather(person.categories, entry.categories, replacing=replacing)


def gather(before: set[UUID], stated: frozenset[UUID], *, replacing: bool) -> set[UUID]:
    """Return a list after an entry; one that it leaves empty stays as it was."""
    return set(stated) if stated and replacing else before | stated


def move_points(person: Person, entry: Entry, *, replacing: bool) -> None:
    """Give each address its channels; a point that loses its last one takes the address that follows it, unverified."""
    stated = frozenset[Channel]().union(*entry.addresses.values()) if replacing else NONE
    for point in person.points:
        point.channels = (point.channels - stated) | entry.addresses.get(point.address, NONE)
    known = {point.address for point in person.points}
    for address, channels in entry.addresses.items():
        if address not in known:
            place(person, address, channels)


def place(person: Person, address: str, channels: frozenset[Channel]) -> None:
    """Put a new address in the place of a point that is no longer used, or beside the others."""
    for point in person.points:
        if not point.channels and point.is_email == ("@" in address):
            point.address, point.channels, point.verified_at, point.replaced = address, channels, None, True
            return
    person.points.append(Point(address, channels))
