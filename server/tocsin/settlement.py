"""What follows from a carrier's word about a delivery whose answer was lost: the rules. Imports events and expiry.

Nothing is repeated blindly: what the carrier certainly lacks is handed over again, what stays open becomes UNCERTAIN, and
a report that arrives meanwhile is stronger than both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from tocsin.events import Certainty, HandOver, Inquiry
from tocsin.expiry import measure_uncertainty
from tocsin.settings import Settings
from tocsin.words import Channel

INTERVAL = 30
ABSENCE = 60
ABSENCES = 2
"""A carrier's lists lag: what is missing is believed to be missing when it was so twice, a minute after the hand-over."""

PATIENCE = {Certainty.FOUND: 600, Certainty.UNCLEAR: 600, Certainty.UNKNOWABLE: 300}
"""Seconds after which a delivery that is still open becomes UNCERTAIN."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The seconds above, as this process counts them, and for how many more an UNCERTAIN delivery is waited for."""

    interval: float
    absence: float
    patience: Mapping[Certainty, float]
    uncertainty: float


def measure_terms(settings: Settings) -> Terms:
    """Return the terms at the speed of this process."""
    speed = settings.tocsin_speed
    patience = {certainty: seconds / speed for certainty, seconds in PATIENCE.items()}
    return Terms(INTERVAL / speed, ABSENCE / speed, patience, measure_uncertainty(settings))


@dataclass(frozen=True, slots=True)
class Rivals:
    """Other deliveries to the same address: the carrier's ids that are theirs, and whether one is being handed over at
    this moment, so that its message could be mistaken for another's.
    """

    bound: frozenset[str] = frozenset()
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """A delivery to be asked about, as it was when it was chosen: `fence` and `lost_at` tell whether it still is the same.

    `asks` in a row found it missing, this time counted as one more; `waited` and `lost_for` are seconds.
    """

    hand_over: HandOver
    account: str
    channel: Channel
    recipient_id: UUID | None
    fence: int
    lost_at: datetime
    since: datetime
    asks: int
    waited: float
    lost_for: float
    rivals: Rivals

    @property
    def inquiry(self) -> Inquiry:
        """What its carrier is asked."""
        return Inquiry(self.hand_over, self.since, self.rivals.bound)


class Decision(Enum):
    """What is done with a delivery after its carrier was asked."""

    TAKEN = "it has it: what it says is a report like any other"
    WAIT = "ask again later, unless a report comes first"
    PLAN = "the carrier lacks it: hand it over again"
    GIVE_UP = "it can't be found out: UNCERTAIN"


def decide(lost: Lost, certainty: Certainty, terms: Terms) -> Decision:
    """Return what follows from the carrier's answer, once what was found is kept.

    Giving up changes nothing for what has thereby become TAKEN; it ends what is found again and again without effect.
    """
    if certainty is Certainty.ABSENT:
        believed = lost.asks >= ABSENCES and lost.waited >= terms.absence
        return Decision.PLAN if believed else Decision.WAIT
    if lost.lost_for >= terms.patience[certainty]:
        return Decision.GIVE_UP
    return Decision.TAKEN if certainty is Certainty.FOUND else Decision.WAIT
