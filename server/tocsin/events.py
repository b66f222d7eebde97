"""What a carrier says, in our words: a report, and the answer to handing a delivery over. Imports statuses and words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from uuid import UUID

from tocsin.statuses import DeliveryStatus
from tocsin.words import AnsweredBy, Channel, Locale


@dataclass(frozen=True, slots=True)
class Event:
    """One report. `event_key` is the provider's and unique; `status` is empty where the word moves none.

    `occurred_at` is the carrier's clock and shown only; `ended` says that a pending status has come to its end; `dead`
    that the address can never be reached on this channel; `after_beep` that a voice mailbox records from now on;
    `duration` is in seconds. An event that names no delivery may name an earlier one of the same by its key: `follows`.
    """

    event_key: str
    provider: str
    account: str
    delivery_id: UUID | None
    provider_word: str
    status: DeliveryStatus | None = None
    occurred_at: datetime | None = None
    error_code: str | None = None
    carrier_id: str | None = None
    ended: bool = False
    answered_by: AnsweredBy | None = None
    duration: int | None = None
    dead: bool = False
    after_beep: bool = False
    follows: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """A citizen's word about a sender: stop, or start again. The address is personal and goes to the database only."""

    event_key: str
    channel: Channel
    sender: str
    address: str = field(repr=False)
    stopped: bool


class Verdict(Enum):
    """How a carrier took a delivery that was handed over."""

    ANSWERED = "taken or refused for good: the event says which"
    TRY_AGAIN = "not processed: safe to hand over again later"
    UNKNOWN = "the answer was lost: never blindly again"
    ACCOUNT_REFUSED = "the account or its configuration is refused: the lane has to pause"


@dataclass(frozen=True, slots=True)
class Answer:
    """The carrier's answer to one hand-over; `retry_after` in seconds, `reason` without personal data.

    `consents` are what it says of the citizen's will beside the event: that he refuses this sender.
    """

    verdict: Verdict
    event: Event | None = None
    retry_after: float | None = None
    reason: str | None = None
    consents: Sequence[Consent] = ()


@dataclass(frozen=True, slots=True)
class HandOver:
    """What a provider needs to send one delivery; `municipality` is the name of whoever sends it.

    A verification's carries its key, and no text until it is put into words (see tocsin.verification_words).
    """

    delivery_id: UUID
    public_id: str
    address: str
    text: str
    subject: str | None = None
    locale: Locale = Locale.FR
    confirmation_required: bool = False
    verification_id: UUID | None = None
    municipality: str = ""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What a carrier is asked about a delivery whose answer was lost.

    `since` is when it was handed over; `bound` are the carrier's ids that are known to belong to other deliveries.
    """

    hand_over: HandOver
    since: datetime
    bound: frozenset[str]


class Certainty(Enum):
    """What a carrier knows of a delivery whose answer was lost."""

    FOUND = "it has it: the event says under which id and where it stands"
    ABSENT = "it never took it: safe to hand over again"
    UNCLEAR = "not now, or several could be it: ask again later"
    UNKNOWABLE = "it can't be asked: only its reports can tell"


@dataclass(frozen=True, slots=True)
class Finding:
    """A carrier's answer to an inquiry; `reason` without personal data."""

    certainty: Certainty
    event: Event | None = None
    reason: str | None = None


class Restart(Enum):
    """What became of beginning a call's message again."""

    BEGUN = "it is being spoken from its beginning"
    OVER = "the call has ended: nobody listens any more"
    REFUSED = "not now: it may be tried again"
