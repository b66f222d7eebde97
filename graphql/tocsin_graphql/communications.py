"""Communications and pages of them. Imports nodes, categories, deliveries, recipients, statistics and the domain."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from tocsin.contents import Content
from tocsin.database import get_database
from tocsin.errors import NotFound
from tocsin.grid import RecipientSort
from tocsin.grid_pages import list_recipients
from tocsin.identifiers import expose
from tocsin.labels import EVERYBODY, choose
from tocsin.overview import CommunicationRow, ListFilter, list_communications
from tocsin.pages import Page
from tocsin.words import Channel, CommunicationKind, CommunicationState, Locale
from tocsin_graphql.categories import Category
from tocsin_graphql.context import Context, Info
from tocsin_graphql.deliveries import Wave
from tocsin_graphql.fields import resolved
from tocsin_graphql.nodes import COUNT, CURSOR, After, First, Node, PageInfo, describe_page, read_request
from tocsin_graphql.recipients import RecipientConnection, RecipientFilter, read_filter
from tocsin_graphql.statistics import Statistics, statistics_of


@strawberry.type(description="What a citizen of one language receives.")
class CommunicationContent:
    """Made of a content by `of`."""

    locale: Locale = strawberry.field(description="The language of these texts.")
    call_text: str | None = strawberry.field(description="What a call speaks.")
    sms_text: str | None = strawberry.field(description="The text message.")
    email_subject: str | None = strawberry.field(description="The e-mail's subject.")
    email_text: str | None = strawberry.field(description="The e-mail's text.")

    @classmethod
    def of(cls, content: Content) -> "CommunicationContent":
        return cls(
            locale=content.locale,
            call_text=content.call_text,
            sms_text=content.sms_text,
            email_subject=content.email_subject,
            email_text=content.email_text,
        )


@strawberry.type(description="An alert to citizens, or the campaign that holds several.")
class Communication(Node):
    """Made of a row by `of`."""

    row: strawberry.Private[CommunicationRow]
    kind: CommunicationKind = strawberry.field(description="Whether it is sent or holds others.")
    state: CommunicationState = strawberry.field(
        description="Where it stands; a campaign's derives from what it holds."
    )
    title: str = strawberry.field(description="Its title; citizens do not see it.")
    confirmation_required: bool = strawberry.field(
        description="Whether called citizens have to press 1: the category's choice, kept as it was at the sending."
    )
    channels: list[Channel] = strawberry.field(description="The channels it uses; none for a campaign.")
    created_at: datetime = strawberry.field(description="When it was made.")
    modified_at: datetime = strawberry.field(description="When it was last edited or changed its state.")
    scheduled_for: datetime | None = strawberry.field(description="When it is to be sent; null: at no set instant.")
    sent_at: datetime | None = strawberry.field(description="When its sending began; null: not sent, or a campaign.")
    completed_at: datetime | None = strawberry.field(description="When every attempt was settled; null: not yet.")

    @resolved("Its theme.")
    async def category(self, info: Info) -> Category:
        row = await info.context.loaders.category.load(self.row.category_id)
        assert row is not None, "a communication keeps its category"
        return Category.of(row)

    @resolved("Who it is addressed to, in words: all citizens, or the groups' names.")
    async def recipient_label(self, info: Info) -> str:
        names = await info.context.loaders.group_names.load(self.row.id)
        return ", ".join(names) or choose(EVERYBODY, info.context.locale)

    @resolved("The campaign that holds it; null: it stands alone.")
    async def campaign(self, info: Info) -> "Communication | None":
        if self.row.campaign_id is None:
            return None
        row = await info.context.loaders.communication.load(self.row.campaign_id)
        return Communication.of(row) if row else None

    @resolved("What a campaign holds, newest modification first; nothing for a regular one.")
    async def communications(self, info: Info, first: First = 50, after: After = None) -> "CommunicationConnection":
        return await page_communications(info, ListFilter(campaign_id=self.row.id), first=first, after=after)

    @resolved(
        "What a citizen of that language receives: the tool to view the communication. Falls back to the "
        "municipality's language; a campaign's texts are null."
    )
    async def content(
        self,
        info: Info,
        locale: Annotated[Locale | None, strawberry.argument(description="A language; null: the caller's.")] = None,
    ) -> CommunicationContent:
        return await view_content(info.context, self.row, locale or info.context.locale)

    @resolved("Null until it has been sent, and always null for a campaign.")
    async def statistics(self, info: Info) -> Statistics | None:
        picture = await info.context.loaders.picture.load(self.row.id)
        return statistics_of(picture, info.context.viewer.role) if picture else None

    @resolved("The grid: one row for each recipient; empty until it has been sent.")
    async def recipients(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        filter: Annotated[RecipientFilter | None, strawberry.argument(description="What narrows the grid.")] = None,
        sort: Annotated[RecipientSort, strawberry.argument(description="The order.")] = RecipientSort.LAST_NAME,
    ) -> RecipientConnection:
        grid = await list_recipients(
            self.row.municipality_id, self.row.id, read_filter(filter), sort=sort,
            request=read_request(info, first, after), key=info.context.cursor_key,
        )  # fmt: skip
        return RecipientConnection.of(grid)

    @resolved("The rounds of attempts, oldest first.")
    async def waves(self, info: Info) -> list[Wave]:
        return [Wave.of(row) for row in await info.context.loaders.waves.load(self.row.id)]

    @classmethod
    def of(cls, row: CommunicationRow) -> "Communication":
        return cls(
            id=strawberry.ID(expose("communication", row.id)),
            row=row,
            kind=row.kind,
            state=row.state,
            title=row.title,
            confirmation_required=row.confirmation_required,
            channels=list(row.channels),
            created_at=row.created_at,
            modified_at=row.modified_at,
            scheduled_for=row.scheduled_for,
            sent_at=row.sent_at,
            completed_at=row.completed_at,
        )


@strawberry.type(description="A communication and where it stands.")
class CommunicationEdge:
    """Relay's edge."""

    cursor: str = strawberry.field(description=CURSOR)
    node: Communication = strawberry.field(description="The communication.")


@strawberry.type(description="A page of communications.")
class CommunicationConnection:
    """Made of a page by `of`."""

    edges: list[CommunicationEdge] = strawberry.field(description="The communications.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int | None = strawberry.field(description=COUNT)

    @classmethod
    def of(cls, page: Page[CommunicationRow]) -> "CommunicationConnection":
        edges = [CommunicationEdge(cursor=cursor, node=Communication.of(row)) for cursor, row in page.rows]
        return cls(edges=edges, page_info=describe_page(page), total_count=page.total)


async def page_communications(
    info: Info, chosen: ListFilter, *, first: int, after: str | None
) -> CommunicationConnection:
    """Return a page of the caller's communications."""
    context = info.context
    page = await list_communications(
        get_database(), context.viewer.municipality_id, chosen,
        request=read_request(info, first, after), key=context.cursor_key,
    )  # fmt: skip
    return CommunicationConnection.of(page)


async def view_content(context: Context, row: CommunicationRow, locale: Locale) -> CommunicationContent:
    """Return the texts in a language, or else in the municipality's."""
    written = {content.locale: content for content in await context.loaders.contents.load(row.id)}
    if locale not in written:
        municipality = await context.loaders.municipality.load(row.municipality_id)
        assert municipality is not None, "whoever asks has a municipality"
        locale = municipality.locale
    return CommunicationContent.of(written.get(locale) or Content(locale))


async def load_communication(context: Context, key: UUID) -> Communication:
    """Return the communication; NOT_FOUND unless it is of the caller's municipality."""
    row = await context.loaders.communication.load(key)
    if row is None:
        raise NotFound("There is no such communication in your municipality.")
    return Communication.of(row)
