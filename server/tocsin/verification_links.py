"""The link in a verification's e-mail: where it stands, and confirming by it. Imports verifications and proofs.

Opening it changes nothing, since scanners of mail open every link; only what follows the button confirms.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved
from tocsin.audit import Action, note_by
from tocsin.database import get_database
from tocsin.identifiers import expose
from tocsin.transactions import in_transaction
from tocsin.verification_proofs import read_token
from tocsin.verifications import finish
from tocsin.words import Channel, Locale

CITIZEN = "citizen"
"""Who confirms by a link, on the trail."""

FIND = f"""
SELECT v.id, v.contact_point_id, p.citizen_id, z.municipality_id, z.locale, m.name AS municipality,
  v.address = p.address AND p.verified_at IS NOT NULL AS verified,
  v.address = p.address AND v.ended_at IS NULL AND v.expires_at > clock_timestamp() AS good
FROM verification v JOIN contact_point p ON p.id = v.contact_point_id JOIN citizen z ON z.id = p.citizen_id
JOIN municipality m ON m.id = z.municipality_id WHERE v.id = $1 AND v.channel = {Channel.EMAIL:d}"""

LOCK = """
SELECT z.id FROM verification v JOIN contact_point p ON p.id = v.contact_point_id
JOIN citizen z ON z.id = p.citizen_id WHERE v.id = $1 FOR NO KEY UPDATE OF z"""


class Standing(Enum):
    """What a link is good for."""

    OPEN = "it can be confirmed"
    VERIFIED = "its address has been verified"
    OVER = "its time is over, or the citizen has another address by now"
    UNKNOWN = "it is none of ours"


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link stands, in whose language it is answered, and whose it is; nobody's where it is not ours."""

    standing: Standing
    locale: Locale | None = None
    municipality: str | None = None


NOBODYS = Link(Standing.UNKNOWN)


async def find_link(token: str, secret: str) -> Link:
    """Return where a link stands, without changing anything; NOT_FOUND where it is not one of ours."""
    row = await read(get_database(), read_token(secret, token))
    return describe(row) if row else NOBODYS


async def confirm_link(token: str, secret: str, *, now: datetime) -> tuple[Link, Moved]:
    """Take an address as verified by its link; a second time changes nothing. NOT_FOUND where it is not one of ours."""
    key = read_token(secret, token)
    async with in_transaction() as connection:
        await connection.execute_query_dict(LOCK, [key])
        row = await read(connection, key)
        if row is None:
            return NOBODYS, Moved({})
        link = describe(row)
        if link.standing is not Standing.OPEN:
            return link, Moved({})
        point = row["contact_point_id"]
        await finish(connection, key, point, citizen_id=row["citizen_id"], now=now)
        await note_by(
            connection, row["municipality_id"], CITIZEN, Action.CONFIRM_VERIFICATION,
            subject_id=expose("contact-point", point),
        )  # fmt: skip
    return Link(Standing.VERIFIED, link.locale, link.municipality), Moved({}, citizens=[row["citizen_id"]])


async def read(connection: BaseDBAsyncClient, key: UUID) -> dict[str, Any] | None:
    rows = await connection.execute_query_dict(FIND, [key])
    return dict(rows[0]) if rows else None


def describe(row: dict[str, Any]) -> Link:
    standing = Standing.VERIFIED if row["verified"] else Standing.OPEN if row["good"] else Standing.OVER
    return Link(standing, Locale(row["locale"]), row["municipality"])
