"""Who a proven claim is in our database, and whether it is revoked. Imports database, viewers and errors."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.database import get_database
from tocsin.errors import NotFound, Unauthenticated
from tocsin.identifiers import make_id, recognise
from tocsin.viewers import Viewer
from tocsin.words import Locale, Role

SUBJECT_LENGTH, NAME_LENGTH = 255, 200

FIND = """
SELECT m.id AS municipality_id, m.locale, p.id, p.name, p.role, p.epoch
FROM municipality m LEFT JOIN principal p ON p.municipality_id = m.id AND p.subject = $3
WHERE m.slug = $1 OR m.id = $2
"""

KEEP = """
INSERT INTO principal (id, municipality_id, subject, name, role) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (municipality_id, subject) DO UPDATE SET name = excluded.name, role = excluded.role
RETURNING id, epoch
"""

# Whoever is revoked before the first visit gets a row; GREATEST, since an epoch must never go back.
REVOKE = """
INSERT INTO principal (id, municipality_id, subject, name, role, epoch) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (municipality_id, subject) DO UPDATE SET epoch = GREATEST(principal.epoch, excluded.epoch)
"""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says of its bearer. `municipality` is a slug or the id that clients see."""

    municipality: str
    subject: str
    name: str
    role: Role
    issued_at: datetime
    expires_at: datetime


async def recognise_principal(claims: Claims) -> Viewer:
    """Return who this is, speaking the municipality's language; writes only what has changed.

    Unauthenticated where the municipality is unknown or the token was issued before the principal's epoch.
    """
    key = read_municipality_id(claims.municipality)
    found = await get_database().execute_query_dict(FIND, [claims.municipality, key, claims.subject])
    if not found:
        raise Unauthenticated("The token names a municipality that is unknown here; ask for a new token.")
    row = found[0]
    refuse_revoked(row["epoch"], claims)
    if row["id"] is None or (row["name"], row["role"]) != (claims.name, claims.role):
        row |= await keep_principal(claims, row["municipality_id"])
        refuse_revoked(row["epoch"], claims)
    return Viewer(
        principal_id=row["id"],
        municipality_id=row["municipality_id"],
        subject=claims.subject,
        name=claims.name,
        role=claims.role,
        locale=Locale(row["locale"]),
        issued_at=claims.issued_at,
        expires_at=claims.expires_at,
    )


def refuse_revoked(epoch: datetime | None, claims: Claims) -> None:
    if epoch is not None and claims.issued_at < epoch:
        raise Unauthenticated("The token has been revoked; ask for a new token.")


def read_municipality_id(text: str) -> UUID | None:
    found = recognise(text)
    return found[1] if found and found[0] == "municipality" else None


async def keep_principal(claims: Claims, municipality_id: UUID) -> dict[str, Any]:
    """Make or change the row; return its id, and its epoch as it is by now."""
    values = [make_id(), municipality_id, claims.subject, claims.name, claims.role.value]
    rows = await get_database().execute_query_dict(KEEP, values)
    return dict(rows[0])


async def still_valid(viewer: Viewer, now: datetime) -> bool:
    """Whether the viewer's token has neither expired nor been revoked: one read by primary key, or none."""
    if viewer.expires_at <= now:
        return False
    rows = await get_database().execute_query_dict("SELECT epoch FROM principal WHERE id = $1", [viewer.principal_id])
    return bool(rows) and (rows[0]["epoch"] is None or viewer.issued_at >= rows[0]["epoch"])


async def revoke(municipality: str, subject: str, now: datetime) -> None:
    """Make every token of this subject issued before `now` worthless; NotFound where the municipality is unknown."""
    key = read_municipality_id(municipality)
    owners = await get_database().execute_query_dict(FIND, [municipality, key, subject])
    if not owners:
        raise NotFound("There is no municipality of this name; check the slug.")
    values = [make_id(), owners[0]["municipality_id"], subject, subject[:NAME_LENGTH], Role.VIEWER.value, now]
    await get_database().execute_query_dict(REVOKE, values)
