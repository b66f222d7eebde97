"""One e-mail that was accepted, and the callbacks about it. Imports ledger, timeline, envelope's guises."""

import asyncio
from dataclasses import dataclass

from tocsin_carriers.emails_timeline import EmailHappening
from tocsin_carriers.ledger import Answer, Callback, Entry, Kind, Outgoing
from tocsin_carriers.sns_envelope import GENUINE, Guise

_NOTIFIED = frozenset({"Bounce", "Complaint", "Delivery"})


def kind_of(word: str) -> str:
    """The event's type, without what stands behind it: `Bounce` of `Bounce:Permanent:NoEmail`."""
    return word.partition(":")[0]


@dataclass(slots=True, kw_only=True)
class Email(Entry):
    """Its address is here to be told to the receiver, and nowhere else. `notified`: the identity's three kinds of
    notifications are sent instead of events.
    """

    to: str
    sender: str
    configuration_set: str
    subject: str
    text: str
    headers: tuple[tuple[str, str], ...]
    tags: dict[str, str]
    notified: bool
    happenings: tuple[EmailHappening, ...]

    @property
    def reported(self) -> tuple[EmailHappening, ...]:
        """What callbacks tell, by position: everything but the acceptance."""
        told = self.happenings[1:]
        return tuple(each for each in told if kind_of(each.word) in _NOTIFIED) if self.notified else told


@dataclass(slots=True)
class EventCallback(Callback):
    """`republished`: a copy that the topic takes for another message. `told_at`: when it was first composed.
    `outgoing`: as it was signed, until its end. `concluded`: for whoever waits for that.
    """

    republished: bool = False
    guise: Guise = GENUINE
    told_at: float | None = None
    outgoing: Outgoing | None = None
    concluded: asyncio.Event | None = None

    def conclude(self, answer: Answer) -> None:
        self.outgoing = None
        if self.concluded is not None:
            self.concluded.set()

    def tell(self, now: float) -> float:
        """The instant of its publication: of all copies of one report that of the first."""
        copies = [self] if self.kind is Kind.FORGED else self._copies()
        self.told_at = min((copy.told_at for copy in copies if copy.told_at is not None), default=now)
        return self.told_at

    def _copies(self) -> "list[EventCallback]":
        return [
            callback
            for callback in self.entry.callbacks
            if isinstance(callback, EventCallback)
            and callback.position == self.position
            and callback.kind is not Kind.FORGED
        ]
