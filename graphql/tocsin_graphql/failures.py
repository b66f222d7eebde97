"""How a failure is told where no result carries it: in the same words and codes as everywhere. Imports errors."""

from typing import Any

from graphql import GraphQLError

from tocsin_graphql.errors import translate


def describe(error: Exception) -> dict[str, Any]:
    """Return message and code of an error as GraphQL writes it."""
    known = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
    return dict(translate(known).formatted)
