"""Workbooks asked for: each belongs to its requester alone and lies in the database for a day. Imports audit, due and the log.

The request is a row and a due row; a job writes the workbook (tocsin.export_progress), a route gives it out.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.audit import Action, note
from tocsin.communications_log import LogFilter, keep_filter, read_calendar, resolve_log, select_log
from tocsin.database import get_database
from tocsin.due import Work, demand_work
from tocsin.errors import NotFound, NotSent, RateLimited
from tocsin.identifiers import expose, make_id
from tocsin.people import MunicipalityRow
from tocsin.transactions import in_transaction
from tocsin.viewers import Viewer
from tocsin.words import ExportKind, ExportState, Locale

MOST_UNFINISHED = 5
MOST_KEPT = 10
STATISTICS_NAME = "statisticsAlert.xlsx"
LOG_NAME = "CommunicationsLog_{day}.xlsx"


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A workbook as its requester sees it; `size` is the finished file's, in bytes."""

    id: UUID
    state: ExportState
    file_name: str
    rows_written: int
    rows_total: int | None
    size: int | None
    version: int


@dataclass(frozen=True, slots=True)
class Wish:
    """A workbook that is asked for: what it is made of, in which language, under which name."""

    kind: ExportKind
    locale: Locale
    file_name: str
    communication_id: UUID | None = None
    selection: dict[str, Any] | None = None


COLUMNS = "id, state, file_name, rows_written, rows_total, size, version"

SENT = """
SELECT c.sent_at, t.total FROM communication c LEFT JOIN tally t ON t.communication_id = c.id
WHERE c.id = $1 AND c.municipality_id = $2"""

# A double click gets the workbook that is being made already; requests of one principal take turns.
LOCK = "SELECT id FROM principal WHERE id = $1 FOR NO KEY UPDATE"
UNFINISHED = """
SELECT id, kind = $2 AND communication_id IS NOT DISTINCT FROM $3 AND selection = $4::jsonb AND locale = $5
  AND file_name = $6 AS same
FROM export WHERE principal_id = $1 AND finished_at IS NULL"""

KEEP = """
INSERT INTO export (id, municipality_id, principal_id, communication_id, kind, selection, locale, file_name, state,
  rows_written, version, fence, attempts, requested_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, 'QUEUED', 0, 0, 0, 0, $9) RETURNING id"""

FORGET_OLDER = """
DELETE FROM export WHERE id IN (SELECT id FROM export WHERE principal_id = $1 AND finished_at IS NOT NULL
  ORDER BY requested_at DESC OFFSET $2) RETURNING id"""

FIND = f"SELECT {COLUMNS} FROM export WHERE municipality_id = $1 AND principal_id = $2 AND id = ANY($3::uuid[])"


async def request_statistics(viewer: Viewer, communication_id: UUID, *, locale: Locale, now: datetime) -> UUID:
    """Ask for the grid and its deliveries; NOT_SENT for what nobody has been sent, a campaign among it."""
    async with in_transaction() as connection:
        rows = await connection.execute_query_dict(SENT, [communication_id, viewer.municipality_id])
        if not rows:
            raise NotFound("There is no such communication in your municipality.")
        if rows[0]["sent_at"] is None:
            raise NotSent("This communication has not been sent; send it before you export it.")
        wish = Wish(ExportKind.STATISTICS, locale, STATISTICS_NAME, communication_id)
        subject = expose("communication", communication_id)
        made, is_new = await keep_wish(connection, viewer, wish, now=now)
        if is_new:
            await note(
                connection, viewer, Action.EXPORT_STATISTICS, subject_id=subject, count=rows[0]["total"], detail=locale
            )
    return made


async def request_log(
    viewer: Viewer, municipality: MunicipalityRow, chosen: LogFilter, *, locale: Locale, now: datetime
) -> UUID:
    """Ask for the log as it is filtered on screen; BAD_INPUT with the field where the filter can't be."""
    calendar = read_calendar(municipality)
    span = resolve_log(chosen, calendar, now)
    select_log(municipality.id, chosen, span)  # refuses now what the job could not do later
    name = LOG_NAME.format(day=calendar.find_day(now).isoformat())
    wish = Wish(ExportKind.LOG, locale, name, selection=keep_filter(chosen, span))
    async with in_transaction() as connection:
        made, is_new = await keep_wish(connection, viewer, wish, now=now)
        if is_new:
            detail = f"{locale} {span.begins.isoformat()} {span.ends.isoformat()}"
            await note(connection, viewer, Action.EXPORT_LOG, subject_id=expose("export", made), detail=detail)
    return made


async def keep_wish(connection: BaseDBAsyncClient, viewer: Viewer, wish: Wish, *, now: datetime) -> tuple[UUID, bool]:
    """Return the workbook's key and whether it is a new one: the same wish again is the one that is unfinished.

    RATE_LIMITED where too many are unfinished. A requester keeps the ten newest files.
    """
    await connection.execute_query_dict(LOCK, [viewer.principal_id])
    described = [wish.kind.value, wish.communication_id, json.dumps(wish.selection or {}), wish.locale.value]
    unfinished = await connection.execute_query_dict(UNFINISHED, [viewer.principal_id, *described, wish.file_name])
    same: list[UUID] = [row["id"] for row in unfinished if row["same"]]
    if same:
        return same[0], False
    if len(unfinished) >= MOST_UNFINISHED:
        raise RateLimited(f"{MOST_UNFINISHED} of your exports are still being made; wait until one is ready.")
    await connection.execute_query_dict(FORGET_OLDER, [viewer.principal_id, MOST_KEPT - 1])
    made = make_id()
    values = [made, viewer.municipality_id, viewer.principal_id, wish.communication_id, wish.kind.value]
    await connection.execute_query_dict(KEEP, [*values, *described[2:], wish.file_name, now])
    await demand_work(connection, Work.EXPORT, made)
    return made, True


async def find_exports(viewer: Viewer, keys: Sequence[UUID]) -> list[ExportRow]:
    """Return those of the workbooks that this viewer has asked for."""
    rows = await get_database().execute_query_dict(FIND, [viewer.municipality_id, viewer.principal_id, list(keys)])
    return [read_row(row) for row in rows]


async def watch_export(export_id: UUID) -> ExportRow | None:
    """Return a workbook for those who follow it, whose right to it has been checked; nothing where it is gone."""
    rows = await get_database().execute_query_dict(f"SELECT {COLUMNS} FROM export WHERE id = $1", [export_id])
    return read_row(rows[0]) if rows else None


def read_row(row: dict[str, Any]) -> ExportRow:
    return ExportRow(**{**row, "state": ExportState(row["state"])})


async def read_piece(export_id: UUID, number: int) -> bytes | None:
    """Return a piece of a finished file, counted from 0; nothing after the last."""
    statement = "SELECT data FROM export_piece WHERE export_id = $1 AND number = $2"
    rows = await get_database().execute_query_dict(statement, [export_id, number])
    return bytes(rows[0]["data"]) if rows else None
