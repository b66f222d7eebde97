"""The log: its filter, its period as resolved, and a page of it. Imports communications and the domain."""

from datetime import date, datetime

import strawberry

from tocsin.communications_log import LogFilter, list_log
from tocsin.people import MunicipalityRow
from tocsin.periods import Period
from tocsin.words import CommunicationKind, CommunicationState
from tocsin_graphql.communications import CommunicationConnection
from tocsin_graphql.context import Context, Info
from tocsin_graphql.nodes import read_request


@strawberry.input(
    name="LogFilter",
    description="What is asked of the log; everything given has to hold. `from` and `to` belong to CUSTOM, which needs "
    "both; with another period they are BAD_INPUT.",
)
class LogFilterInput:
    """Read by `read_log_filter`."""

    period: Period = strawberry.field(description="Days of the municipality's calendar.")
    first: date | None = strawberry.field(name="from", default=None, description="The first day, included.")
    last: date | None = strawberry.field(
        name="to", default=None, description="The last day, included: not before `from`, at most 24 months in all."
    )
    kind: CommunicationKind | None = strawberry.field(
        default=None, description="Only this kind. A campaign is never sent itself, so CAMPAIGN finds nothing."
    )
    state: list[CommunicationState] | None = strawberry.field(
        default=None, description="Any of these states; null: all."
    )
    search: str | None = strawberry.field(
        default=None, description="A part of the title; case and accents do not matter. At most 200 characters."
    )


@strawberry.type(
    description="What was sent in a period, newest first, with the period as resolved in the municipality's time zone."
)
class CommunicationLog:
    """A page and the range that it is of."""

    begins: datetime = strawberry.field(name="from", description="The first instant of the period.")
    ends: datetime = strawberry.field(name="to", description="The first instant after the period.")
    time_zone: str = strawberry.field(description="IANA name of the zone in which the days were counted.")
    communications: CommunicationConnection = strawberry.field(
        description="Regular communications, those held by campaigns too, newest sending first."
    )


def read_log_filter(given: LogFilterInput) -> LogFilter:
    """Return the domain's filter."""
    return LogFilter(given.period, given.first, given.last, given.kind, given.state, given.search)


async def load_municipality(context: Context) -> MunicipalityRow:
    row = await context.loaders.municipality.load(context.viewer.municipality_id)
    assert row is not None, "whoever asks has a municipality"
    return row


async def page_log(info: Info, given: LogFilterInput, *, first: int, after: str | None) -> CommunicationLog:
    """Return a page of the caller's log. `totalCount` stands in the connection, so it is looked for below it."""
    context = info.context
    municipality = await load_municipality(context)
    request = read_request(info, first, after, within="communications")
    log = await list_log(
        municipality, read_log_filter(given), now=context.now(), request=request, key=context.cursor_key
    )
    return CommunicationLog(
        begins=log.span.begins,
        ends=log.span.ends,
        time_zone=municipality.time_zone,
        communications=CommunicationConnection.of(log.page),
    )
