"""Themes and groups, and the list of statuses: what communications are made with. Imports nodes and the domain."""

import strawberry

from tocsin.identifiers import expose
from tocsin.people import CategoryRow, GroupRow
from tocsin.statuses import FINAL, MEANINGS, DeliveryStatus
from tocsin.words import Channel, Locale
from tocsin_graphql.nodes import Node


@strawberry.type(description="A theme to which citizens subscribe.")
class Category(Node):
    """Made of a row by `of`."""

    name: str = strawberry.field(description="Its name, unique in the municipality.")
    description: str | None = strawberry.field(description="What it is about.")
    confirmation_required: bool = strawberry.field(description="Whether called citizens have to press 1 to count.")
    voicemail_counts: bool = strawberry.field(description="Whether a voice mailbox counts as contacted.")
    channels: list[Channel] = strawberry.field(description="The channels that its communications may use.")

    @classmethod
    def of(cls, row: CategoryRow) -> "Category":
        return cls(
            id=strawberry.ID(expose("category", row.id)),
            name=row.name,
            description=row.description,
            confirmation_required=row.confirmation_required,
            voicemail_counts=row.voicemail_counts,
            channels=list(row.channels),
        )


@strawberry.type(description="A named set of citizens, made by import.")
class Group(Node):
    """Made of a row by `of`."""

    name: str = strawberry.field(description="Its name, unique in the municipality.")
    size: int = strawberry.field(description="How many citizens are in it.")

    @classmethod
    def of(cls, row: GroupRow) -> "Group":
        return cls(id=strawberry.ID(expose("group", row.id)), name=row.name, size=row.size)


@strawberry.type(description="One of the 25 statuses, explained in the caller's language.")
class StatusInfo:
    """A line of the reference list."""

    status: DeliveryStatus = strawberry.field(description="The status.")
    channel: Channel = strawberry.field(description="The channel on which it is reported.")
    label: str = strawberry.field(description="What it is called.")
    explanation: str = strawberry.field(description="What it means, in a sentence.")
    final: bool = strawberry.field(description="Whether the carrier owes nothing more; a higher rank may still come.")


def list_statuses(locale: Locale) -> list[StatusInfo]:
    """Return all statuses, by channel and rank."""
    return [
        StatusInfo(
            status=status,
            channel=status.channel,
            label=meaning.label(locale),
            explanation=meaning.explanation(locale),
            final=status in FINAL,
        )
        for status, meaning in sorted(MEANINGS.items())
    ]
