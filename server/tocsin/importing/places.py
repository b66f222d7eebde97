"""The municipality that an import is for, with its categories and groups. Imports records, errors, texts and words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.errors import BadInput, NotFound
from tocsin.identifiers import make_id
from tocsin.records.people import Category, Group, Municipality
from tocsin.texts import check_line
from tocsin.words import Locale

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
SLUG_LENGTH, NAME_LENGTH = 63, 200


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality as rows need it; `categories` are keys by folded name."""

    key: UUID
    locale: Locale
    time_zone: str
    categories: Mapping[str, UUID]


async def find_place(slug: str, name: str | None) -> Place:
    """Return the municipality; where it is missing make it under `name`, or NOT_FOUND without one."""
    municipality = await Municipality.get_or_none(slug=slug)
    if municipality is None:
        municipality = await found(slug, name)
    categories = {
        category.name.casefold(): category.id for category in await Category.filter(municipality=municipality)
    }
    return Place(municipality.id, municipality.locale, municipality.time_zone, categories)


async def found(slug: str, name: str | None) -> Municipality:
    """Make a municipality, once, even if two imports do so at the same time."""
    if name is None:
        raise NotFound(
            'There is no such municipality; correct --municipality, or add --create "Name". Nothing was imported.'
        )
    if not SLUG.fullmatch(slug) or len(slug) > SLUG_LENGTH:
        raise BadInput(
            f"A municipality's slug has lower-case letters, digits and single hyphens, at most {SLUG_LENGTH} of them; "
            "correct --municipality. Nothing was imported."
        )
    name = check_line(name, field="--create", most=NAME_LENGTH)
    municipality, _ = await Municipality.get_or_create(slug=slug, defaults={"id": make_id(), "name": name})
    return municipality


async def ensure_groups(connection: BaseDBAsyncClient, municipality: UUID, names: Mapping[str, str]) -> dict[str, UUID]:
    """Return the keys of groups by folded name, those made that were missing; `names` gives each its spelling."""
    stored = await Group.filter(municipality_id=municipality).using_db(connection).order_by("-id")
    known = {group.name.casefold(): group.id for group in stored}
    missing = [
        Group(id=make_id(), municipality_id=municipality, name=name) for key, name in names.items() if key not in known
    ]
    if missing:
        await Group.bulk_create(missing, using_db=connection)
    return known | {group.name.casefold(): group.id for group in missing}
