"""A citizen's profile as it is followed: what of it has changed is told by a mark of its whole state. Imports people.

No version of it is kept, so that none of the many writers of a profile can forget to raise one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tocsin.database import get_database
from tocsin.people import NEWEST, CitizenRow, read_citizen

MARKS = f"""
SELECT z.id, hashtextextended(ROW(z.first_name, z.last_name, z.locale, z.modified_at, ARRAY(
    SELECT ROW(p.id, p.address, p.channels, p.verified_at, p.suppressed_channels, v.id, v.expires_at, v.status)::text
    FROM contact_point p LEFT JOIN {NEWEST} ON true WHERE p.citizen_id = z.id ORDER BY p.id))::text, 0) AS mark
FROM citizen z"""

READ = f"""
WITH marked AS ({MARKS} WHERE z.id = $1)
SELECT z.id, z.first_name, z.last_name, z.locale, z.modified_at, marked.mark FROM citizen z JOIN marked ON marked.id = z.id"""


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile at one moment: `mark` is of its state, `version` counts the states that its reader has met."""

    citizen: CitizenRow
    mark: int
    version: int


class ProfileReader:
    """Reads one profile again and again, one reading after the other."""

    def __init__(self, citizen_id: UUID) -> None:
        self._citizen_id = citizen_id
        self._last: Profile | None = None

    async def read(self) -> Profile | None:
        """Return the profile as it is now; nothing where the citizen is gone."""
        rows = await get_database().execute_query_dict(READ, [self._citizen_id])
        self._last = self._count(rows[0]) if rows else None
        return self._last

    def _count(self, row: Mapping[str, Any]) -> Profile:
        mark = int(row["mark"])
        if self._last is None:
            return Profile(read_citizen(row), mark, 1)
        return Profile(read_citizen(row), mark, self._last.version + (mark != self._last.mark))
