"""What can go wrong in the domain, each with its code of the contract. Raised here, translated at the edge."""

from datetime import datetime


class TocsinError(Exception):
    """A failure whose sentence may be shown: it says what to do and names no person."""

    code = "INTERNAL"

    def __init__(
        self, message: str, *, field: str | None = None, retry_at: datetime | None = None, **details: str
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_at = retry_at
        self.details = details

    @property
    def extensions(self) -> dict[str, str]:
        """What a client may read beside the sentence: code, field, retryAt and the like; instants in RFC 3339."""
        known = {"field": self.field, "retryAt": self.retry_at.isoformat() if self.retry_at else None, **self.details}
        return {"code": self.code, **{name: value for name, value in known.items() if value is not None}}


class Unauthenticated(TocsinError):
    code = "UNAUTHENTICATED"


class Forbidden(TocsinError):
    code = "FORBIDDEN"


class NotFound(TocsinError):
    code = "NOT_FOUND"


class BadInput(TocsinError):
    code = "BAD_INPUT"


class Conflict(TocsinError):
    code = "CONFLICT"


class NotSent(TocsinError):
    code = "NOT_SENT"


class NotAvailable(TocsinError):
    code = "NOT_AVAILABLE"


class RateLimited(TocsinError):
    """More is asked for at a time than one client may have."""

    code = "RATE_LIMITED"


class TooExpensive(TocsinError):
    """One operation asks for more than the limits allow; it has not run."""

    code = "TOO_EXPENSIVE"


class Unavailable(TocsinError):
    code = "UNAVAILABLE"


class ConfigurationError(TocsinError):
    """A setting is missing, weak or contradictory: the program ends with code 2 before it listens."""
