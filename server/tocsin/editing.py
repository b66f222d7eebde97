"""Changing and deleting what has not been sent. What is left out stays; the whole is checked as a new one would be.

Imports communications, contents, listing, errors, viewers and words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.audit import Action, note
from tocsin.communications import Draft, NewCommunication, check_communication, make_contents, make_groups
from tocsin.contents import RULES, Content
from tocsin.errors import Conflict, NotFound
from tocsin.identifiers import expose
from tocsin.listing import note_removal, touch_listing
from tocsin.records.communications import Communication, CommunicationContent, CommunicationGroup
from tocsin.transactions import in_transaction
from tocsin.viewers import Viewer
from tocsin.words import Channel, CommunicationState, Role

EDITABLE = (CommunicationState.DRAFT, CommunicationState.SCHEDULED)

FORGET_KEYS = "DELETE FROM idempotency_key WHERE municipality_id = $1 AND subject_id = $2"


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be changed; nothing where it stays."""

    title: str | None = None
    category_id: UUID | None = None
    group_ids: Sequence[UUID] | None = None
    channels: Sequence[Channel] | None = None
    contents: Sequence[Content] | None = None


async def update_communication(viewer: Viewer, communication_id: UUID, changes: Changes, *, now: datetime) -> None:
    """Write the changes; CONFLICT once it has been sent, BAD_INPUT or NOT_FOUND with the field that is wrong."""
    viewer.require(Role.OPERATOR)
    async with in_transaction() as connection:
        row = await lock_editable(connection, viewer.municipality_id, communication_id, EDITABLE)
        stored = await read_stored(connection, row)
        wanted = NewCommunication(
            title=stored.title if changes.title is None else changes.title,
            kind=stored.kind,
            category_id=changes.category_id or stored.category_id,
            group_ids=stored.group_ids if changes.group_ids is None else changes.group_ids,
            channels=stored.channels if changes.channels is None else changes.channels,
            contents=stored.contents if changes.contents is None else changes.contents,
        )
        draft = await check_communication(connection, viewer.municipality_id, wanted)
        await rewrite(connection, row, draft, now=now)
        subject = expose("communication", communication_id)
        await note(connection, viewer, Action.UPDATE_COMMUNICATION, subject_id=subject)
        await touch_listing(connection, [communication_id])


async def lock_editable(
    connection: BaseDBAsyncClient, municipality_id: UUID, communication_id: UUID, states: Sequence[CommunicationState]
) -> Communication:
    """Return the communication, locked; NOT_FOUND for another municipality's, CONFLICT in any other state."""
    row = await (
        Communication.filter(id=communication_id, municipality_id=municipality_id)
        .using_db(connection)
        .select_for_update(no_key=True)
        .first()
    )
    if row is None:
        raise NotFound("There is nothing with this id in your municipality; check the id.")
    if row.state not in states:
        raise Conflict("It has been sent or cancelled, so it stays as it is; make a new communication.", field="id")
    return row


async def read_stored(connection: BaseDBAsyncClient, row: Communication) -> NewCommunication:
    """Return the communication as it could be made anew."""
    contents = await CommunicationContent.filter(communication_id=row.id).using_db(connection).order_by("locale")
    groups = await CommunicationGroup.filter(communication_id=row.id).using_db(connection)
    values: dict[str, Any] = vars(row)
    return NewCommunication(
        title=row.title,
        kind=row.kind,
        category_id=values["category_id"],
        group_ids=[vars(group)["group_id"] for group in groups],
        channels=[Channel(number) for number in row.channels],
        contents=[Content(each.locale, **{rule.name: getattr(each, rule.name) for rule in RULES}) for each in contents],
    )


async def rewrite(connection: BaseDBAsyncClient, row: Communication, draft: Draft, *, now: datetime) -> None:
    """Put the checked draft in the place of what was kept."""
    row.title, row.channels, row.modified_at = draft.title, [int(channel) for channel in draft.channels], now
    row.update_from_dict({"category_id": draft.category_id})
    await row.save(using_db=connection, update_fields=["title", "category_id", "channels", "modified_at"])
    await CommunicationContent.filter(communication_id=row.id).using_db(connection).delete()
    await CommunicationGroup.filter(communication_id=row.id).using_db(connection).delete()
    await CommunicationContent.bulk_create(make_contents(row.id, draft.contents), using_db=connection)
    await CommunicationGroup.bulk_create(make_groups(row.id, draft.group_ids), using_db=connection)


async def delete_communication(viewer: Viewer, communication_id: UUID) -> None:
    """Delete a draft, and the keys that made it; CONFLICT for a campaign that still holds something."""
    viewer.require(Role.OPERATOR)
    async with in_transaction() as connection:
        row = await lock_editable(connection, viewer.municipality_id, communication_id, (CommunicationState.DRAFT,))
        if await Communication.filter(campaign_id=row.id).using_db(connection).exists():
            raise Conflict("This campaign still holds communications; delete those first.", field="id")
        campaign_id = vars(row)["campaign_id"]
        await connection.execute_query(FORGET_KEYS, [viewer.municipality_id, communication_id])
        await row.delete(using_db=connection)
        subject = expose("communication", communication_id)
        await note(connection, viewer, Action.DELETE_COMMUNICATION, subject_id=subject)
        await touch_listing(connection, [campaign_id] if campaign_id else [])
        await note_removal(connection, viewer.municipality_id)
