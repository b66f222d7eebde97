"""What those who run the system look at, as far as a municipality's administrator may see it. Imports the domain.

Lanes are shared by municipalities: what is counted and listed here is the caller's own, or belongs to no municipality.
"""

from datetime import datetime
from uuid import UUID

import strawberry

from tocsin.operations import (
    OVERDUE_SECONDS,
    Counts,
    JobRow,
    LaneRow,
    ParkedRow,
    count_operations,
    list_jobs,
    list_lanes,
    list_parked,
)
from tocsin.pages import PageRequest
from tocsin.words import Channel, Role
from tocsin_graphql.context import Info
from tocsin_graphql.fields import resolved
from tocsin_graphql.nodes import First


@strawberry.type(description="A way out: one account of a carrier on one channel, shared by all municipalities.")
class Lane:
    """Made of a row by `of`."""

    channel: Channel = strawberry.field(description="The channel.")
    account: str = strawberry.field(description="The carrier's account.")
    paused: bool = strawberry.field(
        description="Whether it stands still, because the account or its configuration is refused."
    )
    reason: str | None = strawberry.field(description="What the carrier said; null when it is not paused.")
    paused_at: datetime | None = strawberry.field(description="Since when it is paused; null when it is not.")
    waiting: int = strawberry.field(description="Deliveries of the caller's own municipality that wait for their turn.")
    per_second: float = strawberry.field(
        description="How many it may hand over a second now: the account's rate, or less after the carrier asked for it."
    )

    @classmethod
    def of(cls, row: LaneRow) -> "Lane":
        return cls(
            channel=row.channel,
            account=row.account,
            paused=row.paused_at is not None,
            reason=row.reason,
            paused_at=row.paused_at,
            waiting=row.waiting,
            per_second=row.per_second,
        )


@strawberry.type(
    description="A carrier's report that matches no delivery (yet). It is tried again with growing pauses."
)
class ParkedEvent:
    """Made of a row by `of`."""

    provider: str = strawberry.field(description="Which carrier's webhook it came by.")
    account: str = strawberry.field(description="The account that signed it.")
    provider_word: str = strawberry.field(description="What the carrier said.")
    received_at: datetime = strawberry.field(description="When it arrived.")
    tries: int = strawberry.field(description="How often it was tried again.")
    next_try_at: datetime = strawberry.field(description="When it is tried next.")

    @classmethod
    def of(cls, row: ParkedRow) -> "ParkedEvent":
        return cls(
            provider=row.provider,
            account=row.account,
            provider_word=row.word,
            received_at=row.received_at,
            tries=row.tries,
            next_try_at=row.next_try_at,
        )


@strawberry.type(description="Work that failed too often to be tried again by itself.")
class DeadJob:
    """Made of a row by `of`."""

    kind: str = strawberry.field(description="What was to be done.")
    subject_id: strawberry.ID = strawberry.field(description="What it was to be done to.")
    attempts: int = strawberry.field(description="How often it was tried.")
    error: str | None = strawberry.field(description="The kind of fault that ended the last try.")
    due_at: datetime = strawberry.field(description="When it was to be done.")
    dead_at: datetime = strawberry.field(description="Since when it is not tried any more.")

    @classmethod
    def of(cls, row: JobRow) -> "DeadJob":
        assert row.dead_at is not None, "only dead work is listed"
        return cls(
            kind=row.kind.value,
            subject_id=strawberry.ID(row.subject_id),
            attempts=row.attempts,
            error=row.error,
            due_at=row.due_at,
            dead_at=row.dead_at,
        )


@strawberry.type(
    description="What those who run the system look at. Everything is the caller's own municipality's, or of no municipality."
)
class Operations:
    """The counts of one moment; lanes and lists are read only where they are selected."""

    municipality_id: strawberry.Private[UUID]
    counts: strawberry.Private[Counts]

    @resolved("Every way out, by channel.")
    async def lanes(self, info: Info) -> list[Lane]:
        return [Lane.of(row) for row in await list_lanes(info.context.settings, self.municipality_id)]

    @resolved("Reports that match no delivery, or one of the municipality that their account may not report about.")
    def parked_events(self) -> int:
        return self.counts.parked

    @resolved("Work that failed too often to be tried again by itself.")
    def dead_jobs(self) -> int:
        return self.counts.dead

    @resolved("Deliveries whose carrier's answer was lost and is not settled.")
    def uncertain_deliveries(self) -> int:
        return self.counts.uncertain

    @resolved(f"Work that nobody has begun {OVERDUE_SECONDS} seconds after it was due.")
    def overdue_jobs(self) -> int:
        return self.counts.overdue

    @resolved("The parked reports, longest parked first.")
    async def parked(self, first: First = 50) -> list[ParkedEvent]:
        return [ParkedEvent.of(row) for row in await list_parked(PageRequest(first).first, self.municipality_id)]

    @resolved("The dead work, longest dead first.")
    async def dead(self, first: First = 50) -> list[DeadJob]:
        return [DeadJob.of(row) for row in await list_jobs(PageRequest(first).first, self.municipality_id)]


async def load_operations(info: Info) -> Operations:
    """Return what an administrator may see; FORBIDDEN for everybody else."""
    viewer = info.context.viewer
    viewer.require(Role.ADMIN)
    return Operations(municipality_id=viewer.municipality_id, counts=await count_operations(viewer.municipality_id))
