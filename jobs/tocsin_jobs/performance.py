"""What is done for each kind of due work, and what becomes of the row afterwards. Imports due, planning, lanes, sending."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from tocsin.due import Lease, Work, finish_work, postpone_work, renew_lease, take_work
from tocsin.planning import plan_chunk
from tocsin.sending import start_scheduled
from tocsin_jobs.lanes import work_lane
from tocsin_jobs.workshop import Workshop

BACK_OFF = 2.0

log = structlog.get_logger(__name__)


async def plan_wave(shop: Workshop, lease: Lease) -> None:
    """Plan a wave chunk by chunk; whoever comes after a crash goes on where it stands."""
    over = False
    while not over:
        planned = await plan_chunk(lease.subject_id, shop.accounts, shop.tell_time())
        shop.announce(planned.moved)
        over = planned.over
        if not over and not await renew_lease(lease):
            return
    await finish_work(lease)


async def start_communication(shop: Workshop, lease: Lease) -> None:
    """Begin what was scheduled."""
    await start_scheduled(lease.subject_id)
    await finish_work(lease)


PERFORMERS: dict[Work, Callable[[Workshop, Lease], Awaitable[None]]] = {
    Work.START: start_communication,
    Work.PLAN: plan_wave,
    Work.LANE: work_lane,
}


async def perform(shop: Workshop, due_id: UUID) -> None:
    """Do one piece of work if it can be taken; a failure puts it off and is counted."""
    lease = await take_work(due_id)
    if lease is None:
        return
    try:
        await PERFORMERS[lease.kind](shop, lease)
    except Exception as error:
        log.exception("work failed", kind=lease.kind.value, due=str(lease.id))
        await postpone_work(lease, BACK_OFF, error=type(error).__name__)
