"""What can be asked. Imports the types and the domain."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import strawberry

from tocsin import people
from tocsin.citizens import list_citizens
from tocsin.errors import NotFound
from tocsin.identifiers import recognise, resolve
from tocsin.overview import ListFilter
from tocsin.words import CommunicationState, Locale
from tocsin_graphql.audit import AuditConnection, AuditEntry, page_trail
from tocsin_graphql.categories import Category, Group, StatusInfo, list_statuses
from tocsin_graphql.communications import (
    Communication,
    CommunicationConnection,
    load_communication,
    page_communications,
)
from tocsin_graphql.communications_log import CommunicationLog, LogFilterInput, page_log
from tocsin_graphql.context import Context, Info
from tocsin_graphql.deliveries import Delivery, Wave
from tocsin_graphql.exports import Export, load_export
from tocsin_graphql.fields import resolved
from tocsin_graphql.loaders import Loaders
from tocsin_graphql.municipalities import Municipality, Viewer
from tocsin_graphql.nodes import After, First, Node, read_request
from tocsin_graphql.operations import Operations, load_operations
from tocsin_graphql.people import Citizen, CitizenConnection, ContactPoint, load_citizen
from tocsin_graphql.recipients import Recipient

Load = Callable[[Any], Awaitable[Any]]
Make = Callable[[Any], Node]

KINDS: Mapping[str, tuple[Callable[[Loaders], Load], Make]] = {
    "municipality": (lambda loaders: loaders.municipality.load, Municipality.of),
    "category": (lambda loaders: loaders.category.load, Category.of),
    "group": (lambda loaders: loaders.group.load, Group.of),
    "communication": (lambda loaders: loaders.communication.load, Communication.of),
    "wave": (lambda loaders: loaders.wave.load, Wave.of),
    "recipient": (lambda loaders: loaders.recipient.load, Recipient.of),
    "delivery": (lambda loaders: loaders.delivery.load, Delivery.of),
    "citizen": (lambda loaders: loaders.citizen.load, Citizen.of),
    "contact-point": (lambda loaders: loaders.contact_point.load, ContactPoint.of),
    "export": (lambda loaders: loaders.export.load, Export.of),
    "audit-entry": (lambda loaders: loaders.audit_entry.load, AuditEntry.of),
}
"""By the kind that an id begins with: how its row is loaded, and the type made of it."""

Id = Annotated[strawberry.ID, strawberry.argument(description="An id that this server has given.")]


async def load_node(context: Context, text: str) -> Node:
    """Return whatever the id stands for; NOT_FOUND, in the same words, for what is foreign, unknown or no id."""
    found = recognise(text)
    if found is None or found[0] not in KINDS:
        raise NotFound("There is nothing with this id.")
    pick, make = KINDS[found[0]]
    row = await pick(context.loaders)(found[1])
    if row is None:
        raise NotFound("There is nothing with this id.")
    return make(row)


@strawberry.type(description="What can be asked; all of it within the caller's municipality.")
class Query:
    """The roots of reading."""

    @resolved("Who is asking.")
    async def viewer(self, info: Info) -> Viewer:
        viewer = info.context.viewer
        row = await info.context.loaders.municipality.load(viewer.municipality_id)
        assert row is not None, "whoever asks has a municipality"
        key = strawberry.ID(f"principal-{viewer.principal_id.hex}")
        return Viewer(id=key, name=viewer.name, role=viewer.role, municipality=Municipality.of(row))

    @resolved("Anything by its id; NOT_FOUND for another municipality's id as for a made-up one.")
    async def node(self, info: Info, id: Id) -> Node | None:
        return await load_node(info.context, id)

    @resolved("The 25 statuses, by channel and rank.")
    def statuses(
        self,
        info: Info,
        locale: Annotated[Locale | None, strawberry.argument(description="A language; null: the caller's.")] = None,
    ) -> list[StatusInfo]:
        return list_statuses(locale or info.context.locale)

    @resolved(
        "Regular communications that stand alone, and campaigns; newest modification first. Edits and "
        "changes of state modify, reports of carriers don't."
    )
    async def communications(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        search: Annotated[
            str | None, strawberry.argument(description="A part of the title; case and accents do not matter.")
        ] = None,
        state: Annotated[
            list[CommunicationState] | None, strawberry.argument(description="Any of these states; null: all.")
        ] = None,
    ) -> CommunicationConnection:
        return await page_communications(info, ListFilter(search, state), first=first, after=after)

    @resolved("One communication; NOT_FOUND for another municipality's id as for a made-up one.")
    async def communication(self, info: Info, id: Id) -> Communication | None:
        return await load_communication(info.context, resolve("communication", id))

    @resolved(
        "The log: what was sent in a period, newest first. BAD_INPUT names a day that is missing, out of order or more "
        "than 24 months away."
    )
    async def communications_log(
        self,
        info: Info,
        filter: Annotated[LogFilterInput, strawberry.argument(description="The period, and what narrows it.")],
        first: First = 50,
        after: After = None,
    ) -> CommunicationLog:
        return await page_log(info, filter, first=first, after=after)

    @resolved("One export of yours; NOT_FOUND for anybody else's id as for a made-up one.")
    async def export(self, info: Info, id: Id) -> Export | None:
        return await load_export(info.context, resolve("export", id))

    @resolved("Who did what, newest first. Administrators only.")
    async def audit_log(self, info: Info, first: First = 50, after: After = None) -> AuditConnection:
        return await page_trail(info, first=first, after=after)

    @resolved("One row of a grid; NOT_FOUND for another municipality's id as for a made-up one.")
    async def recipient(self, info: Info, id: Id) -> Recipient | None:
        row = await info.context.loaders.recipient.load(resolve("recipient", id))
        if row is None:
            raise NotFound("There is no such recipient in your municipality.")
        return Recipient.of(row)

    @resolved("The municipality's citizens, by last name, then first name, without regard to case and accents.")
    async def citizens(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Every word of it begins a word of the name, of an e-mail address or of a number; case and "
                "accents do not matter. At most 200 characters."
            ),
        ] = None,
    ) -> CitizenConnection:
        page = await list_citizens(
            info.context.viewer.municipality_id, search,
            request=read_request(info, first, after), key=info.context.cursor_key,
        )  # fmt: skip
        return CitizenConnection.of(page)

    @resolved("One citizen's profile; NOT_FOUND for another municipality's id as for a made-up one.")
    async def citizen(self, info: Info, id: Id) -> Citizen | None:
        return await load_citizen(info.context, resolve("citizen", id))

    @resolved("The municipality's themes, by name.")
    async def categories(self, info: Info) -> list[Category]:
        return [Category.of(row) for row in await people.list_categories(info.context.viewer.municipality_id)]

    @resolved("The municipality's groups of citizens, by name.")
    async def groups(self, info: Info) -> list[Group]:
        return [Group.of(row) for row in await people.list_groups(info.context.viewer.municipality_id)]

    @resolved("What those who run the system look at; FORBIDDEN for anybody but administrators.")
    async def operations(self, info: Info) -> Operations:
        return await load_operations(info)
