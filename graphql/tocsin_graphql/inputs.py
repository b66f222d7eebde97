"""What mutations are given, and how it becomes the domain's. Imports the domain."""

from collections.abc import Sequence
from uuid import UUID

import strawberry

from tocsin.categories import NewCategory
from tocsin.communications import NewCommunication
from tocsin.contents import Content
from tocsin.editing import Changes
from tocsin.errors import NotFound
from tocsin.identifiers import resolve
from tocsin.words import Channel, CommunicationKind, Locale


@strawberry.input(description="The texts of one language.")
class ContentInput:
    """Read by `read_content`."""

    locale: Locale = strawberry.field(description="The language.")
    call_text: str | None = strawberry.field(default=None, description="What a call speaks; at most 3,000 characters.")
    sms_text: str | None = strawberry.field(default=None, description="The text message; at most 1,600 characters.")
    email_subject: str | None = strawberry.field(default=None, description="The subject; at most 200 characters.")
    email_text: str | None = strawberry.field(default=None, description="The e-mail; at most 50,000 characters.")


@strawberry.input(
    description="A campaign needs a title and a category; a regular communication also channels and contents, and may "
    "take its campaign's category and groups."
)
class CreateCommunicationInput:
    """Read by `read_communication`."""

    kind: CommunicationKind = strawberry.field(
        default=CommunicationKind.REGULAR, description="Whether it is to be sent or to hold others."
    )
    campaign_id: strawberry.ID | None = strawberry.field(default=None, description="The campaign that is to hold it.")
    title: str = strawberry.field(description="1 to 200 characters, one line.")
    category_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its theme; may be left out where a campaign holds it."
    )
    group_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="Their members, each once, whatever their subscription. Empty: the category's subscribers.",
    )
    channels: list[Channel] = strawberry.field(
        default_factory=list, description="The channels to use, among the category's."
    )
    contents: list[ContentInput] = strawberry.field(
        default_factory=list,
        description="A content for each language, with a text for each channel; the municipality's language is needed.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key with the same arguments gives the first answer; with others CONFLICT."
    )


@strawberry.input(description="Changes of what is a draft or scheduled; what is left out stays.")
class UpdateCommunicationInput:
    """Read by `read_changes`."""

    id: strawberry.ID = strawberry.field(description="The communication or campaign.")
    title: str | None = strawberry.field(default=None, description="1 to 200 characters, one line.")
    category_id: strawberry.ID | None = strawberry.field(default=None, description="Its theme.")
    group_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="All groups that it is to be addressed to; empty: the category's subscribers."
    )
    channels: list[Channel] | None = strawberry.field(default=None, description="All channels that it is to use.")
    contents: list[ContentInput] | None = strawberry.field(
        default=None, description="All texts that it is to have, for each language and channel."
    )


@strawberry.input(description="A new theme.")
class CreateCategoryInput:
    """Read by `read_category`."""

    name: str = strawberry.field(description="1 to 200 characters, one line, unique in the municipality.")
    description: str | None = strawberry.field(default=None, description="At most 2,000 characters.")
    confirmation_required: bool = strawberry.field(
        default=False, description="Whether called citizens have to press 1 to count as contacted."
    )
    voicemail_counts: bool = strawberry.field(default=True, description="Whether a voice mailbox counts as contacted.")
    channels: list[Channel] = strawberry.field(
        default_factory=lambda: list(Channel), description="The channels that its communications may use."
    )


def read_id(kind: str, text: str | None, field: str) -> UUID | None:
    """Return the key of an id; NOT_FOUND with the field where it can't be one."""
    try:
        return resolve(kind, text) if text is not None else None
    except NotFound as error:
        raise NotFound(error.message, field=field) from None


def read_ids(kind: str, texts: Sequence[str], field: str) -> list[UUID]:
    return [key for text in texts if (key := read_id(kind, text, field)) is not None]


def read_content(given: ContentInput) -> Content:
    return Content(given.locale, given.call_text, given.sms_text, given.email_subject, given.email_text)


def read_communication(given: CreateCommunicationInput) -> NewCommunication:
    """Return what the domain makes a communication of."""
    return NewCommunication(
        title=given.title,
        kind=given.kind,
        campaign_id=read_id("communication", given.campaign_id, "input.campaignId"),
        category_id=read_id("category", given.category_id, "input.categoryId"),
        group_ids=read_ids("group", given.group_ids, "input.groupIds"),
        channels=given.channels,
        contents=[read_content(content) for content in given.contents],
    )


def read_changes(given: UpdateCommunicationInput) -> Changes:
    """Return what the domain changes."""
    return Changes(
        title=given.title,
        category_id=read_id("category", given.category_id, "input.categoryId"),
        group_ids=None if given.group_ids is None else read_ids("group", given.group_ids, "input.groupIds"),
        channels=given.channels,
        contents=None if given.contents is None else [read_content(content) for content in given.contents],
    )


def read_category(given: CreateCategoryInput) -> NewCategory:
    """Return what the domain makes a category of."""
    return NewCategory(
        name=given.name,
        description=given.description,
        confirmation_required=given.confirmation_required,
        voicemail_counts=given.voicemail_counts,
        channels=given.channels,
    )
