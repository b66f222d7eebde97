"""Planning a wave chunk by chunk, each a short transaction under the tally's lock. Imports attempts and assessment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved, complete, lock_tallies, reassess
from tocsin.attempts import Round, list_citizens, make_attempts
from tocsin.crashes import CrashPoint, crash
from tocsin.lanes import demand_lanes
from tocsin.records.communications import Communication, Wave
from tocsin.transactions import in_transaction
from tocsin.words import Channel, CommunicationState

CHUNK = 500
"""Few enough that reports about the same communication never wait long for its lock."""

Accounts = Mapping[Channel, str]


@dataclass(frozen=True, slots=True)
class Planned:
    """What one chunk did: the versions it moved, and whether the wave is planned to its end."""

    moved: Moved
    over: bool


async def plan_chunk(wave_id: UUID, accounts: Accounts, now: datetime, *, size: int = CHUNK) -> Planned:
    """Plan the deliveries of the wave's next citizens; where it stands is read under the lock, so that none comes twice."""
    communication_id = (await Wave.get(id=wave_id)).communication_id  # type: ignore[attr-defined]  # made by the relation
    async with in_transaction() as connection:
        await lock_tallies(connection, [communication_id])
        wave = await Wave.get(id=wave_id, using_db=connection)
        if wave.planned_at is not None:
            return Planned(Moved({}), over=True)
        communication = await Communication.get(id=communication_id, using_db=connection)
        round_ = Round(communication_id, wave_id, wave.kind, choose_ways(communication, accounts))
        # Once it has been stopped, nobody comes next. One more than the chunk tells whether this is the last one.
        living = communication.state is not CommunicationState.CANCELLED
        found = await list_citizens(connection, round_, wave.planned_until, limit=size + 1) if living else []
        made = await make_attempts(connection, round_, found[:size])
        over = len(found) <= size
        await note_progress(connection, wave, found[:size], planned_at=now if over else None)
        moved = await reassess(connection, made.recipients)
        if not made.recipients:
            moved = await complete(connection, [communication_id])
        await demand_lanes(connection, made.ways)
        crash(CrashPoint.CHUNK_WRITTEN)
        return Planned(moved, over=over)


def choose_ways(communication: Communication, accounts: Accounts) -> dict[Channel, str]:
    """Return the account of each channel that the communication uses and that has a carrier here."""
    used = [Channel(number) for number in communication.channels]
    return {channel: accounts[channel] for channel in used if channel in accounts}


async def note_progress(
    connection: BaseDBAsyncClient, wave: Wave, citizens: list[UUID], *, planned_at: datetime | None
) -> None:
    """Remember how far the wave is planned."""
    wave.planned_until = citizens[-1] if citizens else wave.planned_until
    wave.planned_at = planned_at
    await wave.save(using_db=connection, update_fields=["planned_until", "planned_at"])
