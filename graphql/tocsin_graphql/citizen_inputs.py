"""What a change of a citizen's profile is given as, and how it becomes the domain's. Imports inputs and the domain."""

import strawberry

from tocsin.profile_changes import FIELD, PointChange, ProfileChanges
from tocsin.words import Channel, Locale
from tocsin_graphql.inputs import read_id


@strawberry.input(description="A telephone number or an e-mail address as it is to be.")
class ContactPointInput:
    """Read by `read_profile`."""

    id: strawberry.ID | None = strawberry.field(
        default=None, description="The contact point that it replaces; null: a new one, or the one with this address."
    )
    address: str = strawberry.field(
        description="A number, in international form or as it is dialled in the municipality's country, or an e-mail address."
    )
    channels: list[Channel] = strawberry.field(
        description="CALL and SMS for a number, EMAIL for an e-mail address; one at least."
    )


@strawberry.input(description="Changes of a citizen's profile; what is left out stays.")
class UpdateCitizenInput:
    """Read by `read_profile`."""

    citizen_id: strawberry.ID = strawberry.field(description="The citizen.")
    first_name: str | None = strawberry.field(default=None, description="1 to 500 characters, one line.")
    last_name: str | None = strawberry.field(default=None, description="1 to 500 characters, one line.")
    locale: Locale | None = strawberry.field(default=None, description="The language of what this citizen receives.")
    contact_points: list[ContactPointInput] | None = strawberry.field(
        default=None,
        description="All numbers and addresses that the citizen is to have, at most 20; those left out are removed. One "
        "whose address changes is unverified.",
    )


def read_profile(given: UpdateCitizenInput) -> ProfileChanges:
    """Return what the domain changes."""
    points = given.contact_points
    return ProfileChanges(
        first_name=given.first_name,
        last_name=given.last_name,
        locale=given.locale,
        points=None if points is None else [read_point(place, point) for place, point in enumerate(points)],
    )


def read_point(place: int, given: ContactPointInput) -> PointChange:
    return PointChange(read_id("contact-point", given.id, f"{FIELD}.{place}.id"), given.address, given.channels)
