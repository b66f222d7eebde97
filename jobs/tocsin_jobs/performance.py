"""What is done for each kind of due work, and what becomes of the row afterwards. Imports the jobs."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from uuid import UUID

import structlog

from tocsin.cancellation import list_withdrawable, skip_planned
from tocsin.crashes import CrashPoint, crash
from tocsin.due import Lease, Work, finish_work, postpone_work, renew_lease, take_work
from tocsin.planning import plan_chunk
from tocsin.reminders import measure_reminders, remind
from tocsin.sending import start_scheduled
from tocsin.tracing import begin_walk
from tocsin.verifications import plan_verification
from tocsin.words import Channel
from tocsin_jobs.calls import restart_call
from tocsin_jobs.exports import make_export
from tocsin_jobs.lanes import work_lane
from tocsin_jobs.workshop import Provider, Workshop

BACK_OFF = 2.0

log = structlog.get_logger(__name__)


async def plan_wave(shop: Workshop, lease: Lease) -> None:
    """Plan a wave chunk by chunk; whoever comes after a crash goes on where it stands."""
    over = False
    while not over:
        planned = await plan_chunk(lease.subject_id, shop.accounts, shop.tell_time())
        crash(CrashPoint.CHUNK_KEPT)
        shop.announce(planned.moved)
        over = planned.over
        if not over and not await renew_lease(lease):
            return
    await finish_work(lease)


async def start_communication(shop: Workshop, lease: Lease) -> None:
    """Begin what was scheduled."""
    await start_scheduled(lease.subject_id, measure_reminders(shop.settings))
    crash(CrashPoint.COMMUNICATION_STARTED)
    await finish_work(lease)


async def remind_citizens(shop: Workshop, lease: Lease) -> None:
    """Begin the wave of an automatic reminder."""
    moved = await remind(lease.subject_id)
    crash(CrashPoint.REMINDER_OPENED)
    shop.announce(moved)
    await finish_work(lease)


async def cancel_attempts(shop: Workshop, lease: Lease) -> None:
    """Mark what a cancelled communication had still planned, then take back what its carrier has not begun."""
    over = False
    while not over:
        skipped = await skip_planned(lease.subject_id)
        shop.announce(skipped.moved)
        over = skipped.over
        if not await renew_lease(lease):
            return
    caller = shop.providers.get(Channel.CALL)
    if caller is not None:
        await withdraw_calls(shop, lease, caller)
    await finish_work(lease)


async def withdraw_calls(shop: Workshop, lease: Lease, caller: Provider) -> None:
    """Ask the carrier to drop queued calls, at the account's pace; what has begun goes on, and its reports count."""
    for carrier_id in await list_withdrawable(lease.subject_id, caller.account):
        await caller.withdraw(carrier_id)
        await asyncio.sleep(1 / shop.settings.twilio_calls_per_second)
        if not await renew_lease(lease):
            return


async def send_verification(shop: Workshop, lease: Lease) -> None:
    """Plan a verification in the lane of its channel, where it goes before everything else."""
    await plan_verification(lease.subject_id, shop.accounts)
    await finish_work(lease)


PERFORMERS: dict[Work, Callable[[Workshop, Lease], Awaitable[None]]] = {
    Work.START: start_communication,
    Work.PLAN: plan_wave,
    Work.LANE: work_lane,
    Work.REMIND: remind_citizens,
    Work.CANCEL: cancel_attempts,
    Work.RESTART: restart_call,
    Work.EXPORT: make_export,
    Work.VERIFY: send_verification,
}


async def perform(shop: Workshop, due_id: UUID) -> None:
    """Do one piece of work if it can be taken; a failure puts it off and is counted."""
    lease = await take_work(due_id)
    if lease is None:
        return
    crash(CrashPoint.WORK_TAKEN)
    result = "done"
    with begin_walk("work", str(lease.id), kind=lease.kind.value), time_work(shop, lease):
        try:
            await PERFORMERS[lease.kind](shop, lease)
        except Exception as error:
            result = "failed"
            log.exception("work failed", kind=lease.kind.value)
            await postpone_work(lease, BACK_OFF, error=type(error).__name__)
    shop.measures.work.labels(lease.kind.value, result).inc()


def time_work(shop: Workshop, lease: Lease) -> AbstractContextManager[object]:
    timer: AbstractContextManager[object] = shop.measures.work_seconds.labels(lease.kind.value).time()
    return timer
