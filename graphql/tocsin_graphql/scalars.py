"""How instants are written and read: RFC 3339, always with an offset. Imports nothing of ours."""

from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition


def write_instant(value: datetime) -> str:
    """Return the instant in UTC; everything the domain gives carries its zone."""
    return value.astimezone(UTC).isoformat()


def read_instant(value: Any) -> datetime:
    """Return the instant; refused without an offset, since no zone would be the right one to assume."""
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError
        return instant.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        message = "An instant is written as in 2027-04-19T16:30:00-04:00, with its offset from UTC."
        raise GraphQLError(message) from None


DATE_TIME = ScalarDefinition(
    name="DateTime",
    description="An instant in RFC 3339, always with an offset; given in UTC.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=write_instant,
    parse_value=read_instant,
    parse_literal=None,
    origin=datetime,
)


def configure_schema() -> StrawberryConfig:
    """Return how Strawberry has to treat our types."""
    return StrawberryConfig(scalar_map={datetime: DATE_TIME}, disable_field_suggestions=False)
