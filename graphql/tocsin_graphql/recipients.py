"""The grid: a row, a page of rows, and what narrows it. Imports nodes, people, deliveries and the domain."""

from datetime import datetime

import strawberry

from tocsin.grid import GridFilter, RecipientRow
from tocsin.grid_pages import Grid
from tocsin.identifiers import expose
from tocsin.people import forget_citizen
from tocsin.reasons import explain_outcome
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel, Outcome, OutcomeReason
from tocsin_graphql.context import Info
from tocsin_graphql.deliveries import Delivery
from tocsin_graphql.fields import resolved
from tocsin_graphql.nodes import COUNT, CURSOR, Node, PageInfo, describe_page
from tocsin_graphql.people import Citizen


@strawberry.type(description="One citizen of one communication: a row of the grid.")
class Recipient(Node):
    """Made of a row by `of`."""

    row: strawberry.Private[RecipientRow]
    first_name: str = strawberry.field(description="First name, as it was at the sending.")
    last_name: str = strawberry.field(description="Last name, as it was at the sending.")
    email: str | None = strawberry.field(description="E-mail address, as it was at the sending.")
    phone: str | None = strawberry.field(description="Telephone number as +14185550142, as it was at the sending.")
    outcome: Outcome = strawberry.field(description="The slice of the pie that this row is in.")
    reason_code: OutcomeReason | None = strawberry.field(description="Why not contacted; null otherwise.")
    contacted_at: datetime | None = strawberry.field(description="When contacted; null: not contacted.")
    contacted_via: Channel | None = strawberry.field(description="On which channel; null: not contacted.")
    version: int = strawberry.field(description="The version of the communication at which this row last changed.")

    @resolved("The citizen, as the profile stands now.")
    async def citizen(self, info: Info) -> Citizen:
        if self.row.citizen_id is None:
            return Citizen.of(forget_citizen(self.row.id, info.context.locale, info.context.now()))
        row = await info.context.loaders.citizen.load(self.row.citizen_id)
        assert row is not None, "a recipient keeps its citizen"
        return Citizen.of(row)

    @resolved("The reason code in the caller's language.")
    def reason(self, info: Info) -> str | None:
        return explain_outcome(self.row.reason, info.context.locale) if self.row.reason else None

    @resolved("Every attempt: by wave, then channel.")
    async def deliveries(self, info: Info) -> list[Delivery]:
        return [Delivery.of(row) for row in await info.context.loaders.deliveries.load(self.row.id)]

    @classmethod
    def of(cls, row: RecipientRow) -> "Recipient":
        return cls(
            id=strawberry.ID(expose("recipient", row.id)),
            row=row,
            first_name=row.first_name,
            last_name=row.last_name,
            email=row.email,
            phone=row.phone,
            outcome=row.outcome,
            reason_code=row.reason,
            contacted_at=row.contacted_at,
            contacted_via=row.contacted_via,
            version=row.version,
        )


@strawberry.input(description="What narrows the grid; everything given has to hold.")
class RecipientFilter:
    """Read by `read_filter`."""

    outcome: list[Outcome] | None = strawberry.field(default=None, description="Any of these outcomes.")
    channel: Channel | None = strawberry.field(default=None, description="Attempted on this channel.")
    status: list[DeliveryStatus] | None = strawberry.field(
        default=None,
        description="Any of these is the best status of the newest wave, on `channel` or else on any. With a `channel`, "
        "a status of another one is BAD_INPUT.",
    )
    search: str | None = strawberry.field(
        default=None,
        description="Every word of it begins a word of the name, the e-mail address or the number; case and accents "
        "do not matter. At most 200 characters.",
    )


def read_filter(given: RecipientFilter | None) -> GridFilter:
    """Return the domain's filter."""
    if given is None:
        return GridFilter()
    return GridFilter(given.outcome, given.channel, given.status, given.search)


@strawberry.type(description="A row and where it stands.")
class RecipientEdge:
    """Relay's edge."""

    cursor: str = strawberry.field(description=CURSOR)
    node: Recipient = strawberry.field(description="The row.")


@strawberry.type(description="A page of the grid, all of one moment.")
class RecipientConnection:
    """Made of a grid by `of`."""

    edges: list[RecipientEdge] = strawberry.field(description="The rows.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int | None = strawberry.field(description=COUNT)
    version: int = strawberry.field(
        description="The communication's version in the moment of the rows; 0 before it is sent."
    )

    @classmethod
    def of(cls, grid: Grid) -> "RecipientConnection":
        edges = [RecipientEdge(cursor=cursor, node=Recipient.of(row)) for cursor, row in grid.page.rows]
        return cls(edges=edges, page_info=describe_page(grid.page), total_count=grid.page.total, version=grid.version)
