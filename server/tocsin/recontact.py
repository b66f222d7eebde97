"""Recontact: one immediate attempt to everybody not contacted, and what may stand in its way. Imports waves, pictures.

The tally's lock makes one of two at once the first; a partial unique index says the same to whoever forgets it.
"""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved, lock_tallies
from tocsin.audit import Action, note
from tocsin.errors import Conflict, NotAvailable, NotFound, NotSent
from tocsin.idempotency import claim_key
from tocsin.identifiers import expose, make_id
from tocsin.pictures import TallyPicture, read_tally
from tocsin.transactions import in_transaction
from tocsin.viewers import ORDER, Viewer
from tocsin.waves import open_wave, settle_waves_of
from tocsin.words import CommunicationKind, CommunicationState, Role, WaveKind

OWNED = "SELECT kind FROM communication WHERE id = $1 AND municipality_id = $2"
COUNT = "SELECT count(*) AS n FROM wave WHERE communication_id = $1 AND kind = 'RECONTACT'"


class RecontactBlocker(Enum):
    """Why a recontact can't begin."""

    NOT_SENT = "NOT_SENT"
    CAMPAIGN = "CAMPAIGN"
    CANCELLED = "CANCELLED"
    REMINDERS_PENDING = "REMINDERS_PENDING"
    RUNNING = "RUNNING"
    NOBODY_TO_RECONTACT = "NOBODY_TO_RECONTACT"
    FORBIDDEN = "FORBIDDEN"


SENTENCES = {
    RecontactBlocker.CAMPAIGN: "A campaign isn't recontacted itself; choose a communication that it holds.",
    RecontactBlocker.CANCELLED: "This communication was cancelled; send a new one.",
    RecontactBlocker.REMINDERS_PENDING: "The automatic attempts are not over yet; wait until they are.",
    RecontactBlocker.NOBODY_TO_RECONTACT: "Nobody is left who can be recontacted; check the citizens' contact points.",
}


@dataclass(frozen=True, slots=True)
class Started:
    """The wave of a recontact; `moved` is empty where the same key had started it before."""

    wave_id: UUID
    moved: Moved


def find_blocker(picture: TallyPicture, role: Role) -> RecontactBlocker | None:
    """Return the first thing in the way of a recontact; a picture exists only of what has been sent."""
    blockers = {
        RecontactBlocker.CAMPAIGN: picture.kind is CommunicationKind.CAMPAIGN,
        RecontactBlocker.CANCELLED: picture.state is CommunicationState.CANCELLED,
        RecontactBlocker.REMINDERS_PENDING: not picture.first_attempts_over,
        RecontactBlocker.RUNNING: picture.recontact_running,
        RecontactBlocker.NOBODY_TO_RECONTACT: picture.eligible == 0,
        RecontactBlocker.FORBIDDEN: ORDER.index(role) < ORDER.index(Role.OPERATOR),
    }
    return next((blocker for blocker, holds in blockers.items() if holds), None)


async def recontact_uncontacted(viewer: Viewer, communication_id: UUID, *, key: str) -> Started:
    """Begin a recontact; the same key returns its first wave. NOT_SENT, CONFLICT (who runs one) or NOT_AVAILABLE."""
    viewer.require(Role.OPERATOR)
    token = make_id()
    async with in_transaction() as connection:
        await check_owned(connection, viewer.municipality_id, communication_id)
        await lock_tallies(connection, [communication_id])
        first = await claim_key(
            connection, viewer.municipality_id, token, mutation="recontactUncontacted", key=key,
            arguments={"communication_id": communication_id.hex},
        )  # fmt: skip
        if first != token:
            return Started(first, Moved({}))
        await settle_waves_of(connection, [communication_id])
        picture = await check_available(connection, communication_id, viewer.role)
        number = (await connection.execute_query_dict(COUNT, [communication_id]))[0]["n"] + 1
        wave_id, moved = await open_wave(
            connection, communication_id, WaveKind.RECONTACT, number=number, targets=picture.eligible,
            started_by=viewer.name, key=token,
        )  # fmt: skip
        await note(
            connection, viewer, Action.RECONTACT, subject_id=expose("communication", communication_id),
            count=picture.eligible,
        )  # fmt: skip
        return Started(wave_id, moved)


async def check_owned(connection: BaseDBAsyncClient, municipality_id: UUID, communication_id: UUID) -> None:
    """Raise NOT_FOUND for another municipality's communication as for none."""
    rows = await connection.execute_query_dict(OWNED, [communication_id, municipality_id])
    if not rows:
        raise NotFound("There is nothing with this id in your municipality; check the id.")
    if rows[0]["kind"] == CommunicationKind.CAMPAIGN:
        refuse(RecontactBlocker.CAMPAIGN)


async def check_available(connection: BaseDBAsyncClient, communication_id: UUID, role: Role) -> TallyPicture:
    """Return the picture under the lock, in which nothing stands in the way; else raise what does."""
    picture = await read_tally(connection, communication_id)
    if picture is None:
        raise NotSent("It has not been sent yet; send it first.", blocker=RecontactBlocker.NOT_SENT.value)
    blocker = find_blocker(picture, role)
    if blocker is RecontactBlocker.RUNNING:
        raise Conflict(
            "A recontact is running already; wait for its results in the statistics.",
            startedBy=picture.last_recontact_by or "",
            startedAt=picture.last_recontact_at.isoformat() if picture.last_recontact_at else "",
            blocker=blocker.value,
        )
    if blocker is not None:
        refuse(blocker)
    return picture


def refuse(blocker: RecontactBlocker) -> None:
    raise NotAvailable(SENTENCES[blocker], blocker=blocker.value)
