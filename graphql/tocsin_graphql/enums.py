"""The domain's words as GraphQL enumerations, by name, each value described. Imports words, statuses and grid."""

from enum import EnumMeta
from typing import TypeVar

import strawberry

from tocsin.grid import RecipientSort
from tocsin.periods import Period
from tocsin.reasons import OUTCOME_WORDS, SKIP_WORDS
from tocsin.recontact import RecontactBlocker
from tocsin.statuses import MEANINGS, DeliveryStatus
from tocsin.words import (
    Channel,
    CommunicationKind,
    CommunicationState,
    ExportState,
    Handling,
    Locale,
    Outcome,
    OutcomeReason,
    Role,
    SkipReason,
    WaveKind,
)

Words = TypeVar("Words", bound=EnumMeta)


def describe(words: Words, description: str, values: dict[str, str]) -> Words:
    """Make an enumeration of the domain one of the schema; `values` describes every member by name."""
    described = strawberry.enum(words, description=description)
    for value in described.__strawberry_definition__.values:  # type: ignore[attr-defined]  # which strawberry.enum has set
        value.description = values[value.name]
    return described


describe(
    Channel,
    "A way to a citizen.",
    {"CALL": "A telephone call.", "SMS": "A text message.", "EMAIL": "An e-mail."},
)
describe(
    DeliveryStatus,
    "What a carrier can report about a delivery. Within a delivery the highest-ranked status ever reported holds.",
    {status.name: meaning.explanation(Locale.EN) for status, meaning in MEANINGS.items()},
)
describe(
    Outcome,
    "What became of a recipient: the slices of the pie.",
    {
        "CONTACTED": "Reached; where confirmation is required, confirmed.",
        "IN_PROGRESS": "An attempt may still succeed.",
        "NOT_CONTACTED": "No attempt succeeded and none is under way.",
    },
)
describe(
    CommunicationKind,
    "Whether a communication is sent or holds others.",
    {"REGULAR": "Is sent to citizens.", "CAMPAIGN": "Holds regular communications and is not sent itself."},
)
describe(
    CommunicationState,
    "Where a communication stands. A campaign's derives from what it holds: DRAFT if that is nothing, IN_PROGRESS if "
    "anything is, else the furthest of DRAFT, SCHEDULED, CANCELLED, FAILED, COMPLETED.",
    {
        "DRAFT": "Being written.",
        "SCHEDULED": "Will be sent at a set instant.",
        "IN_PROGRESS": "Sent, and attempts may still succeed.",
        "COMPLETED": "Sent, and every attempt is settled.",
        "CANCELLED": "Stopped by an operator.",
        "FAILED": "Nothing could be handed over, because of the account or the configuration.",
    },
)
describe(
    WaveKind,
    "Why a round of attempts began.",
    {
        "INITIAL": "The sending itself.",
        "AUTO_REMINDER": "An automatic reminder to those not reached.",
        "RECONTACT": "An operator's recontact of those not contacted.",
    },
)
describe(Locale, "A language.", {"EN": "English.", "FR": "French."})
describe(
    Role,
    "What a principal may do.",
    {"VIEWER": "Reads.", "OPERATOR": "Also writes and sends.", "ADMIN": "Also administers."},
)
describe(
    Handling,
    "What became of handing a delivery to its carrier.",
    {
        "PLANNED": "Waits for its turn; pending, never expires.",
        "SENDING": "Is being handed over; pending, never expires.",
        "TAKEN": "The carrier has it.",
        "UNCERTAIN": "The carrier's answer was lost; pending until settled or expired, then missed.",
        "SKIPPED": "Not handed over; counts as nothing.",
    },
)
describe(
    SkipReason,
    "Why a delivery was not handed over.",
    {reason.name: f"{words[0]}." for reason, words in SKIP_WORDS.items()},
)
describe(
    OutcomeReason,
    "Why a recipient is not contacted.",
    {reason.name: f"{words[0]}." for reason, words in OUTCOME_WORDS.items()},
)
describe(
    RecipientSort,
    "The order of the grid. Names sort without regard to case and accents.",
    {
        "LAST_NAME": "By last name, then first name.",
        "FIRST_NAME": "By first name, then last name.",
        "OUTCOME": "Contacted, in progress, not contacted; then by last name.",
        "RECENTLY_CHANGED": "The row changed last comes first.",
    },
)
describe(
    RecontactBlocker,
    "Why a recontact can't be started now; the first that holds is given.",
    {
        "NOT_SENT": "The communication has not been sent.",
        "CAMPAIGN": "A campaign reaches nobody itself.",
        "CANCELLED": "The communication was cancelled.",
        "REMINDERS_PENDING": "Automatic reminders, or without any the first attempts, are not over yet.",
        "RUNNING": "A recontact is running.",
        "NOBODY_TO_RECONTACT": "Nobody is both not contacted and reachable.",
        "FORBIDDEN": "The caller's role does not allow it.",
    },
)
describe(
    Period,
    "A range of days of the log, in the municipality's calendar and time zone.",
    {
        "THIS_WEEK": "The week that it is now, whole; weeks begin on the municipality's first day.",
        "LAST_WEEK": "The week before.",
        "THIS_MONTH": "The calendar month that it is now, whole.",
        "CUSTOM": "From a day to a day, both included.",
    },
)
describe(
    ExportState,
    "How far an export is.",
    {
        "QUEUED": "Asked for; it waits for its turn.",
        "RUNNING": "Its rows are being written.",
        "READY": "The file can be downloaded.",
        "FAILED": "It could not be made, and has been tried several times; it can be asked for again.",
    },
)
