"""The tenant, and who is asking. Imports nodes and the domain."""

import strawberry

from tocsin.identifiers import expose
from tocsin.people import MunicipalityRow
from tocsin.words import Locale, Role
from tocsin_graphql.nodes import Node


@strawberry.type(description="A municipality: the tenant, which owns everything else.")
class Municipality(Node):
    """Made of a row by `of`."""

    name: str = strawberry.field(description="Its name.")
    time_zone: str = strawberry.field(description="IANA name of the zone in which its calendar days are counted.")
    locale: Locale = strawberry.field(description="Its language, where a caller names none.")

    @classmethod
    def of(cls, row: MunicipalityRow) -> "Municipality":
        return cls(
            id=strawberry.ID(expose("municipality", row.id)), name=row.name, time_zone=row.time_zone, locale=row.locale
        )


@strawberry.type(description="The principal who asks, as the token says.")
class Viewer:
    """One principal of one municipality."""

    id: strawberry.ID = strawberry.field(description="The principal's id.")
    name: str = strawberry.field(description="The principal's name.")
    role: Role = strawberry.field(description="What the principal may do.")
    municipality: Municipality = strawberry.field(description="The municipality in whose name everything is asked.")
