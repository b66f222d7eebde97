"""The trail: who did what, written in the transaction that does it, read by administrators. Imports pages, viewers, words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.database import get_database
from tocsin.identifiers import make_id
from tocsin.pages import CursorCodec, Order, Page, PageRequest, Selection, read_page
from tocsin.viewers import Viewer
from tocsin.words import Role


class Action(StrEnum):
    """What is kept on the trail, named as the mutation that does it."""

    CREATE_CATEGORY = "createCategory"
    CREATE_COMMUNICATION = "createCommunication"
    UPDATE_COMMUNICATION = "updateCommunication"
    DELETE_COMMUNICATION = "deleteCommunication"
    SEND = "sendCommunication"
    CANCEL = "cancelCommunication"
    RECONTACT = "recontactUncontacted"
    UPDATE_CITIZEN = "updateCitizen"
    RESEND_VERIFICATION = "resendVerification"
    CONFIRM_VERIFICATION = "confirmVerification"
    EXPORT_STATISTICS = "exportStatistics"
    EXPORT_LOG = "exportCommunicationsLog"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry; `subject_id` is an id that clients see."""

    id: UUID
    at: datetime
    by: str
    action: str
    subject_id: str
    count: int | None
    detail: str | None


COLUMNS = "a.id, a.at, a.by, a.action, a.subject_id, a.count, a.detail"
TABLES = "audit_entry a"
BY_TIME = Order("time", (("a.at", "timestamptz"), ("a.id", "uuid")), descending=True)

NOTE = """
INSERT INTO audit_entry (id, municipality_id, at, by, action, subject_id, count, detail)
VALUES ($1, $2, clock_timestamp(), $3, $4, $5, $6, $7) RETURNING id"""


async def note(
    connection: BaseDBAsyncClient,
    viewer: Viewer,
    action: Action,
    *,
    subject_id: str,
    count: int | None = None,
    detail: str | None = None,
) -> None:
    """Keep in the caller's transaction who did what, to what, to how many. `detail` holds no name, number or address."""
    await note_by(
        connection, viewer.municipality_id, viewer.name, action, subject_id=subject_id, count=count, detail=detail
    )


async def note_by(
    connection: BaseDBAsyncClient,
    municipality_id: UUID,
    by: str,
    action: Action,
    *,
    subject_id: str,
    count: int | None = None,
    detail: str | None = None,
) -> None:
    """As note, for what is done by nobody who has a token."""
    values = [make_id(), municipality_id, by, action.value, subject_id, count, detail]
    await connection.execute_query_dict(NOTE, values)


async def list_entries(viewer: Viewer, *, request: PageRequest, key: bytes) -> Page[AuditRow]:
    """Return a page of the trail, newest first; FORBIDDEN unless the viewer is an administrator."""
    viewer.require(Role.ADMIN)
    selection = Selection(COLUMNS, TABLES, ["a.municipality_id = $1"], [viewer.municipality_id])
    codec = CursorCodec(key, f"audit/{viewer.municipality_id}/{BY_TIME.name}")
    page = await read_page(get_database(), selection, BY_TIME, request=request, codec=codec)
    return Page([(cursor, read_row(row)) for cursor, row in page.rows], page.more, page.begun, page.total)


async def find_entries(viewer: Viewer, keys: Sequence[UUID]) -> list[AuditRow]:
    """Return those of the keys; none where the viewer is not an administrator."""
    if not viewer.may(Role.ADMIN):
        return []
    statement = f"SELECT {COLUMNS} FROM {TABLES} WHERE a.municipality_id = $1 AND a.id = ANY($2::uuid[])"
    return [
        read_row(row)
        for row in await get_database().execute_query_dict(statement, [viewer.municipality_id, list(keys)])
    ]


def read_row(row: dict[str, Any]) -> AuditRow:
    return AuditRow(**{name: row[name] for name in AuditRow.__slots__})
