"""The schema, put together in one place. Imports every type of this package."""

from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types import ExecutionContext, ExecutionResult

from tocsin_graphql import enums as enums  # every enumeration is described there before a type names it
from tocsin_graphql.audit import AuditEntry
from tocsin_graphql.categories import Category, Group
from tocsin_graphql.communications import Communication
from tocsin_graphql.deliveries import Delivery, Wave
from tocsin_graphql.errors import Errors, translate_result
from tocsin_graphql.execution import ForgetfulExecutor
from tocsin_graphql.exports import Export
from tocsin_graphql.mutations import Mutation
from tocsin_graphql.people import Citizen, ContactPoint
from tocsin_graphql.queries import Query
from tocsin_graphql.recipients import Recipient
from tocsin_graphql.scalars import configure_schema
from tocsin_graphql.subscriptions import Subscription

REMEMBERED = 512
NODES = [AuditEntry, Category, Citizen, Communication, ContactPoint, Delivery, Export, Group, Recipient, Wave]


class TocsinSchema(strawberry.Schema):
    """A Strawberry schema that lets no error out untranslated, and logs none with the values it carries."""

    suggesting = True

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Leave logging to the translation: Strawberry would log what the error says."""

    async def execute(self, *arguments: Any, **options: Any) -> ExecutionResult:
        """Execute one operation; what fails outside of the extensions' reach is translated as well."""
        result = await super().execute(*arguments, **options)
        translate_result(result, suggesting=self.suggesting)
        return result


def build_schema(*, suggesting: bool = True) -> TocsinSchema:
    """Return the whole schema: what is asked, done and followed; `suggesting` names to whoever mistakes one."""
    schema = TocsinSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=NODES,
        extensions=[
            lambda: Errors(suggesting=suggesting),
            lambda: ParserCache(REMEMBERED),
            lambda: ValidationCache(REMEMBERED),
        ],
        execution_context_class=ForgetfulExecutor,
        config=configure_schema(),
    )
    schema.suggesting = suggesting
    return schema
