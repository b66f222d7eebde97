"""What can be done. Each records the intent and commits; carriers are reached by jobs alone. Imports the types and the domain."""

from datetime import datetime
from typing import Annotated

import strawberry

from tocsin.categories import create_category
from tocsin.communications import create_communication
from tocsin.identifiers import resolve
from tocsin.sending import send_communication
from tocsin_graphql.categories import Category
from tocsin_graphql.communications import Communication, load_communication
from tocsin_graphql.context import Info
from tocsin_graphql.fields import mutating
from tocsin_graphql.inputs import CreateCategoryInput, CreateCommunicationInput, read_category, read_communication


@strawberry.type(description="What can be done; all of it within the caller's municipality.")
class Mutation:
    """The roots of writing."""

    @mutating(
        "Make a theme. Administrators only. Citizens without a choice of categories are subscribed to every "
        "one. CONFLICT where the name is taken."
    )
    async def create_category(
        self, info: Info, input: Annotated[CreateCategoryInput, strawberry.argument(description="The theme.")]
    ) -> Category:
        key = await create_category(info.context.viewer, read_category(input))
        info.context.forget()
        row = await info.context.loaders.category.load(key)
        assert row is not None, "it has just been made"
        return Category.of(row)

    @mutating("Make a draft. Operators and administrators. BAD_INPUT or NOT_FOUND names the wrong field.")
    async def create_communication(
        self,
        info: Info,
        input: Annotated[CreateCommunicationInput, strawberry.argument(description="The communication.")],
    ) -> Communication:
        context = info.context
        key = await create_communication(
            context.viewer, read_communication(input), key=input.idempotency_key, now=context.now()
        )
        context.forget()
        context.announce_listing([context.viewer.municipality_id])
        return await load_communication(context, key)

    @mutating(
        "Send now, or at an instant. Operators and administrators. Irreversible once it has started. An empty "
        "audience is BAD_INPUT; what has been sent already is CONFLICT; without a carrier for a channel NOT_AVAILABLE."
    )
    async def send_communication(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="A draft, or what is scheduled.")],
        idempotency_key: Annotated[
            str, strawberry.argument(description="The same key with the same arguments sends once; others: CONFLICT.")
        ],
        at: Annotated[
            datetime | None, strawberry.argument(description="When to send, not in the past; null: now.")
        ] = None,
    ) -> Communication:
        context = info.context
        key = await send_communication(
            context.viewer, resolve("communication", id), at=at, key=idempotency_key, now=context.now(),
            usable=context.usable,
        )  # fmt: skip
        context.wake()
        context.forget()
        context.announce_listing([context.viewer.municipality_id])
        return await load_communication(context, key)
