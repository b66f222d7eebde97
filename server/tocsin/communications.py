"""Communications: making one, as a draft. Imports audit, contents, idempotency, listing, errors, viewers and words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.audit import Action, note
from tocsin.contents import RULES, Content, check_contents
from tocsin.errors import BadInput, NotFound
from tocsin.idempotency import claim_key
from tocsin.identifiers import expose, make_id
from tocsin.listing import touch_listing
from tocsin.records.communications import Communication, CommunicationContent, CommunicationGroup
from tocsin.texts import check_line
from tocsin.transactions import in_transaction
from tocsin.viewers import Viewer
from tocsin.words import Channel, CommunicationKind, CommunicationState, Locale, Role

TITLE_LENGTH = 200
MOST_GROUPS = 1_000

OF_CATEGORY = """
SELECT k.channels, m.locale FROM category k JOIN municipality m ON m.id = k.municipality_id
WHERE k.id = $1 AND k.municipality_id = $2"""
OF_GROUPS = "SELECT count(*) AS n FROM citizen_group WHERE id = ANY($1::uuid[]) AND municipality_id = $2"
OF_CAMPAIGN = """
SELECT c.kind, c.category_id, array(SELECT group_id FROM communication_group WHERE communication_id = c.id) AS groups
FROM communication c WHERE c.id = $1 AND c.municipality_id = $2"""


@dataclass(frozen=True, slots=True)
class NewCommunication:
    """What a communication is made of, by our own keys."""

    title: str
    kind: CommunicationKind = CommunicationKind.REGULAR
    campaign_id: UUID | None = None
    category_id: UUID | None = None
    group_ids: Sequence[UUID] = ()
    channels: Sequence[Channel] = ()
    contents: Sequence[Content] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A new communication after every check, its campaign's category and groups filled in."""

    title: str
    kind: CommunicationKind
    campaign_id: UUID | None
    category_id: UUID
    group_ids: Sequence[UUID]
    channels: Sequence[Channel]
    contents: Sequence[Content]


async def create_communication(viewer: Viewer, new: NewCommunication, *, key: str | None, now: datetime) -> UUID:
    """Keep a draft and return its key; a repeated idempotency key returns the first draft's."""
    viewer.require(Role.OPERATOR)
    made = make_id()
    async with in_transaction() as connection:
        if key is not None:
            first = await claim_key(
                connection, viewer.municipality_id, made, mutation="createCommunication", key=key,
                arguments=describe(new), field="input.idempotencyKey",
            )  # fmt: skip
            if first != made:
                return first
        draft = await check_communication(connection, viewer.municipality_id, new)
        await keep_draft(connection, viewer.municipality_id, draft, made=made, now=now)
        await note(connection, viewer, Action.CREATE_COMMUNICATION, subject_id=expose("communication", made))
        await touch_listing(connection, [made])
    return made


def describe(new: NewCommunication) -> dict[str, Any]:
    """Return the arguments as the idempotency key remembers them; the order of sets says nothing."""
    arguments = asdict(new)
    arguments["group_ids"] = sorted({str(key) for key in new.group_ids})
    arguments["channels"] = sorted({int(channel) for channel in new.channels})
    return arguments


async def check_communication(connection: BaseDBAsyncClient, municipality_id: UUID, new: NewCommunication) -> Draft:
    """Return the draft that these arguments make; BAD_INPUT or NOT_FOUND with the field that is wrong."""
    title = check_line(new.title, field="input.title", most=TITLE_LENGTH)
    groups: Sequence[UUID] = sorted(set(new.group_ids))
    category_id = new.category_id
    if new.campaign_id is not None:
        campaign = await find_campaign(connection, municipality_id, new)
        category_id = category_id or campaign["category_id"]
        groups = groups or campaign["groups"]
    if category_id is None:
        raise BadInput("A category is needed; choose one.", field="input.categoryId")
    category = await find_category(connection, municipality_id, category_id)
    await check_groups(connection, municipality_id, groups)
    channels = sorted(set(new.channels))
    contents: Sequence[Content] = ()
    if new.kind is CommunicationKind.CAMPAIGN:
        refuse_sending_parts(new)
    else:
        check_channels(channels, category["channels"])
        contents = check_contents(new.contents, channels, Locale(category["locale"]))
    return Draft(title, new.kind, new.campaign_id, category_id, groups, channels, contents)


async def find_campaign(
    connection: BaseDBAsyncClient, municipality_id: UUID, new: NewCommunication
) -> Mapping[str, Any]:
    """Return category and groups of the campaign that is to hold the new communication."""
    if new.kind is CommunicationKind.CAMPAIGN:
        raise BadInput("A campaign can't be held by another one; leave the campaign out.", field="input.campaignId")
    rows = await connection.execute_query_dict(OF_CAMPAIGN, [new.campaign_id, municipality_id])
    if not rows:
        raise NotFound("There is no such campaign in your municipality.", field="input.campaignId")
    if rows[0]["kind"] != CommunicationKind.CAMPAIGN:
        raise BadInput("This communication is not a campaign; choose one.", field="input.campaignId")
    return rows[0]


async def find_category(connection: BaseDBAsyncClient, municipality_id: UUID, category_id: UUID) -> Mapping[str, Any]:
    """Return the category's channels and the municipality's language."""
    rows = await connection.execute_query_dict(OF_CATEGORY, [category_id, municipality_id])
    if not rows:
        raise NotFound("There is no such category in your municipality.", field="input.categoryId")
    return rows[0]


async def check_groups(connection: BaseDBAsyncClient, municipality_id: UUID, groups: Sequence[UUID]) -> None:
    """Refuse too many groups, and groups that are not the municipality's."""
    if len(groups) > MOST_GROUPS:
        raise BadInput(f"These are too many groups; choose at most {MOST_GROUPS}.", field="input.groupIds")
    if groups:
        found = (await connection.execute_query_dict(OF_GROUPS, [list(groups), municipality_id]))[0]["n"]
        if found < len(groups):
            raise NotFound("There is no such group in your municipality.", field="input.groupIds")


def refuse_sending_parts(new: NewCommunication) -> None:
    """A campaign sends nothing itself."""
    if new.channels:
        raise BadInput("A campaign has no channels of its own; leave them out.", field="input.channels")
    if new.contents:
        raise BadInput("A campaign has no contents of its own; leave them out.", field="input.contents")


def check_channels(channels: Sequence[Channel], allowed: Iterable[int]) -> None:
    """Refuse none, and what the category does not use."""
    if not channels:
        raise BadInput("Choose a channel at least.", field="input.channels")
    foreign = sorted(set(channels) - {Channel(number) for number in allowed})
    if foreign:
        names = ", ".join(channel.name for channel in foreign)
        raise BadInput(f"The category does not use {names}; choose among its channels.", field="input.channels")


async def keep_draft(
    connection: BaseDBAsyncClient, municipality_id: UUID, draft: Draft, *, made: UUID, now: datetime
) -> None:
    """Write the rows of a draft."""
    await Communication(
        id=made,
        municipality_id=municipality_id,
        campaign_id=draft.campaign_id,
        category_id=draft.category_id,
        kind=draft.kind,
        state=CommunicationState.DRAFT,
        title=draft.title,
        channels=[int(channel) for channel in draft.channels],
        created_at=now,
        modified_at=now,
    ).save(using_db=connection, force_create=True)
    await CommunicationContent.bulk_create(make_contents(made, draft.contents), using_db=connection)
    await CommunicationGroup.bulk_create(make_groups(made, draft.group_ids), using_db=connection)


def make_contents(communication_id: UUID, contents: Iterable[Content]) -> list[CommunicationContent]:
    """Make the rows of a communication's texts."""
    return [
        CommunicationContent(
            id=make_id(), communication_id=communication_id, locale=content.locale,
            **{rule.name: getattr(content, rule.name) for rule in RULES},
        )
        for content in contents
    ]  # fmt: skip


def make_groups(communication_id: UUID, groups: Iterable[UUID]) -> list[CommunicationGroup]:
    """Make the rows that say to whom a communication is addressed."""
    return [CommunicationGroup(id=make_id(), communication_id=communication_id, group_id=group) for group in groups]
