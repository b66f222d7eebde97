"""What every job works with, put together once at start. Imports tocsin."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tocsin.assessment import Moved
from tocsin.events import Answer, HandOver
from tocsin.settings import Settings
from tocsin.words import Channel
from tocsin.writer import Writer


class Provider(Protocol):
    """A carrier's way out: one account on one channel."""

    @property
    def channel(self) -> Channel: ...

    @property
    def account(self) -> str: ...

    async def send(self, hand_over: HandOver, now: datetime) -> Answer:
        """Hand one delivery over; never raises for what a carrier or the network does."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """Settings, the writer of this process, who is told of changes, and the carriers by channel."""

    settings: Settings
    writer: Writer
    announce: Callable[[Moved], None]
    providers: Mapping[Channel, Provider]
    tell_time: Callable[[], datetime]
    rest: Callable[[float], Awaitable[None]]

    @property
    def accounts(self) -> dict[Channel, str]:
        """The account that sends on each channel."""
        return {channel: provider.account for channel, provider in self.providers.items()}
