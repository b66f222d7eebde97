"""What a carrier says, in our words: a report, and the answer to handing a delivery over. Imports statuses."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from tocsin.statuses import DeliveryStatus


@dataclass(frozen=True, slots=True)
class Event:
    """One report. `event_key` is the provider's and unique; `status` is empty where the word moves none.

    `occurred_at` is the carrier's clock and shown only; `ended` says that a pending status has come to its end.
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
    answered_by: int | None = None
    duration: int | None = None


class Verdict(Enum):
    """How a carrier took a delivery that was handed over."""

    ANSWERED = "taken or refused for good: the event says which"
    TRY_AGAIN = "not processed: safe to hand over again later"
    UNKNOWN = "the answer was lost: never blindly again"
    ACCOUNT_REFUSED = "the account or its configuration is refused: the lane has to pause"


@dataclass(frozen=True, slots=True)
class Answer:
    """The carrier's answer to one hand-over; `retry_after` in seconds, `reason` without personal data."""

    verdict: Verdict
    event: Event | None = None
    retry_after: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """What a provider needs to send one delivery."""

    delivery_id: UUID
    public_id: str
    address: str
    text: str
    subject: str | None = None
