"""Citizens and their means of communication, as their profiles stand now. Imports nodes and the domain."""

from datetime import datetime
from uuid import UUID

import strawberry

from tocsin.errors import NotFound
from tocsin.identifiers import expose
from tocsin.pages import Page
from tocsin.people import CitizenRow, ContactPointRow, VerificationRow
from tocsin.statuses import DeliveryStatus
from tocsin.verification_limits import LIFETIMES, measure_allowance
from tocsin.words import Channel, Locale
from tocsin_graphql.context import Context, Info
from tocsin_graphql.fields import resolved
from tocsin_graphql.nodes import COUNT, CURSOR, Node, PageInfo, describe_page


@strawberry.type(description="The newest verification of a contact point.")
class Verification:
    """A code or a link on its way to a citizen; made of a row by `of`."""

    channel: Channel = strawberry.field(description="How it was sent.")
    sent_at: datetime = strawberry.field(description="When it was asked for.")
    expires_at: datetime = strawberry.field(
        description="When it stops being accepted: 15 minutes, or 24 hours for an e-mail, after its hand-over."
    )
    status: DeliveryStatus | None = strawberry.field(description="Null while no status has been reported.")
    attempts_today: int = strawberry.field(
        description="How many were asked for on this calendar day of the municipality; five are allowed."
    )
    retry_at: datetime | None = strawberry.field(description="From when another may be sent; null: now.")

    @classmethod
    def of(cls, row: VerificationRow, now: datetime) -> "Verification":
        allowance = measure_allowance(row.requested, row.time_zone, now)
        return cls(
            channel=row.channel,
            sent_at=row.requested_at,
            expires_at=row.expires_at or row.requested_at + LIFETIMES[row.channel],
            status=row.status,
            attempts_today=allowance.attempts_today,
            retry_at=allowance.retry_at,
        )


@strawberry.type(description="A telephone number or an e-mail address of a citizen, used on one or more channels.")
class ContactPoint(Node):
    """Made of a row by `of`."""

    row: strawberry.Private[ContactPointRow]
    address: str = strawberry.field(description="A number as +14185550142, or an e-mail address.")
    channels: list[Channel] = strawberry.field(description="The channels it is used on.")
    verified_at: datetime | None = strawberry.field(description="When the citizen proved it; null: unverified.")
    suppressed: bool = strawberry.field(description="Whether nothing may be sent here any more.")

    @resolved("The newest verification of this address; null: none was asked for.")
    async def verification(self, info: Info) -> Verification | None:
        rows = await info.context.loaders.verifications.load(self.row.id)
        return Verification.of(rows[0], info.context.now()) if rows else None

    @classmethod
    def of(cls, row: ContactPointRow) -> "ContactPoint":
        return cls(
            id=strawberry.ID(expose("contact-point", row.id)),
            row=row,
            address=row.address,
            channels=list(row.channels),
            verified_at=row.verified_at,
            suppressed=row.suppressed,
        )


@strawberry.type(description="A person of the municipality, as the profile stands now.")
class Citizen(Node):
    """Made of a row by `of`."""

    row: strawberry.Private[CitizenRow]
    first_name: str = strawberry.field(description="First name.")
    last_name: str = strawberry.field(description="Last name.")
    locale: Locale = strawberry.field(description="The language of what this citizen receives.")
    modified_at: datetime = strawberry.field(description="When the profile last changed.")

    @resolved("Numbers and addresses, oldest first.")
    async def contact_points(self, info: Info) -> list[ContactPoint]:
        return [ContactPoint.of(row) for row in await info.context.loaders.contact_points.load(self.row.id)]

    @classmethod
    def of(cls, row: CitizenRow) -> "Citizen":
        return cls(
            id=strawberry.ID(expose("citizen", row.id)),
            row=row,
            first_name=row.first_name,
            last_name=row.last_name,
            locale=row.locale,
            modified_at=row.modified_at,
        )


@strawberry.type(description="A citizen and where he or she stands.")
class CitizenEdge:
    """Relay's edge."""

    cursor: str = strawberry.field(description=CURSOR)
    node: Citizen = strawberry.field(description="The citizen.")


@strawberry.type(description="A page of citizens, all of one moment.")
class CitizenConnection:
    """Made of a page by `of`."""

    edges: list[CitizenEdge] = strawberry.field(description="The citizens.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int | None = strawberry.field(description=COUNT)

    @classmethod
    def of(cls, page: Page[CitizenRow]) -> "CitizenConnection":
        edges = [CitizenEdge(cursor=cursor, node=Citizen.of(row)) for cursor, row in page.rows]
        return cls(edges=edges, page_info=describe_page(page), total_count=page.total)


async def load_citizen(context: Context, key: UUID) -> Citizen:
    """Return a citizen of the caller's municipality; NOT_FOUND for any other."""
    row = await context.loaders.citizen.load(key)
    if row is None:
        raise NotFound("There is no such citizen in your municipality.")
    return Citizen.of(row)


async def load_contact_point(context: Context, key: UUID) -> ContactPoint:
    """Return a contact point of the caller's municipality; NOT_FOUND for any other."""
    row = await context.loaders.contact_point.load(key)
    if row is None:
        raise NotFound("There is no such contact point in your municipality.")
    return ContactPoint.of(row)
