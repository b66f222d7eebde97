"""How instants and days are written and read: RFC 3339, an instant always with an offset. Imports nothing of ours."""

import re
from datetime import UTC, date, datetime
from typing import Any

from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


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


def read_day(value: Any) -> date:
    """Return the day; only as YYYY-MM-DD, of the many ways in which days are written."""
    try:
        if not DAY.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError("A day is written as in 2027-04-19.") from None


DATE = ScalarDefinition(
    name="Date",
    description="A calendar day in the municipality's time zone, YYYY-MM-DD.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    serialize=date.isoformat,
    parse_value=read_day,
    parse_literal=None,
    origin=date,
)


def configure_schema() -> StrawberryConfig:
    """Return how Strawberry has to treat our types."""
    return StrawberryConfig(scalar_map={datetime: DATE_TIME, date: DATE}, disable_field_suggestions=False)
