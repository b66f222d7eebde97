"""What can be done. Each records the intent and commits; carriers are reached by jobs alone. Imports the types and the domain."""

from datetime import datetime
from typing import Annotated

import strawberry

from tocsin.assessment import Moved
from tocsin.cancellation import cancel_communication
from tocsin.categories import create_category
from tocsin.communications import create_communication
from tocsin.consents import list_senders
from tocsin.editing import delete_communication, update_communication
from tocsin.exports import request_log, request_statistics
from tocsin.identifiers import resolve
from tocsin.profile_editing import update_citizen
from tocsin.recontact import recontact_uncontacted
from tocsin.reminders import measure_reminders
from tocsin.sending import Ways, send_communication
from tocsin.verifications import confirm_code, request_verification
from tocsin.words import Channel, Locale
from tocsin_graphql.categories import Category
from tocsin_graphql.citizen_inputs import UpdateCitizenInput, read_profile
from tocsin_graphql.communications import Communication, load_communication
from tocsin_graphql.communications_log import LogFilterInput, load_municipality, read_log_filter
from tocsin_graphql.context import Info
from tocsin_graphql.deliveries import Wave
from tocsin_graphql.exports import Export, load_export
from tocsin_graphql.fields import mutating
from tocsin_graphql.inputs import (
    CreateCategoryInput,
    CreateCommunicationInput,
    UpdateCommunicationInput,
    read_category,
    read_changes,
    read_communication,
)
from tocsin_graphql.people import Citizen, ContactPoint, load_citizen, load_contact_point

Language = Annotated[
    Locale | None, strawberry.argument(description="The language of headers and words; null: the caller's.")
]

PointId = Annotated[strawberry.ID, strawberry.argument(description="A contact point that is not verified.")]


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
        context.announce(Moved({}, listings=[context.viewer.municipality_id]))
        return await load_communication(context, key)

    @mutating(
        "Change a draft, or what is scheduled; what is left out stays. Operators and administrators. CONFLICT once it has "
        "been sent or cancelled; BAD_INPUT or NOT_FOUND names the wrong field."
    )
    async def update_communication(
        self,
        info: Info,
        input: Annotated[UpdateCommunicationInput, strawberry.argument(description="The changes.")],
    ) -> Communication:
        context = info.context
        key = resolve("communication", input.id)
        await update_communication(context.viewer, key, read_changes(input), now=context.now())
        context.forget()
        context.announce(Moved({}, listings=[context.viewer.municipality_id]))
        return await load_communication(context, key)

    @mutating(
        "Delete a draft and return its id. Operators and administrators. CONFLICT for what is not a draft, and for a "
        "campaign that still holds communications."
    )
    async def delete_communication(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The draft.")]
    ) -> strawberry.ID:
        context = info.context
        await delete_communication(context.viewer, resolve("communication", id))
        context.forget()
        context.announce(Moved({}, listings=[context.viewer.municipality_id]))
        return id

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
            ways=Ways(context.usable, measure_reminders(context.settings)),
        )  # fmt: skip
        context.wake()
        context.forget()
        context.announce(Moved({}, listings=[context.viewer.municipality_id]))
        return await load_communication(context, key)

    @mutating(
        "Stop it: nothing more is handed over, queued calls are withdrawn, late reports still count. Operators and "
        "administrators. CONFLICT for what is neither scheduled nor in progress."
    )
    async def cancel_communication(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="What is to be stopped.")]
    ) -> Communication:
        context = info.context
        key = resolve("communication", id)
        context.announce(await cancel_communication(context.viewer, key))
        context.wake()
        context.forget()
        return await load_communication(context, key)

    @mutating(
        "One immediate attempt to everyone not contacted. Irreversible. Operators and administrators. The same key always "
        "gives the same wave; CONFLICT tells who runs one, NOT_AVAILABLE and NOT_SENT carry the `blocker`."
    )
    async def recontact_uncontacted(
        self,
        info: Info,
        communication_id: Annotated[strawberry.ID, strawberry.argument(description="What has been sent.")],
        idempotency_key: Annotated[
            str, strawberry.argument(description="The same key with the same communication starts one wave.")
        ],
    ) -> Wave:
        context = info.context
        started = await recontact_uncontacted(
            context.viewer, resolve("communication", communication_id), key=idempotency_key
        )
        context.announce(started.moved)
        context.wake()
        context.forget()
        row = await context.loaders.wave.load(started.wave_id)
        assert row is not None, "it has just been opened"
        return Wave.of(row)

    @mutating(
        "Change a citizen's profile; what is left out stays. Operators and administrators. BAD_INPUT or NOT_FOUND names the "
        "wrong field. What has been sent stays as it was; the next wave takes names and addresses as they are then."
    )
    async def update_citizen(
        self, info: Info, input: Annotated[UpdateCitizenInput, strawberry.argument(description="The changes.")]
    ) -> Citizen:
        context = info.context
        key = resolve("citizen", input.citizen_id)
        senders = list_senders(context.settings)
        context.announce(
            await update_citizen(context.viewer, key, read_profile(input), senders=senders, now=context.now())
        )
        context.forget()
        return await load_citizen(context, key)

    @mutating(
        "Send a citizen a code by call or text, or a link by e-mail, to prove that an address is his. Operators and "
        "administrators. CONFLICT for what is verified; at most one a minute and five a day: RATE_LIMITED with `retryAt`."
    )
    async def resend_verification(
        self,
        info: Info,
        contact_point_id: PointId,
        channel: Annotated[Channel, strawberry.argument(description="One of the contact point's channels.")],
    ) -> ContactPoint:
        context = info.context
        key = resolve("contact-point", contact_point_id)
        context.announce(
            await request_verification(context.viewer, key, channel, usable=context.usable, now=context.now())
        )
        context.wake()
        context.forget()
        return await load_contact_point(context, key)

    @mutating(
        "Take an address as verified by the six digits that were sent to it last. Operators and administrators. BAD_INPUT "
        "for a wrong code, of which the fifth makes it void; CONFLICT where no code is good."
    )
    async def confirm_verification(
        self,
        info: Info,
        contact_point_id: PointId,
        code: Annotated[str, strawberry.argument(description="Six digits, as the citizen tells them.")],
    ) -> ContactPoint:
        context = info.context
        key = resolve("contact-point", contact_point_id)
        secret = context.settings.tocsin_secret
        context.announce(await confirm_code(context.viewer, key, code, secret=secret, now=context.now()))
        context.forget()
        return await load_contact_point(context, key)

    @mutating(
        "Ask for the statistics as a workbook: a row for each recipient, and a sheet with every delivery. NOT_SENT for "
        "what has not been sent. While it is being made, the same request is the same export; more than five unfinished "
        "ones are RATE_LIMITED, and of the finished the ten newest are kept."
    )
    async def export_statistics(
        self,
        info: Info,
        communication_id: Annotated[strawberry.ID, strawberry.argument(description="A communication that was sent.")],
        locale: Language = None,
    ) -> Export:
        context = info.context
        subject = resolve("communication", communication_id)
        key = await request_statistics(context.viewer, subject, locale=locale or context.locale, now=context.now())
        context.wake()
        context.forget()
        return await load_export(context, key)

    @mutating("Ask for the log as a workbook: the same rows, filter and order as on screen.")
    async def export_communications_log(
        self,
        info: Info,
        filter: Annotated[LogFilterInput, strawberry.argument(description="The period, and what narrows it.")],
        locale: Language = None,
    ) -> Export:
        context = info.context
        municipality = await load_municipality(context)
        key = await request_log(
            context.viewer, municipality, read_log_filter(filter), locale=locale or context.locale, now=context.now()
        )
        context.wake()
        context.forget()
        return await load_export(context, key)
