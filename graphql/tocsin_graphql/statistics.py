"""The pie of a communication, made of its picture alone: queries and the live engine both build it here. Imports the domain."""

from collections.abc import Iterable
from datetime import datetime

import strawberry

from tocsin.identifiers import expose
from tocsin.outcome import read_cell
from tocsin.pictures import TallyPicture
from tocsin.recontact import RecontactBlocker, find_blocker
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel, CommunicationState, Role, Standing


@strawberry.type(description="How many recipients have a status as their best on a channel.")
class StatusCount:
    """A status and its number."""

    status: DeliveryStatus = strawberry.field(description="The status.")
    count: int = strawberry.field(description="Recipients, at least 1.")


@strawberry.type(
    description="Recipients by what became of them on one channel: among the deliveries not SKIPPED of the newest wave "
    "that has one, the best by class (reached, pending, missed), then by rank."
)
class ChannelStatistics:
    """The counts of one channel."""

    channel: Channel = strawberry.field(description="The channel.")
    total: int = strawberry.field(description="Recipients attempted here: reached + pending + missed.")
    reached: int = strawberry.field(description="Recipients reached here.")
    pending: int = strawberry.field(description="Recipients whose attempt here may still succeed.")
    missed: int = strawberry.field(description="Recipients whose attempt here came to nothing.")
    planned: int = strawberry.field(description="The part of pending without any status yet.")
    statuses: list[StatusCount] = strawberry.field(description="Counts by status, in rank order, zeros left out.")


@strawberry.type(description="Whether those not contacted can be recontacted now.")
class Recontact:
    """The state of the button."""

    available: bool = strawberry.field(description="Whether it can be started now, by this caller.")
    blocker: RecontactBlocker | None = strawberry.field(description="Why not; null when available.")
    eligible: int = strawberry.field(description="Recipients whom it would attempt.")
    available_at: datetime | None = strawberry.field(description="When it is expected to become available, if known.")
    last_started_at: datetime | None = strawberry.field(description="When the last one began; null: never.")
    last_started_by: str | None = strawberry.field(description="The name of who began the last one.")


@strawberry.type(description="The pie. contacted + inProgress + notContacted = total, in every value.")
class Statistics:
    """Made of a picture by `statistics_of`."""

    communication_id: strawberry.ID = strawberry.field(description="The communication that is counted.")
    version: int = strawberry.field(
        description="Grows by at least one with every change; drop a value whose version you have passed."
    )
    total: int = strawberry.field(description="Recipients.")
    contacted: int = strawberry.field(description="Recipients contacted.")
    in_progress: int = strawberry.field(description="Recipients whom an attempt may still reach.")
    not_contacted: int = strawberry.field(description="Recipients not contacted.")
    unconfirmed: int = strawberry.field(
        description="Recipients reached who have not confirmed where that is required; part of the three above."
    )
    uncertain: int = strawberry.field(description="Deliveries whose carrier's answer was lost and is not settled.")
    state: CommunicationState = strawberry.field(description="The communication's state.")
    changed_at: datetime = strawberry.field(description="When these counts last changed.")
    channels: list[ChannelStatistics] = strawberry.field(description="Counts for each channel used.")
    next_reminder_at: datetime | None = strawberry.field(description="When the next automatic reminder is due, if any.")
    reminders_left: int = strawberry.field(description="Automatic reminders still to come.")
    recontact: Recontact = strawberry.field(description="Whether those not contacted can be recontacted.")


def statistics_of(picture: TallyPicture, role: Role) -> Statistics:
    """Return the statistics that this role sees of a picture; nothing else is looked at."""
    return Statistics(
        communication_id=strawberry.ID(expose("communication", picture.communication_id)),
        version=picture.version,
        total=picture.total,
        contacted=picture.contacted,
        in_progress=picture.in_progress,
        not_contacted=picture.not_contacted,
        unconfirmed=picture.unconfirmed,
        uncertain=picture.uncertain,
        state=picture.state,
        changed_at=picture.changed_at,
        channels=count_channels(picture),
        next_reminder_at=picture.next_reminder_at,
        reminders_left=picture.reminders_left,
        recontact=offer_recontact(picture, role),
    )


def count_channels(picture: TallyPicture) -> list[ChannelStatistics]:
    """Return the counts of each channel of the communication."""
    cells = [(*read_cell(cell), number) for cell, number in picture.counts.items()]
    return [
        count_channel(channel, [(standing, status, number) for standing, of, status, number in cells if of is channel])
        for channel in picture.channels
    ]


def count_channel(channel: Channel, cells: Iterable[tuple[Standing, DeliveryStatus | None, int]]) -> ChannelStatistics:
    """Add up the cells of one channel."""
    standings = dict.fromkeys(Standing, 0)
    statuses: dict[DeliveryStatus, int] = {}
    planned = 0
    for standing, status, number in cells:
        standings[standing] += number
        if status is not None:
            statuses[status] = statuses.get(status, 0) + number
        elif standing is Standing.PENDING:
            planned += number
    return ChannelStatistics(
        channel=channel,
        total=sum(standings.values()),
        reached=standings[Standing.REACHED],
        pending=standings[Standing.PENDING],
        missed=standings[Standing.MISSED],
        planned=planned,
        statuses=[StatusCount(status=status, count=number) for status, number in sorted(statuses.items())],
    )


def offer_recontact(picture: TallyPicture, role: Role) -> Recontact:
    """Return whether a recontact can begin."""
    blocker = find_blocker(picture, role)
    return Recontact(
        available=blocker is None,
        blocker=blocker,
        eligible=picture.eligible,
        available_at=picture.last_reminder_at if blocker is RecontactBlocker.REMINDERS_PENDING else None,
        last_started_at=picture.last_recontact_at,
        last_started_by=picture.last_recontact_by,
    )
