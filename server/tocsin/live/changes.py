"""What has changed of a communication between two versions, read in one snapshot. Imports pictures, grid and words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.grid import COLUMNS, RecipientRow, read_row
from tocsin.pictures import TallyPicture, read_tally
from tocsin.transactions import hold_snapshot

LISTED = 500

CHANGED = "FROM recipient r WHERE r.communication_id = $1 AND r.outcome IS NOT NULL AND r.version > $2"
ROWS = f"SELECT {COLUMNS} {CHANGED} ORDER BY r.version, r.id LIMIT {LISTED + 1}"
COUNT = f"SELECT count(*) AS n {CHANGED}"
WINDOW = f"SELECT {COLUMNS} {CHANGED} AND r.version <= $3 AND r.id = ANY($4::uuid[]) ORDER BY r.version, r.id"


@dataclass(frozen=True, slots=True)
class Change:
    """The picture at its version, and the rows that changed after `since`.

    `changed` counts them; `resync` says that they are not listed, because they are too many or cannot be told.
    """

    picture: TallyPicture
    since: int
    rows: tuple[RecipientRow, ...] = ()
    changed: int = 0
    resync: bool = False

    @property
    def version(self) -> int:
        return self.picture.version

    def after(self, version: int) -> "Change":
        """Return the same change for somebody who has already seen a later version."""
        if version <= self.since or self.resync:
            return self
        rows = tuple(row for row in self.rows if row.version > version)
        return replace(self, since=version, rows=rows, changed=len(rows))

    def within(self, window: frozenset[UUID] | None) -> "Change":
        """Return the same change with the rows of the window alone; `changed` still counts all."""
        if window is None:
            return self
        return replace(self, rows=tuple(row for row in self.rows if row.id in window))


def merge(earlier: Change | None, later: Change) -> Change:
    """Return both as one: of each row the newest."""
    if earlier is None:
        return later
    if earlier.resync or later.resync:
        changed = min(earlier.changed + later.changed, later.picture.total)
        return Change(later.picture, earlier.since, changed=changed, resync=True)
    newest = {row.id: row for row in (*earlier.rows, *later.rows)}
    rows = tuple(sorted(newest.values(), key=lambda row: (row.version, row.id)))
    return limit(Change(later.picture, earlier.since, rows=rows, changed=len(rows)))


def limit(change: Change) -> Change:
    """Return the change without its rows where they are more than a message lists."""
    return change if len(change.rows) <= LISTED else replace(change, rows=(), resync=True)


async def read_change(communication_id: UUID, since: int | None) -> Change | None:
    """Return picture and rows after `since` in one snapshot; without `since` no rows; nothing where it is not sent.

    A `since` that this communication has not reached yet cannot be told from, so it gives a resync.
    """
    async with hold_snapshot() as connection:
        picture = await read_tally(connection, communication_id)
        if picture is None:
            return None
        if since is None or since == picture.version:
            return Change(picture, picture.version)
        if not 0 <= since < picture.version:
            return Change(picture, picture.version, resync=True)
        rows = await connection.execute_query_dict(ROWS, [communication_id, since])
        if len(rows) <= LISTED:
            return Change(picture, since, rows=tuple(map(read_row, rows)), changed=len(rows))
        return Change(picture, since, changed=await count_changed(connection, communication_id, since), resync=True)


async def count_changed(connection: BaseDBAsyncClient, communication_id: UUID, since: int) -> int:
    number: int = (await connection.execute_query_dict(COUNT, [communication_id, since]))[0]["n"]
    return number


async def read_window(
    connection: BaseDBAsyncClient, change: Change, window: Sequence[UUID]
) -> tuple[RecipientRow, ...]:
    """Return the rows of a window that changed in a change too large to be listed.

    What has moved on since is left out: the next change brings it.
    """
    values = [change.picture.communication_id, change.since, change.version, list(window)]
    return tuple(map(read_row, await connection.execute_query_dict(WINDOW, values)))
