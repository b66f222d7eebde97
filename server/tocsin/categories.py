"""Categories: making one. Imports audit, errors, identifiers, texts, viewers and words."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tocsin.audit import Action, note
from tocsin.errors import BadInput, Conflict
from tocsin.identifiers import expose, make_id
from tocsin.texts import check_line, check_text
from tocsin.transactions import in_transaction
from tocsin.viewers import Viewer
from tocsin.words import Channel, Role

NAME_LENGTH, DESCRIPTION_LENGTH = 200, 2_000

INSERT = """
INSERT INTO category (id, municipality_id, name, description, confirmation_required, voicemail_counts, channels)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (municipality_id, name) DO NOTHING RETURNING id"""


@dataclass(frozen=True, slots=True)
class NewCategory:
    """What a category is made of."""

    name: str
    description: str | None
    confirmation_required: bool
    voicemail_counts: bool
    channels: Sequence[Channel]


async def create_category(viewer: Viewer, new: NewCategory) -> UUID:
    """Make a category and return its key; CONFLICT where the municipality has one of this name."""
    viewer.require(Role.ADMIN)
    name = check_line(new.name, field="input.name", most=NAME_LENGTH)
    description = None
    if new.description is not None:
        description = check_text(new.description, field="input.description", most=DESCRIPTION_LENGTH, least=0) or None
    if not new.channels:
        raise BadInput("A category needs a channel; choose one at least.", field="input.channels")
    switches = [new.confirmation_required, new.voicemail_counts]
    values = [make_id(), viewer.municipality_id, name, description, *switches, sorted(set(map(int, new.channels)))]
    async with in_transaction() as connection:
        rows = await connection.execute_query_dict(INSERT, values)
        if not rows:
            raise Conflict("There is a category of this name already; choose another name.", field="input.name")
        made = UUID(str(rows[0]["id"]))
        await note(connection, viewer, Action.CREATE_CATEGORY, subject_id=expose("category", made))
    return made
