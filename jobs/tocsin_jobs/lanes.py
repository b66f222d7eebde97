"""A lane: one account on one channel, worked by whoever holds its lease. Imports handover, due and the workshop."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from tocsin.due import LEASE_SECONDS, Lease, finish_work, postpone_work, renew_lease
from tocsin.errors import Unavailable
from tocsin.events import Answer, Event, HandOver, Verdict
from tocsin.expiry import measure_uncertainty
from tocsin.handover import give_back, take_deliveries
from tocsin.records.work import Lane
from tocsin.words import Handling
from tocsin_jobs.pacing import Pace
from tocsin_jobs.workshop import Provider, Workshop

SHIFT_SECONDS = 60.0
PAUSE_SECONDS = 60.0
RETRY_SECONDS = 2.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Shift:
    """One turn at a lane: it ends when nothing is planned, the lease is lost, the carrier says stop, or a minute is over."""

    shop: Workshop
    lane: Lane
    lease: Lease
    provider: Provider
    pace: Pace
    ends_at: float
    renewed_at: float
    rest: float | None = None
    busy: set["asyncio.Task[None]"] = field(default_factory=set)


async def work_lane(shop: Workshop, lease: Lease) -> None:
    """Hand over what the lane's deliveries plan, at the account's pace."""
    lane = await Lane.get(id=lease.subject_id)
    provider = shop.providers.get(lane.channel)
    if provider is None or provider.account != lane.account:
        await postpone_work(lease, PAUSE_SECONDS, error="no carrier is set up for this account and channel")
        return
    begun = asyncio.get_running_loop().time()
    pace = Pace(shop.settings.twilio_messages_per_second)
    shift = Shift(shop, lane, lease, provider, pace, begun + SHIFT_SECONDS, begun)
    dry = await run_shift(shift)
    if dry and shift.rest is None:
        await finish_work(lease)
    else:
        await postpone_work(lease, shift.rest or 0)


async def run_shift(shift: Shift) -> bool:
    """Return whether the lane has run dry."""
    try:
        while shift.rest is None and await keep_lease(shift):
            taken = await take_deliveries(
                shift.lane, shift.lease, shift.shop.settings.lane_concurrency - len(shift.busy)
            )
            shift.shop.announce(taken.moved)
            if not taken.found and not shift.busy:
                return True
            for hand_over in taken.hand_overs:
                task = asyncio.create_task(hand_out(shift, hand_over))
                shift.busy.add(task)
                task.add_done_callback(shift.busy.discard)
            if shift.busy:
                done, _ = await asyncio.wait(shift.busy, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # what went wrong in one ends the shift, is counted, and is tried again
    finally:
        await asyncio.gather(*shift.busy)
    return False


async def keep_lease(shift: Shift) -> bool:
    """Renew in time; false once the lease is lost or the shift is over."""
    now = asyncio.get_running_loop().time()
    if now >= shift.ends_at:
        return False
    if now - shift.renewed_at > LEASE_SECONDS / 3:
        if not await renew_lease(shift.lease):
            log.warning("lane lost", channel=shift.lane.channel.name)
            return False
        shift.renewed_at = now
    return True


async def hand_out(shift: Shift, hand_over: HandOver) -> None:
    """Hand one delivery over and write down the answer."""
    await shift.pace.wait()
    if asyncio.get_running_loop().time() - shift.renewed_at > LEASE_SECONDS:
        # Frozen past the lease: somebody else may hold the lane, so nothing leaves from here any more.
        return
    answer = await shift.provider.send(hand_over, shift.shop.tell_time())
    await write_answer(shift, hand_over, answer)


async def write_answer(shift: Shift, hand_over: HandOver, answer: Answer) -> None:
    """Make the carrier's answer a fact."""
    if answer.verdict is Verdict.ANSWERED and answer.event is not None:
        await keep_event(shift.shop, answer.event)
        return
    if answer.verdict is Verdict.UNKNOWN:
        lasts = measure_uncertainty(shift.shop.settings)
        shift.shop.announce(await give_back([hand_over.delivery_id], Handling.UNCERTAIN, lasts=lasts))
        log.warning("answer lost", delivery=hand_over.public_id, reason=answer.reason)
        return
    shift.shop.announce(await give_back([hand_over.delivery_id], Handling.PLANNED))
    if answer.verdict is Verdict.ACCOUNT_REFUSED:
        shift.rest = PAUSE_SECONDS
        await note_pause(shift.lane, answer.reason, shift.shop)
    else:
        shift.rest = max(shift.rest or 0, answer.retry_after or RETRY_SECONDS)


async def note_pause(lane: Lane, reason: str | None, shop: Workshop) -> None:
    """Say loudly that an account is refused; the lane tries again every minute."""
    log.error("lane paused", channel=lane.channel.name, reason=reason)
    await Lane.filter(id=lane.id).update(paused_at=shop.tell_time(), reason=(reason or "refused")[:200])


async def keep_event(shop: Workshop, event: Event) -> None:
    """Keep a carrier's answer, however long the database is away: the answer is known here alone."""
    kept = False
    while not kept:
        with suppress(Unavailable):
            await shop.writer.keep([event])
            kept = True
        if not kept:
            await shop.rest(1.0)
