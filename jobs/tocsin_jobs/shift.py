"""What is known of a turn at a lane while it lasts. Imports lanes, pacing and the workshop."""

import asyncio
from dataclasses import dataclass, field
from enum import Enum, auto

from tocsin.due import Lease
from tocsin.lanes import LaneState
from tocsin_jobs.pacing import Pace
from tocsin_jobs.workshop import Provider, Workshop


class Ending(Enum):
    """Why a turn ended."""

    DRY = auto()
    BLOCKED = auto()
    OVER = auto()
    LOST = auto()
    TROUBLE = auto()


@dataclass(frozen=True, slots=True)
class Trouble:
    """What ends a turn: the account was refused, or the carrier wants to be left alone, for some seconds if it said so."""

    refused: bool = False
    retry_after: float = 0.0
    reason: str | None = None

    def join(self, other: "Trouble | None") -> "Trouble":
        """Return the graver of two, which came from requests under way together."""
        if other is None:
            return self
        graver = other if other.refused else self
        return Trouble(graver.refused, max(self.retry_after, other.retry_after), graver.reason)


@dataclass(slots=True)
class Shift:
    """A turn at a lane. Instants are those of the workshop's clock that never goes back.

    `good_until` is an instant at which the lease surely still held; `paused` and `refusals` stand as the carrier's last
    answer has left them; `lost` counts answers lost in a row; `stirred`: something was taken of what counts as failed.
    """

    shop: Workshop
    lane: LaneState
    lease: Lease
    provider: Provider
    pace: Pace
    ends_at: float
    paused: bool
    refusals: int
    good_until: float = float("-inf")
    renew_at: float = float("-inf")
    lost: int = 0
    stirred: bool = False
    look_at: float = float("-inf")
    trouble: Trouble | None = None
    busy: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def places(self) -> int:
        """How many more may be under way: while the lane is paused, one at a time tries whether it works again."""
        return (1 if self.paused else self.shop.settings.lane_concurrency) - len(self.busy)

    def meet(self, trouble: Trouble) -> None:
        """Note what ends this turn."""
        self.trouble = trouble.join(self.trouble)
