"""How far a workbook is, as its writers say: each change under the fence of a lease, so that only the newest writer counts.

Imports words and database. Readers are in tocsin.exports.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from tocsin.database import get_database
from tocsin.identifiers import make_id
from tocsin.transactions import in_transaction

HOURS_KEPT = 24

BEGIN = """
UPDATE export SET state = 'RUNNING', fence = $2, attempts = attempts + 1, rows_written = 0, version = version + 1
WHERE id = $1 AND state IN ('QUEUED', 'RUNNING') AND fence < $2 RETURNING attempts, version"""
STEP = """
UPDATE export SET rows_written = $3, rows_total = coalesce($4, rows_total), version = version + 1
WHERE id = $1 AND fence = $2 AND state = 'RUNNING' RETURNING version"""
CLEAR = "DELETE FROM export_piece WHERE export_id = $1 RETURNING id"
STORE = "INSERT INTO export_piece (id, export_id, number, data) VALUES ($1, $2, $3, $4) RETURNING id"
FINISH = """
UPDATE export SET state = 'READY', size = $3, rows_written = coalesce(rows_total, rows_written), finished_at = clock_timestamp(),
  version = version + 1
WHERE id = $1 AND fence = $2 AND state = 'RUNNING' RETURNING version"""
FAIL = """
UPDATE export SET state = 'FAILED', finished_at = clock_timestamp(), version = version + 1
WHERE id = $1 AND fence = $2 AND state = 'RUNNING' RETURNING version"""
REMOVE = "DELETE FROM export WHERE finished_at < now() - $1 * interval '1 hour' RETURNING id"


class Superseded(Exception):
    """Somebody else writes this workbook now, or it has been removed."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt at a workbook: the how many-th, and the version that says so."""

    attempts: int
    version: int


async def begin_export(export_id: UUID, fence: int) -> Begun | None:
    """Begin an attempt; nothing where the workbook is finished, gone, or begun by a newer one."""
    rows = await get_database().execute_query_dict(BEGIN, [export_id, fence])
    return Begun(rows[0]["attempts"], rows[0]["version"]) if rows else None


async def note_rows(export_id: UUID, fence: int, *, written: int, total: int | None = None) -> int:
    """Say how many rows are written, and of how many once that is known; return the new version."""
    rows = await get_database().execute_query_dict(STEP, [export_id, fence, written, total])
    if not rows:
        raise Superseded
    return int(rows[0]["version"])


async def store_file(export_id: UUID, fence: int, pieces: Iterable[bytes]) -> int:
    """Keep the finished file and call the workbook ready, at once or not at all; return the new version."""
    size = 0
    async with in_transaction() as connection:
        await connection.execute_query_dict(CLEAR, [export_id])
        for number, piece in enumerate(pieces):
            await connection.execute_query_dict(STORE, [make_id(), export_id, number, piece])
            size += len(piece)
        rows = await connection.execute_query_dict(FINISH, [export_id, fence, size])
        if not rows:
            raise Superseded
    return int(rows[0]["version"])


async def fail_export(export_id: UUID, fence: int) -> int | None:
    """Give a workbook up; return the new version, nothing where it is not ours any more."""
    rows = await get_database().execute_query_dict(FAIL, [export_id, fence])
    return rows[0]["version"] if rows else None


async def remove_exports() -> None:
    """Remove what was finished more than a day ago."""
    await get_database().execute_query_dict(REMOVE, [HOURS_KEPT])
