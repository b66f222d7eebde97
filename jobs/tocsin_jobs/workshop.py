"""What every job works with, put together once at start. Imports tocsin."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from tocsin.assessment import Moved
from tocsin.events import Answer, Event, Finding, HandOver, Inquiry
from tocsin.measures import Measures
from tocsin.settings import Settings
from tocsin.turns import Turns
from tocsin.words import Channel
from tocsin.writer import Writer
from tocsin_jobs.exporter import Exporter


class Provider(Protocol):
    """A carrier's way out: one account on one channel. Nothing here raises for what a carrier or the network does."""

    @property
    def name(self) -> str: ...

    @property
    def channel(self) -> Channel: ...

    @property
    def account(self) -> str: ...

    @property
    def sender(self) -> str:
        """What citizens see as the sender, and can refuse."""

    async def send(self, hand_over: HandOver, now: datetime) -> Answer:
        """Hand one delivery over, once."""

    async def look_up(self, inquiry: Inquiry, now: datetime) -> Finding:
        """Ask what became of a delivery whose answer was lost."""

    async def fetch(self, hand_over: HandOver, carrier_id: str) -> Sequence[Event]:
        """Ask where a delivery stands that has been silent; nothing where the carrier can't tell."""

    async def withdraw(self, carrier_id: str) -> bool:
        """Cancel what the carrier still queues; false where it can't be cancelled any more."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """Settings, the writer of this process, who is told of changes, and the carriers by channel.

    `measure_time` gives seconds of a clock that never goes back; `turns` remembers whose turn it is in each lane;
    `stopping` is set when the process ends, and nothing more is begun; `exporter` is there where workbooks are written;
    `measures` counts.
    """

    settings: Settings
    writer: Writer
    announce: Callable[[Moved], None]
    providers: Mapping[Channel, Provider]
    tell_time: Callable[[], datetime]
    measure_time: Callable[[], float] = time.monotonic
    turns: dict[UUID, Turns] = field(default_factory=dict)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    exporter: Exporter | None = None
    measures: Measures = field(default_factory=Measures)

    @property
    def accounts(self) -> dict[Channel, str]:
        """The account that sends on each channel."""
        return {channel: provider.account for channel, provider in self.providers.items()}
