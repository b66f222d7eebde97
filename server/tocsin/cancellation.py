"""Cancelling: what is scheduled is not sent; what runs hands nothing over any more, late reports still count.

The state changes at once, so that lanes pass over what is still planned; marking it is work in chunks. Imports due, waves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved, lock_tallies, reassess
from tocsin.audit import Action, note
from tocsin.database import get_database
from tocsin.due import Work, demand_work
from tocsin.errors import Conflict, NotFound
from tocsin.identifiers import expose
from tocsin.listing import touch_listing
from tocsin.reminders import drop_reminders
from tocsin.statuses import DeliveryStatus
from tocsin.transactions import in_transaction
from tocsin.viewers import Viewer
from tocsin.waves import step
from tocsin.words import Channel, CommunicationState, Handling, Role, SkipReason

CHUNK = 2_000
CANCELLABLE = (CommunicationState.SCHEDULED, CommunicationState.IN_PROGRESS, CommunicationState.FAILED)

STATE = "SELECT state FROM communication WHERE id = $1 AND municipality_id = $2 FOR NO KEY UPDATE"
CANCEL = "UPDATE communication SET state = 'CANCELLED', modified_at = clock_timestamp() WHERE id = $1"

SKIP = f"""
UPDATE delivery SET handling = {Handling.SKIPPED:d}, skip_reason = {SkipReason.CANCELLED:d} WHERE id IN (
  SELECT id FROM delivery WHERE communication_id = $1 AND handling = {Handling.PLANNED:d} LIMIT $2)
RETURNING recipient_id"""

QUEUED = (DeliveryStatus.CALL_QUEUED, DeliveryStatus.CALL_STARTED, DeliveryStatus.CALL_RINGING)
"""Calls that a carrier can still be asked to drop."""

WITHDRAWABLE = f"""
SELECT carrier_id FROM delivery WHERE communication_id = $1 AND channel = {Channel.CALL:d} AND account = $2
  AND handling = {Handling.TAKEN:d} AND status IN ({", ".join(str(int(status)) for status in QUEUED)})
  AND ended_at IS NULL AND NOT expired AND carrier_id IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class Skipped:
    """What one chunk moved, and whether nothing is planned any more."""

    moved: Moved
    over: bool


async def cancel_communication(viewer: Viewer, communication_id: UUID) -> Moved:
    """Cancel what is scheduled or running; CONFLICT for what is not, NOT_FOUND for another municipality's."""
    viewer.require(Role.OPERATOR)
    async with in_transaction() as connection:
        await lock_tallies(connection, [communication_id])
        rows = await connection.execute_query_dict(STATE, [communication_id, viewer.municipality_id])
        if not rows:
            raise NotFound("There is nothing with this id in your municipality; check the id.")
        state = CommunicationState(rows[0]["state"])
        if state not in CANCELLABLE:
            raise Conflict("It is neither scheduled nor in progress; choose what is.", field="id")
        await connection.execute_query(CANCEL, [communication_id])
        moved = Moved({}) if state is CommunicationState.SCHEDULED else await stop(connection, communication_id)
        await note(connection, viewer, Action.CANCEL, subject_id=expose("communication", communication_id))
        listings = await touch_listing(connection, [communication_id])
        return Moved(moved.versions, (), list(listings))


async def stop(connection: BaseDBAsyncClient, communication_id: UUID) -> Moved:
    """Give up what is to come, and ask for the work that marks it."""
    await drop_reminders(connection, communication_id)
    await demand_work(connection, Work.CANCEL, communication_id)
    return await step(connection, [communication_id])


async def skip_planned(communication_id: UUID, *, size: int = CHUNK) -> Skipped:
    """Mark the next planned deliveries of a cancelled communication as skipped."""
    async with in_transaction() as connection:
        await lock_tallies(connection, [communication_id])
        rows = await connection.execute_query_dict(SKIP, [communication_id, size])
        moved = await reassess(connection, [row["recipient_id"] for row in rows])
        return Skipped(moved, over=len(rows) < size)


async def list_withdrawable(communication_id: UUID, account: str) -> Sequence[str]:
    """Return the carrier's ids of calls that may still be queued there."""
    rows = await get_database().execute_query_dict(WITHDRAWABLE, [communication_id, account])
    return [row["carrier_id"] for row in rows]
