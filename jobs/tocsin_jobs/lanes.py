"""A lane: one account on one channel, worked by whoever holds its lease. Imports lanes, standing and dispatch."""

from collections.abc import Awaitable, Callable, Mapping

import structlog

from tocsin.due import Lease, finish_work, postpone_work
from tocsin.lanes import RATES, LaneState, hold_back, pause_lane, read_lane, rest_lane, slow_down
from tocsin_jobs.dispatch import run_shift
from tocsin_jobs.pacing import Pace
from tocsin_jobs.shift import Ending, Shift
from tocsin_jobs.standing import look_for_standstill
from tocsin_jobs.workshop import Provider, Workshop

SHIFT_SECONDS = 300.0
SHORT_WAIT = 1.0
LOOK_AGAIN_SECONDS = 2.0
"""How soon a lane looks again whether a call to a number has ended: at most that long does the next one wait for it."""

FIRST_REST, LONGEST_REST = 2.0, 60.0
NO_CARRIER = "no carrier is set up for this account and channel"

log = structlog.get_logger(__name__)


async def work_lane(shop: Workshop, lease: Lease) -> None:
    """Hand over what the lane's deliveries plan, at the account's pace."""
    lane = await read_lane(lease.subject_id)
    provider = shop.providers.get(lane.channel)
    if lane.wait > SHORT_WAIT:
        await postpone_work(lease, lane.wait)
    elif provider is None or provider.account != lane.account:
        await pause(shop, lane, lease, reason=NO_CARRIER)
    else:
        shift = open_shift(shop, lease, lane, provider)
        await CONCLUSIONS[await run_shift(shift)](shift)


def open_shift(shop: Workshop, lease: Lease, lane: LaneState, provider: Provider) -> Shift:
    """Begin a turn where the last one left off."""
    now = shop.measure_time()
    rate = RATES[lane.channel](shop.settings)
    pace = Pace(rate, now, wait=lane.wait, slowed_to=lane.slowed_to, slowed_for=lane.slowed_for)
    return Shift(shop, lane, lease, provider, pace, now + SHIFT_SECONDS, lane.paused, lane.refusals)


async def pause(shop: Workshop, lane: LaneState, lease: Lease, *, reason: str) -> None:
    """Say loudly, once, that an account is refused; one delivery tries again after a while."""
    seconds = shop.settings.lane_pause_seconds
    if await pause_lane(lane.id, reason, seconds):
        log.error("lane paused", channel=lane.channel.name, account=lane.account, reason=reason)
    await look_for_standstill(shop)
    await postpone_work(lease, seconds)


async def pass_on(shift: Shift, seconds: float | None) -> None:
    """Leave the lane so that the next turn, after some seconds or when it is asked for, keeps its pace."""
    delay = shift.pace.delay(shift.shop.measure_time())
    if delay > 0:
        await hold_back(shift.lane.id, delay)
    if shift.lane.paused or shift.stirred:
        await look_for_standstill(shift.shop)
    if seconds is None:
        await finish_work(shift.lease)
    else:
        await postpone_work(shift.lease, seconds)


async def end_dry(shift: Shift) -> None:
    """Strike the work off: whoever plans something asks for it again."""
    await pass_on(shift, None)


async def end_blocked(shift: Shift) -> None:
    """Come back soon: the end of a call asks for nothing by itself."""
    await pass_on(shift, LOOK_AGAIN_SECONDS)


async def end_over(shift: Shift) -> None:
    """Let somebody else have a turn."""
    await pass_on(shift, 0)


async def end_lost(shift: Shift) -> None:
    """Leave everything to whoever holds the lane now."""


async def end_in_trouble(shift: Shift) -> None:
    """Pause a lane whose account is refused; let another one rest for as long as the carrier asks, or longer each time."""
    trouble, shop, lane = shift.trouble, shift.shop, shift.lane
    assert trouble is not None, "that is why it ended"
    if trouble.refused:
        await pause(shop, lane, shift.lease, reason=trouble.reason or "refused")
        return
    rest = max(trouble.retry_after, 1.0) if trouble.retry_after else choose_rest(shift.refusals)
    if shift.paused:
        rest = max(rest, shop.settings.lane_pause_seconds)
    rate = shift.pace.rate(shop.measure_time())
    await rest_lane(lane.id, rest, slow_down(RATES[lane.channel](shop.settings), rate))
    log.warning("lane rests", channel=lane.channel.name, seconds=round(rest, 1), reason=trouble.reason)
    if lane.paused or shift.stirred:
        await look_for_standstill(shop)
    await postpone_work(shift.lease, rest)


def choose_rest(refusals: int) -> float:
    """Return the seconds to rest after so many refusals in a row: twice as many each time, at most a minute."""
    return min(FIRST_REST * 2.0 ** min(refusals, 10), LONGEST_REST)


CONCLUSIONS: Mapping[Ending, Callable[[Shift], Awaitable[None]]] = {
    Ending.DRY: end_dry,
    Ending.BLOCKED: end_blocked,
    Ending.OVER: end_over,
    Ending.LOST: end_lost,
    Ending.TROUBLE: end_in_trouble,
}
