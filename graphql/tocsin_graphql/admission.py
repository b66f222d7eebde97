"""What has to hold for any operation before it runs, by whichever transport it comes. Imports plans and costs."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLSchema

from tocsin.errors import Forbidden
from tocsin_graphql.costs import Limits, Scale
from tocsin_graphql.plans import Plan, Plans

HIDDEN = "This server does not show its schema; ask its operators for schema.graphql."


class Admission:
    """Reads each document once, and refuses what asks too much or, where the schema is hidden, asks for it."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, schema_shown: bool) -> None:
        self.plans = Plans(schema, limits.tokens)
        self._scale = Scale(schema, limits)
        self._schema_shown = schema_shown

    def admit(self, query: str, operation_name: str | None, variables: Mapping[str, Any] | None) -> Plan:
        """Return the plan of an operation that may run; GraphQLError and the domain's errors say why not."""
        plan = self.plans.find(query, operation_name)
        if plan.introspective and not self._schema_shown:
            raise Forbidden(HIDDEN)
        self._scale.check(plan, variables)
        return plan
