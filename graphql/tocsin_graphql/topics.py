"""What can be followed live, as read from a subscription's arguments. Imports the domain only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from tocsin.errors import BadInput
from tocsin.identifiers import resolve

SLOWEST, FASTEST = 1, 20
LARGEST_WINDOW = 200
ROW_INTERVAL = 0.2
"""Seconds between two messages about an export or a citizen."""


@dataclass(frozen=True, slots=True)
class StatisticsTopic:
    """The pie of one communication: of its values only the newest matters."""

    communication_id: UUID
    interval: float


@dataclass(frozen=True, slots=True)
class ChangesTopic:
    """Pie and grid of one communication: every row that changed has to be told, within the window if there is one."""

    communication_id: UUID
    interval: float
    window: frozenset[UUID] | None


@dataclass(frozen=True, slots=True)
class ActiveTopic:
    """All that the viewer's municipality is sending: of its values only the newest matters."""

    interval: float


@dataclass(frozen=True, slots=True)
class ListingTopic:
    """The list of the viewer's municipality."""


@dataclass(frozen=True, slots=True)
class ExportTopic:
    """A workbook of the viewer's own: of its values only the newest matters."""

    export_id: UUID
    interval: float = ROW_INTERVAL


@dataclass(frozen=True, slots=True)
class CitizenTopic:
    """A citizen's profile: of its values only the newest matters."""

    citizen_id: UUID
    interval: float = ROW_INTERVAL


Topic: TypeAlias = StatisticsTopic | ChangesTopic | ActiveTopic | ListingTopic | ExportTopic | CitizenTopic
Arguments: TypeAlias = Mapping[str, Any]


def read_interval(per_second: int) -> float:
    """Return the seconds between two messages."""
    if not SLOWEST <= per_second <= FASTEST:
        message = f"`maxPerSecond` is out of range; choose {SLOWEST} to {FASTEST}."
        raise BadInput(message, field="maxPerSecond")
    return 1 / per_second


def read_window(recipient_ids: list[str] | None) -> frozenset[UUID] | None:
    """Return the keys of the rows on screen; nothing where the whole grid is wanted."""
    if recipient_ids is None:
        return None
    if len(recipient_ids) > LARGEST_WINDOW:
        raise BadInput(f"A window holds at most {LARGEST_WINDOW} recipients; name fewer.", field="recipientIds")
    return frozenset(resolve("recipient", text) for text in recipient_ids)


def read_statistics(arguments: Arguments) -> StatisticsTopic:
    interval = read_interval(arguments["maxPerSecond"])
    return StatisticsTopic(resolve("communication", arguments["communicationId"]), interval)


def read_changes(arguments: Arguments) -> ChangesTopic:
    interval = read_interval(arguments["maxPerSecond"])
    window = read_window(arguments.get("recipientIds"))
    return ChangesTopic(resolve("communication", arguments["communicationId"]), interval, window)


def read_active(arguments: Arguments) -> ActiveTopic:
    return ActiveTopic(read_interval(arguments["maxPerSecond"]))


def read_listing(arguments: Arguments) -> ListingTopic:
    return ListingTopic()


def read_export(arguments: Arguments) -> ExportTopic:
    return ExportTopic(resolve("export", arguments["id"]))


def read_citizen(arguments: Arguments) -> CitizenTopic:
    return CitizenTopic(resolve("citizen", arguments["id"]))


TOPICS: Mapping[str, Callable[[Arguments], Topic]] = {
    "statistics": read_statistics,
    "communicationChanges": read_changes,
    "activeStatistics": read_active,
    "communicationChanged": read_listing,
    "export": read_export,
    "citizenChanged": read_citizen,
}
"""By the subscription's field. Every one of these is executed for a group; other fields run on their own."""
