"""The subscriptions: what a client is told, made of the changes that its feed gives. Imports the types and feed."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Annotated, Any

import strawberry

from tocsin.errors import BadInput
from tocsin.exports import ExportRow
from tocsin.live.active_watcher import Active
from tocsin.live.changes import LISTED, Change
from tocsin.overview import CommunicationRow
from tocsin.pictures import MOST_ACTIVE
from tocsin.profiles import Profile
from tocsin_graphql.communications import Communication
from tocsin_graphql.context import Info
from tocsin_graphql.exports import Export
from tocsin_graphql.feed import Feed
from tocsin_graphql.people import Citizen
from tocsin_graphql.recipients import Recipient
from tocsin_graphql.statistics import Statistics, statistics_of

CommunicationId = Annotated[
    strawberry.ID, strawberry.argument(description="A communication that has been sent, else NOT_SENT.")
]
MaxPerSecond = Annotated[
    int, strawberry.argument(description="How many messages a second at most: 1 to 20, else BAD_INPUT.")
]
Since = Annotated[
    int | None,
    strawberry.argument(
        description="The version that is known already: the first message brings the rows changed after it. It serves "
        "the first message only."
    ),
]
Window = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="The rows on screen, at most 200; only these are listed. Left out: every row."),
]


@strawberry.type(description="The pie and the grid of one moment.")
class CommunicationChanges:
    """What a change has become."""

    version: int = strawberry.field(description="The communication's version in this moment.")
    statistics: Statistics = strawberry.field(description="The pie in this moment.")
    recipients: list[Recipient] = strawberry.field(
        description="Rows of the window that changed after the previous message to this client (or after `since`), "
        f"at most {LISTED}."
    )
    changed: int = strawberry.field(description="How many rows changed in all, in the window and outside.")
    resync: bool = strawberry.field(
        description="More changed than can be listed, or a message was passed over: the list is empty; ask again for "
        "the rows on screen."
    )


def following(description: str) -> Callable[[Callable[..., AsyncGenerator[Any, None]]], Any]:
    """Make a resolver a subscription; Strawberry's own decorator leaves functions untyped."""
    decorate: Callable[[Callable[..., AsyncGenerator[Any, None]]], Any] = strawberry.subscription(
        description=description
    )
    return decorate


def demand_feed(info: Info) -> Feed:
    """Return where the changes come from; there is none for what no group can serve."""
    if info.context.feed is None:
        raise BadInput("Subscribe to this field alone and without a directive on it.")
    return info.context.feed


async def follow_changes(info: Info) -> AsyncIterator[Change]:
    async for event in demand_feed(info).follow():
        assert isinstance(event, Change), "the group hands what its topic says"
        yield event


@strawberry.type(
    description="What is told as it happens. A message is the present state, never only a difference in counts."
)
class Subscription:
    """Rights are checked before a resolver runs, once for each subscriber; the resolver runs once for all of them."""

    @following("First the present value, then every newer one. A slow reader gets the newest and misses some between.")
    async def statistics(
        self, info: Info, communication_id: CommunicationId, max_per_second: MaxPerSecond = 10
    ) -> AsyncGenerator[Statistics, None]:
        async for change in follow_changes(info):
            yield statistics_of(change.picture, info.context.viewer.role)

    @following(
        "Subscribe first, then page the grid, keeping per row the higher version. Without `since` the first "
        "message has the statistics and no rows. A `since` that cannot be served gives `resync`."
    )
    async def communication_changes(
        self,
        info: Info,
        communication_id: CommunicationId,
        since: Since = None,
        recipient_ids: Window = None,
        max_per_second: MaxPerSecond = 10,
    ) -> AsyncGenerator[CommunicationChanges, None]:
        async for change in follow_changes(info):
            yield CommunicationChanges(
                version=change.version,
                statistics=statistics_of(change.picture, info.context.viewer.role),
                recipients=[Recipient.of(row) for row in change.rows],
                changed=change.changed,
                resync=change.resync,
            )

    @following(
        "Everything that your municipality is sending now, newest sending first, for a wall screen: first as it is, then "
        f"whenever one of them moves, begins or ends. At most {MOST_ACTIVE} are told of."
    )
    async def active_statistics(
        self, info: Info, max_per_second: MaxPerSecond = 2
    ) -> AsyncGenerator[list[Statistics], None]:
        async for event in demand_feed(info).follow():
            assert isinstance(event, Active), "the group hands what its topic says"
            yield [statistics_of(picture, info.context.viewer.role) for picture in event.pictures]

    @following(
        "A communication of your municipality that was added or changed in a field that lists show; each at "
        "most once a second. There is no first value. It completes where one was deleted: subscribe and read the list again."
    )
    async def communication_changed(self, info: Info) -> AsyncGenerator[Communication, None]:
        async for event in demand_feed(info).follow():
            assert isinstance(event, CommunicationRow), "the group hands what its topic says"
            yield Communication.of(event)

    @following("How far an export of yours is: first as it is now, then each progress, and READY with its link.")
    async def export(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="An export that you asked for.")]
    ) -> AsyncGenerator[Export, None]:
        async for event in demand_feed(info).follow():
            assert isinstance(event, ExportRow), "the group hands what its topic says"
            yield Export.of(event)

    @following(
        "One citizen's profile: first as it is now, then after each edit, STOP or START, and with every step of a verification. "
        "NOT_FOUND for another municipality's citizen."
    )
    async def citizen_changed(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The citizen.")]
    ) -> AsyncGenerator[Citizen, None]:
        async for event in demand_feed(info).follow():
            assert isinstance(event, Profile), "the group hands what its topic says"
            yield Citizen.of(event.citizen)
