"""Rounds of attempts, single attempts, and what was reported about them. Imports nodes and the domain."""

from datetime import datetime

import strawberry

from tocsin.identifiers import expose
from tocsin.reasons import explain_outcome, explain_skip
from tocsin.rounds import DeliveryRow, EventRow, WaveRow
from tocsin.statuses import MEANINGS, DeliveryStatus
from tocsin.words import Channel, Handling, SkipReason, WaveKind
from tocsin_graphql.context import Info
from tocsin_graphql.fields import resolved
from tocsin_graphql.nodes import Node


@strawberry.type(description="One round of attempts.")
class Wave(Node):
    """Made of a row by `of`."""

    kind: WaveKind = strawberry.field(description="Why it began.")
    number: int = strawberry.field(description="Within its kind, from 1.")
    started_at: datetime = strawberry.field(description="When it began.")
    started_by: str | None = strawberry.field(description="The name of who began it; null: the system.")
    targets: int = strawberry.field(description="How many recipients were eligible when it began.")
    settled: bool = strawberry.field(description="Whether none of its deliveries is pending any more.")

    @classmethod
    def of(cls, row: WaveRow) -> "Wave":
        return cls(
            id=strawberry.ID(expose("wave", row.id)),
            kind=row.kind,
            number=row.number,
            started_at=row.started_at,
            started_by=row.started_by,
            targets=row.targets,
            settled=row.settled,
        )


@strawberry.type(description="One report about a delivery, in the carrier's own word.")
class DeliveryEvent:
    """Made of a row by `of`."""

    provider_word: str = strawberry.field(description="What the carrier said.")
    status: DeliveryStatus | None = strawberry.field(description="What it means; null: it moves no status.")
    occurred_at: datetime | None = strawberry.field(description="When it happened, by the carrier's clock.")
    received_at: datetime = strawberry.field(description="When the report arrived, by ours.")
    applied: bool = strawberry.field(description="Whether it raised the delivery above everything received before.")

    @classmethod
    def of(cls, row: EventRow) -> "DeliveryEvent":
        return cls(
            provider_word=row.provider_word,
            status=row.status,
            occurred_at=row.occurred_at,
            received_at=row.received_at,
            applied=row.applied,
        )


@strawberry.type(description="One attempt to reach a recipient at one address on one channel.")
class Delivery(Node):
    """Made of a row by `of`."""

    row: strawberry.Private[DeliveryRow]
    channel: Channel = strawberry.field(description="The channel.")
    address: str = strawberry.field(description="The number or address that was used.")
    handling: Handling = strawberry.field(description="What became of handing it over.")
    skip_reason: SkipReason | None = strawberry.field(
        description="Why it was not handed over; null: it was or will be."
    )
    status: DeliveryStatus | None = strawberry.field(description="The highest-ranked status reported; null: none yet.")
    expired: bool = strawberry.field(description="Whether it is no longer waited for, and so counts as missed.")
    status_at: datetime | None = strawberry.field(description="When the status rose to what it is.")
    error_code: str | None = strawberry.field(description="The carrier's code for what went wrong.")
    handed_twice: bool = strawberry.field(
        description="The carrier has it under two ids: the citizen may have been contacted twice."
    )

    @resolved("The round that it is part of.")
    async def wave(self, info: Info) -> Wave:
        row = await info.context.loaders.wave.load(self.row.wave_id)
        assert row is not None, "a delivery keeps its wave"
        return Wave.of(row)

    @resolved("The status in the caller's language; null: none yet.")
    def label(self, info: Info) -> str | None:
        return MEANINGS[self.row.status].label(info.context.locale) if self.row.status else None

    @resolved("Why it was missed or skipped, in the caller's language; null: neither.")
    def reason(self, info: Info) -> str | None:
        if self.row.skip_reason is not None:
            return explain_skip(self.row.skip_reason, info.context.locale)
        missed = self.row.missed_because
        return explain_outcome(missed, info.context.locale) if missed else None

    @resolved("Every report, in the order of reception.")
    async def history(self, info: Info) -> list[DeliveryEvent]:
        return [DeliveryEvent.of(row) for row in await info.context.loaders.events.load(self.row.id)]

    @classmethod
    def of(cls, row: DeliveryRow) -> "Delivery":
        return cls(
            id=strawberry.ID(expose("delivery", row.id)),
            row=row,
            channel=row.channel,
            address=row.address,
            handling=row.handling,
            skip_reason=row.skip_reason,
            status=row.status,
            expired=row.expired,
            status_at=row.status_at,
            error_code=row.error_code,
            handed_twice=row.handed_twice,
        )
