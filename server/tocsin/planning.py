"""Making a wave's deliveries, in chunks, each a short transaction under the tally's lock. Imports audience and assessment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from tocsin.assessment import Moved, complete, lock_tallies, reassess
from tocsin.audience import list_audience, list_points
from tocsin.due import Work, demand_work
from tocsin.folding import fold
from tocsin.identifiers import make_id
from tocsin.records.communications import Communication, Delivery, Recipient, Wave
from tocsin.records.work import Lane
from tocsin.words import Channel, CommunicationState, Handling, Locale, SkipReason

CHUNK = 2_000

Accounts = Mapping[Channel, str]
Point = Mapping[str, Any]


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
        communication = await Communication.get(id=communication_id, using_db=connection)
        if wave.planned_at is not None:
            return Planned(Moved({}), over=True)
        # One more than the chunk tells whether this is the last one, which then ends with rows of its own.
        found = await list_next(connection, communication, wave, size + 1)
        people, over = found[:size], len(found) <= size
        recipients, deliveries = await make_rows(
            connection, wave, people, communication=communication, accounts=accounts
        )
        await Recipient.bulk_create(recipients, using_db=connection)
        await Delivery.bulk_create(deliveries, using_db=connection)
        await note_progress(connection, wave, people, over=over, now=now)
        await demand_lanes(connection, deliveries)
        moved = await reassess(connection, [recipient.id for recipient in recipients])
        if not recipients:
            moved = await complete(connection, [communication_id])
        return Planned(moved, over=over)


async def list_next(
    connection: BaseDBAsyncClient, communication: Communication, wave: Wave, size: int
) -> list[dict[str, Any]]:
    """Return the wave's next citizens; none once the communication has been stopped."""
    if communication.state is not CommunicationState.IN_PROGRESS:
        return []
    return await list_audience(connection, communication.id, wave.planned_until, limit=size)


async def make_rows(
    connection: BaseDBAsyncClient,
    wave: Wave,
    people: Sequence[Mapping[str, Any]],
    *,
    communication: Communication,
    accounts: Accounts,
) -> tuple[list[Recipient], list[Delivery]]:
    """Make recipients with their names as they are now, and one delivery for each point and channel."""
    points = await list_points(connection, [person["id"] for person in people])
    channels = [Channel(number) for number in communication.channels]
    recipients, deliveries = [], []
    for person in people:
        mine = points.get(person["id"], [])
        recipient = make_recipient(communication.id, person, mine)
        recipients.append(recipient)
        deliveries += make_deliveries(wave, recipient, mine, channels=channels, accounts=accounts)
    return recipients, deliveries


def make_recipient(communication_id: UUID, person: Mapping[str, Any], points: Iterable[Point]) -> Recipient:
    """Make the row of the grid for a citizen; its outcome is assessed with its deliveries."""
    usable = [(point["address"], set(point["channels"])) for point in points]
    return Recipient(
        id=make_id(),
        communication_id=communication_id,
        citizen_id=person["id"],
        first_name=person["first_name"],
        last_name=person["last_name"],
        first_name_key=fold(person["first_name"])[:200],
        last_name_key=fold(person["last_name"])[:200],
        locale=Locale(person["locale"]),
        email=next((address for address, channels in usable if Channel.EMAIL in channels), None),
        phone=next((address for address, channels in usable if channels - {Channel.EMAIL}), None),
    )


def make_deliveries(
    wave: Wave, recipient: Recipient, points: Sequence[Point], *, channels: Sequence[Channel], accounts: Accounts
) -> list[Delivery]:
    """Make one delivery for each contact point and channel; what must not be used is there too, skipped with its reason."""
    planned = []
    for channel in channels:
        mine = [point for point in points if channel in point["channels"]]
        alive = any(not point["suppressed"] and channel not in point["dead_channels"] for point in mine)
        for point in mine:
            reason = choose_skip(point, channel, alive)
            planned.append(
                make_delivery(wave, recipient, point, channel=channel, account=accounts[channel], reason=reason)
            )
    return planned


def choose_skip(point: Point, channel: Channel, alive: bool) -> SkipReason | None:
    """Return why a point is left out: suppressed, or known dead while another one is alive."""
    if point["suppressed"]:
        return SkipReason.SUPPRESSED
    return SkipReason.DEAD_ADDRESS if alive and channel in point["dead_channels"] else None


def make_delivery(
    wave: Wave, recipient: Recipient, point: Point, *, channel: Channel, account: str, reason: SkipReason | None
) -> Delivery:
    return Delivery(
        id=make_id(),
        communication_id=recipient.communication_id,  # type: ignore[attr-defined]  # made by the relation
        wave_id=wave.id,
        recipient_id=recipient.id,
        contact_point_id=point["id"],
        channel=channel,
        account=account,
        address=point["address"],
        handling=Handling.SKIPPED if reason else Handling.PLANNED,
        skip_reason=reason,
    )


async def note_progress(
    connection: BaseDBAsyncClient, wave: Wave, people: Sequence[Mapping[str, Any]], *, over: bool, now: datetime
) -> None:
    """Remember how far the wave is planned."""
    if people:
        wave.planned_until = people[-1]["id"]
    wave.planned_at = now if over else None
    await wave.save(using_db=connection, update_fields=["planned_until", "planned_at"])


async def demand_lanes(connection: BaseDBAsyncClient, deliveries: Iterable[Delivery]) -> None:
    """Wake the lanes that these deliveries wait for."""
    for account, channel in sorted({(each.account, each.channel) for each in deliveries}):
        lane, _ = await Lane.get_or_create(
            account=account, channel=channel, defaults={"id": make_id()}, using_db=connection
        )
        await demand_work(connection, Work.LANE, lane.id)
