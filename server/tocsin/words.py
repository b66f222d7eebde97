"""The vocabulary that everything shares: each enumeration is one word of the field. Imports nothing of ours."""

from enum import IntEnum, StrEnum


class Channel(IntEnum):
    """A way to a citizen; the hundreds of every status number."""

    CALL = 1
    SMS = 2
    EMAIL = 3


class Standing(IntEnum):
    """What a delivery's status means for the citizen, best first."""

    REACHED = 1
    PENDING = 2
    MISSED = 3


class Outcome(IntEnum):
    """What became of a recipient: the three slices of the pie."""

    CONTACTED = 1
    IN_PROGRESS = 2
    NOT_CONTACTED = 3


class Handling(IntEnum):
    """What became of handing a delivery to its carrier."""

    PLANNED = 1
    SENDING = 2
    TAKEN = 3
    UNCERTAIN = 4
    SKIPPED = 5


class SkipReason(IntEnum):
    """Why a delivery was never handed over."""

    ALREADY_CONTACTED = 1
    CANCELLED = 2
    SUPPRESSED = 3
    DEAD_ADDRESS = 4


class AnsweredBy(IntEnum):
    """Who or what took a call, as far as the carrier can tell; of several verdicts the highest counts."""

    UNKNOWN = 1
    HUMAN = 2
    MACHINE = 3
    FAX = 4


class OutcomeReason(IntEnum):
    """Why a recipient is not contacted."""

    NO_USABLE_CONTACT_POINT = 1
    NO_RECEIPT = 2
    NO_ANSWER = 3
    BUSY = 4
    FAX = 5
    FAILED = 6
    UNDELIVERED = 7
    REBOUND = 8
    REJECTED = 9
    NOT_SENT = 10
    VOICEMAIL = 11
    UNCONFIRMED = 12
    UNCERTAIN = 13
    CANCELLED = 14


class CommunicationKind(StrEnum):
    """REGULAR is sent; CAMPAIGN only holds regular ones."""

    REGULAR = "REGULAR"
    CAMPAIGN = "CAMPAIGN"


class CommunicationState(StrEnum):
    """Where a communication stands in its life."""

    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class WaveKind(StrEnum):
    """Why a round of attempts began."""

    INITIAL = "INITIAL"
    AUTO_REMINDER = "AUTO_REMINDER"
    RECONTACT = "RECONTACT"


class ReminderFate(StrEnum):
    """What became of an automatic reminder. COALESCED: it was overdue together with a later one, which did its work."""

    PENDING = "PENDING"
    SENT = "SENT"
    COALESCED = "COALESCED"
    DROPPED = "DROPPED"


class Locale(StrEnum):
    """The languages that a municipality speaks."""

    EN = "EN"
    FR = "FR"


class Role(StrEnum):
    """What a principal may do, least first."""

    VIEWER = "VIEWER"
    OPERATOR = "OPERATOR"
    ADMIN = "ADMIN"


class WeekStart(IntEnum):
    """The first day of a week, as ISO numbers it."""

    MONDAY = 1
    SUNDAY = 7


class ExportKind(StrEnum):
    """What a workbook is made of."""

    STATISTICS = "STATISTICS"
    LOG = "LOG"


class ExportState(StrEnum):
    """How far a workbook is."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"
