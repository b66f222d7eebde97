"""The present instant, asked for in one place so that everything else can take `now`. Imports nothing of ours."""

from datetime import UTC, datetime


def tell_time() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)
