"""Workbooks: how far they are, and the link to the finished file. Imports nodes and the domain."""

from uuid import UUID

import strawberry

from tocsin.errors import NotFound
from tocsin.exports import ExportRow
from tocsin.identifiers import expose
from tocsin.labels import EXPORT_FAULTS, choose
from tocsin.links import PATH, make_link
from tocsin.words import ExportState
from tocsin_graphql.context import Context, Info
from tocsin_graphql.fields import resolved
from tocsin_graphql.nodes import Node


@strawberry.type(
    description="A workbook that its requester asked for, and nobody else sees. It is removed after a day."
)
class Export(Node):
    """Made of a row by `of`."""

    row: strawberry.Private[ExportRow]
    state: ExportState = strawberry.field(description="How far it is.")
    file_name: str = strawberry.field(description="The name under which it is downloaded.")
    rows_written: int = strawberry.field(description="Rows written so far, of all sheets, headers left out.")
    rows_total: int | None = strawberry.field(description="Rows that there are to write; null: not known yet.")

    @resolved(
        "The path of the file on this server, present once READY. It works for 60 seconds, for the requester's bearer "
        "token alone; ask again for a new one."
    )
    def url(self, info: Info) -> str | None:
        if self.row.state is not ExportState.READY:
            return None
        return f"{PATH}{make_link(info.context.link_key, self.row.id, info.context.now())}"

    @resolved("What went wrong and what to do, in the caller's language; null unless FAILED.")
    def error(self, info: Info) -> str | None:
        words = EXPORT_FAULTS.get(self.row.state)
        return choose(words, info.context.locale) if words else None

    @classmethod
    def of(cls, row: ExportRow) -> "Export":
        return cls(
            id=strawberry.ID(expose("export", row.id)),
            row=row,
            state=row.state,
            file_name=row.file_name,
            rows_written=row.rows_written,
            rows_total=row.rows_total,
        )


async def load_export(context: Context, key: UUID) -> Export:
    """Return the caller's export; NOT_FOUND for anybody else's as for none."""
    row = await context.loaders.export.load(key)
    if row is None:
        raise NotFound("There is no such export of yours.")
    return Export.of(row)
