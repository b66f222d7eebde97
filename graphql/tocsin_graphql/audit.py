"""The trail of who did what, for administrators. Imports nodes and the domain."""

from datetime import datetime

import strawberry

from tocsin.audit import AuditRow, list_entries
from tocsin.identifiers import expose
from tocsin.pages import Page
from tocsin_graphql.context import Info
from tocsin_graphql.nodes import COUNT, CURSOR, Node, PageInfo, describe_page, read_request


@strawberry.type(description="One thing that somebody did.")
class AuditEntry(Node):
    """Made of a row by `of`."""

    at: datetime = strawberry.field(description="When.")
    by: str = strawberry.field(description="The name of who did it.")
    action: str = strawberry.field(description="What: the name of the mutation.")
    subject_id: strawberry.ID = strawberry.field(description="The id of what it was done to.")
    count: int | None = strawberry.field(description="How many citizens it concerned; null: it is not about a number.")
    detail: str | None = strawberry.field(description="What else there is to say; no name, number or address.")

    @classmethod
    def of(cls, row: AuditRow) -> "AuditEntry":
        return cls(
            id=strawberry.ID(expose("audit-entry", row.id)),
            at=row.at,
            by=row.by,
            action=row.action,
            subject_id=strawberry.ID(row.subject_id),
            count=row.count,
            detail=row.detail,
        )


@strawberry.type(description="An entry and where it stands.")
class AuditEdge:
    """Relay's edge."""

    cursor: str = strawberry.field(description=CURSOR)
    node: AuditEntry = strawberry.field(description="The entry.")


@strawberry.type(description="A page of the trail.")
class AuditConnection:
    """Made of a page by `of`."""

    edges: list[AuditEdge] = strawberry.field(description="The entries.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int | None = strawberry.field(description=COUNT)

    @classmethod
    def of(cls, page: Page[AuditRow]) -> "AuditConnection":
        edges = [AuditEdge(cursor=cursor, node=AuditEntry.of(row)) for cursor, row in page.rows]
        return cls(edges=edges, page_info=describe_page(page), total_count=page.total)


async def page_trail(info: Info, *, first: int, after: str | None) -> AuditConnection:
    """Return a page of the caller's municipality's trail."""
    context = info.context
    request = read_request(info, first, after)
    return AuditConnection.of(await list_entries(context.viewer, request=request, key=context.cursor_key))
