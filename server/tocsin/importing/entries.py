"""One row of an import, checked: who he is and what is said of him. Imports columns, addresses, texts and words.

What is wrong is said with its column and without its value, since errors end in terminals and logs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from tocsin.addresses import read_email, read_phone
from tocsin.errors import BadInput
from tocsin.importing.columns import name_cells
from tocsin.importing.sheets import Line
from tocsin.texts import check_line
from tocsin.words import Channel, Locale

PERSON_LENGTH, NAME_LENGTH, REFERENCE_LENGTH = 500, 200, 100
YES = frozenset({"yes", "y", "oui", "o", "true", "vrai", "1", "x"})
NO = frozenset({"", "no", "n", "non", "false", "faux", "0"})
LOCALES = {"": None, "en": Locale.EN, "fr": Locale.FR}

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a good row says. `addresses` gives each one's channels; what a row leaves out is empty or nothing."""

    line: int
    reference: str | None
    first_name: str
    last_name: str
    locale: Locale | None
    addresses: Mapping[str, frozenset[Channel]]
    verified: bool
    groups: tuple[str, ...]
    categories: frozenset[UUID]


@dataclass(slots=True)
class Rules:
    """What rows are checked against: the columns, the country, the categories by folded name, references met so far."""

    columns: Mapping[str, int]
    region: str
    categories: Mapping[str, UUID]
    references: dict[str, int] = field(default_factory=dict)


def read_entry(line: Line, rules: Rules) -> Entry:
    """Return what a row says; BAD_INPUT with the reason for which it can't be taken."""
    if line.fault:
        raise BadInput(line.fault)
    cells = name_cells(rules.columns, line.cells)
    entry = Entry(
        line=line.number,
        reference=read_cell(cells, "reference", lambda text: read_reference(text, rules)) or None,
        first_name=read_cell(cells, "first_name", read_person),
        last_name=read_cell(cells, "last_name", read_person),
        locale=read_cell(cells, "locale", read_locale),
        addresses=read_addresses(cells, rules.region),
        verified=read_cell(cells, "verified", read_verified),
        groups=tuple(dict.fromkeys(read_cell(cells, "groups", read_list))),
        categories=read_cell(cells, "categories", lambda text: find_categories(text, rules.categories)),
    )
    if entry.reference:
        rules.references[entry.reference] = line.number
    return entry


def read_cell(cells: Mapping[str, str], column: str, read: Callable[[str], Value]) -> Value:
    """Return what a cell says; its column comes before the reason when it says nothing usable."""
    try:
        return read(cells.get(column, ""))
    except BadInput as error:
        raise BadInput(f"{column}: {error.message}", field=column) from None


def read_person(text: str) -> str:
    return check_line(text, field="name", most=PERSON_LENGTH)


def read_name(text: str) -> str:
    return check_line(text, field="name", most=NAME_LENGTH)


def read_reference(text: str, rules: Rules) -> str:
    reference = check_line(text, field="reference", most=REFERENCE_LENGTH, least=0)
    if reference in rules.references:
        raise BadInput(f"line {rules.references[reference]} of this file has the same; a reference is one citizen's")
    return reference


def read_locale(text: str) -> Locale | None:
    language = text.lower().replace("_", "-").partition("-")[0]
    if language not in LOCALES:
        raise BadInput("this is neither EN nor FR")
    return LOCALES[language]


def read_verified(text: str) -> bool:
    word = text.lower()
    if word not in YES | NO:
        raise BadInput("this is neither yes nor no")
    return word in YES


def read_list(text: str) -> tuple[str, ...]:
    return tuple(read_name(part) for part in text.split(";") if part.strip())


def find_categories(text: str, known: Mapping[str, UUID]) -> frozenset[UUID]:
    names = [name.casefold() for name in read_list(text)]
    if any(name not in known for name in names):
        raise BadInput("the municipality has no such category; create it or correct its name")
    return frozenset(known[name] for name in names)


def read_addresses(cells: Mapping[str, str], region: str) -> dict[str, frozenset[Channel]]:
    """Return the channels of each address; one number for calls and texts is one address with both."""
    found: dict[str, frozenset[Channel]] = {}
    readers: dict[Channel, Callable[[str], str]] = {
        Channel.CALL: lambda text: read_phone(text, region),
        Channel.SMS: lambda text: read_phone(text, region),
        Channel.EMAIL: read_email,
    }
    for channel, read in readers.items():
        column = channel.name.lower()
        if cells.get(column):
            address = read_cell(cells, column, read)
            found[address] = found.get(address, frozenset()) | {channel}
    return found
