"""What is known of a lane between shifts: its rate, whether it rests or is paused. Imports records, due and settings."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.database import get_database
from tocsin.due import Work, demand_work
from tocsin.identifiers import make_id
from tocsin.settings import Settings
from tocsin.words import Channel

RATES: Mapping[Channel, Callable[[Settings], float]] = {
    Channel.CALL: lambda settings: settings.twilio_calls_per_second,
    Channel.SMS: lambda settings: settings.twilio_messages_per_second,
    Channel.EMAIL: lambda settings: settings.ses_messages_per_second,
}
"""The account's rate a second."""

RECOVERY_SECONDS = 60.0
SLOWEST = 1 / 64
"""The part of the account's rate below which no refusal slows a lane."""

STAND = """
SELECT id, account, channel, paused_at IS NOT NULL AS paused, refusals, slowed_to,
  GREATEST(extract(epoch FROM next_at - clock_timestamp()), 0)::float8 AS wait,
  extract(epoch FROM clock_timestamp() - slowed_at)::float8 AS slowed_for
FROM lane WHERE id = $1"""

# `now()` is the transaction's own instant: where it comes back, the pause is new.
PAUSE = """
UPDATE lane SET paused_at = coalesce(paused_at, now()), reason = $2, next_at = now() + $3 * interval '1 second'
WHERE id = $1 RETURNING paused_at = now() AS fresh"""

END_PAUSE = """
UPDATE lane SET paused_at = NULL, reason = NULL, next_at = NULL, refusals = 0 WHERE id = $1 AND paused_at IS NOT NULL
RETURNING id"""

REST = """
UPDATE lane SET refusals = LEAST(refusals + 1, 30000), next_at = now() + $2 * interval '1 second', slowed_at = now(),
  slowed_to = $3 WHERE id = $1 RETURNING id"""

HOLD_BACK = "UPDATE lane SET next_at = now() + $2 * interval '1 second' WHERE id = $1 RETURNING id"
FORGIVE = "UPDATE lane SET refusals = 0 WHERE id = $1 RETURNING id"

RESUME = """
UPDATE lane SET paused_at = NULL, reason = NULL, next_at = NULL, refusals = 0, slowed_at = NULL, slowed_to = NULL
FROM (SELECT id, paused_at IS NOT NULL AS paused FROM lane WHERE channel = $1 FOR NO KEY UPDATE) before
WHERE lane.id = before.id RETURNING lane.id, before.paused"""


@dataclass(frozen=True, slots=True)
class LaneState:
    """A lane at the beginning of a shift. `wait`: seconds in which nothing may be handed over yet."""

    id: UUID
    account: str
    channel: Channel
    paused: bool
    refusals: int
    slowed_to: float | None
    wait: float
    slowed_for: float | None


def recover(full: float, slowed_to: float | None, slowed_for: float | None) -> float:
    """Return the rate a second of a lane that was slowed some seconds ago: it comes back steadily within a minute."""
    if slowed_to is None or slowed_for is None or slowed_to >= full:
        return full
    return slowed_to + (full - slowed_to) * min(max(slowed_for, 0.0) / RECOVERY_SECONDS, 1.0)


def slow_down(full: float, rate: float) -> float:
    """Return half the rate, but never less than a small part of the account's."""
    return max(rate / 2, full * SLOWEST)


async def read_lane(lane_id: UUID) -> LaneState:
    """Return where a lane stands by the database's clock."""
    [row] = await get_database().execute_query_dict(STAND, [lane_id])
    return LaneState(**{**row, "channel": Channel(row["channel"])})


async def pause_lane(lane_id: UUID, reason: str, seconds: float) -> bool:
    """Pause a lane whose account is refused, to be tried again after some seconds; true where it was not paused before."""
    rows = await get_database().execute_query_dict(PAUSE, [lane_id, reason[:200], seconds])
    return bool(rows and rows[0]["fresh"])


async def end_pause(lane_id: UUID) -> bool:
    """Note that the account is accepted; false where the lane was not paused."""
    return bool(await get_database().execute_query_dict(END_PAUSE, [lane_id]))


async def rest_lane(lane_id: UUID, seconds: float, slowed_to: float) -> None:
    """Let a lane rest, since the carrier asked for it, and go on more slowly."""
    await get_database().execute_query_dict(REST, [lane_id, seconds, slowed_to])


async def hold_back(lane_id: UUID, seconds: float) -> None:
    """Keep the pace across shifts: nothing is handed over for that long."""
    await get_database().execute_query_dict(HOLD_BACK, [lane_id, seconds])


async def forgive_lane(lane_id: UUID) -> None:
    """Forget how often the carrier refused: it takes deliveries again."""
    await get_database().execute_query_dict(FORGIVE, [lane_id])


async def demand_lanes(connection: BaseDBAsyncClient, wanted: Iterable[tuple[str, Channel]]) -> None:
    """Ask in the caller's transaction for work on the lanes of these accounts and channels, made where they are new.

    Call it last: due rows come after everything else in the order of locks.
    """
    for account, channel in sorted(set(wanted)):
        await demand_work(connection, Work.LANE, await find_or_make(connection, account, channel))


async def find_or_make(connection: BaseDBAsyncClient, account: str, channel: Channel) -> UUID:
    found = "SELECT id FROM lane WHERE account = $1 AND channel = $2"
    rows = await connection.execute_query_dict(found, [account, channel])
    if not rows:
        # Not DO UPDATE, which would lock the lane while the caller goes on.
        await connection.execute_query_dict(
            "INSERT INTO lane (id, account, channel, refusals) VALUES ($3, $1, $2, 0)"
            " ON CONFLICT (account, channel) DO NOTHING RETURNING id",
            [account, channel, make_id()],
        )
        rows = await connection.execute_query_dict(found, [account, channel])
    return UUID(str(rows[0]["id"]))


async def resume_lanes(connection: BaseDBAsyncClient, channel: Channel) -> list[bool]:
    """End every pause and rest of a channel's lanes and ask for work on them at once; tell of each whether it was paused."""
    rows = await connection.execute_query_dict(RESUME, [channel])
    for row in rows:
        await demand_work(connection, Work.LANE, row["id"])
    return [row["paused"] for row in rows]
