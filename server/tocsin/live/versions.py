"""The versions of all that is watched, asked in one query. Imports database and profiles."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin.database import get_database
from tocsin.profiles import MARKS

ASK = f"""
SELECT 'tally' AS kind, communication_id AS id, version::bigint AS version, NULL::timestamptz AS epoch
FROM tally WHERE communication_id = ANY($1::uuid[])
UNION ALL SELECT 'municipality', id, version, NULL FROM municipality WHERE id = ANY($2::uuid[])
UNION ALL SELECT 'principal', id, NULL, epoch FROM principal WHERE id = ANY($3::uuid[])
UNION ALL SELECT 'export', id, version, NULL FROM export WHERE id = ANY($4::uuid[])
UNION ALL SELECT 'citizen', marked.id, marked.mark, NULL FROM ({MARKS} WHERE z.id = ANY($5::uuid[])) marked"""


@dataclass(frozen=True, slots=True)
class Versions:
    """What the database says of communications, municipalities' lists, rows of any kind, and principals' epochs."""

    communications: dict[UUID, int]
    municipalities: dict[UUID, int]
    epochs: dict[UUID, datetime | None]
    rows: dict[tuple[str, UUID], int]


async def ask_versions(
    communications: Collection[UUID],
    municipalities: Collection[UUID],
    principals: Collection[UUID],
    *,
    exports: Collection[UUID] = (),
    citizens: Collection[UUID] = (),
) -> Versions:
    """Return the present versions; what does not exist is left out."""
    values = [list(communications), list(municipalities), list(principals), list(exports), list(citizens)]
    rows = await get_database().execute_query_dict(ASK, values)
    numbers = [(row["kind"], row["id"], row["version"]) for row in rows]
    return Versions(
        communications={key: version for kind, key, version in numbers if kind == "tally"},
        municipalities={key: version for kind, key, version in numbers if kind == "municipality"},
        epochs={row["id"]: row["epoch"] for row in rows if row["kind"] == "principal"},
        rows={(kind, key): version for kind, key, version in numbers if kind in ("export", "citizen")},
    )
