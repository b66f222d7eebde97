"""Citizens and their means of communication, as their profiles stand now. Imports nodes and the domain."""

from datetime import datetime

import strawberry

from tocsin.identifiers import expose
from tocsin.people import CitizenRow, ContactPointRow
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel, Locale
from tocsin_graphql.context import Info
from tocsin_graphql.fields import resolved
from tocsin_graphql.nodes import Node


@strawberry.type(description="The newest verification of a contact point.")
class Verification:
    """A code or a link on its way to a citizen."""

    channel: Channel = strawberry.field(description="How it was sent.")
    sent_at: datetime = strawberry.field(description="When it was asked for.")
    expires_at: datetime = strawberry.field(description="When it stops being accepted.")
    status: DeliveryStatus | None = strawberry.field(description="Null while no status has been reported.")
    attempts_today: int = strawberry.field(description="How many were sent to this point today; five are allowed.")
    retry_at: datetime | None = strawberry.field(description="From when another may be sent; null: now.")


@strawberry.type(description="A telephone number or an e-mail address of a citizen, used on one or more channels.")
class ContactPoint(Node):
    """Made of a row by `of`."""

    address: str = strawberry.field(description="A number as +14185550142, or an e-mail address.")
    channels: list[Channel] = strawberry.field(description="The channels it is used on.")
    verified_at: datetime | None = strawberry.field(description="When the citizen proved it; null: unverified.")
    suppressed: bool = strawberry.field(description="Whether nothing may be sent here any more.")
    verification: Verification | None = strawberry.field(description="The newest verification; null: none was sent.")

    @classmethod
    def of(cls, row: ContactPointRow) -> "ContactPoint":
        return cls(
            id=strawberry.ID(expose("contact-point", row.id)),
            address=row.address,
            channels=list(row.channels),
            verified_at=row.verified_at,
            suppressed=row.suppressed,
            verification=None,
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
