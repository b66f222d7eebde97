"""Running one turn at a lane: what is planned is taken at the account's pace and handed over. Imports handover, answers.

Nothing waits between the moment a delivery is taken and its request, and whoever has slept past his lease sends nothing.
"""

import asyncio

import structlog

from tocsin.crashes import CrashPoint, crash
from tocsin.database import CONTENDED, UNREACHABLE
from tocsin.due import LEASE_SECONDS, renew_lease
from tocsin.events import HandOver
from tocsin.handover import Taken, take_deliveries
from tocsin.identifiers import expose
from tocsin.tracing import span
from tocsin.turns import Turns
from tocsin.verification_words import put_into_words
from tocsin.waiting import Waiting
from tocsin_jobs.answers import return_delivery, write_answer
from tocsin_jobs.shift import Ending, Shift

IDLE_SECONDS = 1.0

log = structlog.get_logger(__name__)


async def run_shift(shift: Shift) -> Ending:
    """Work until something ends the turn, then wait for what is under way."""
    try:
        ending = None
        while ending is None:
            ending = await find_ending(shift) or await take_turn(shift)
    finally:
        await finish(shift)
    return Ending.TROUBLE if shift.trouble is not None and ending is not Ending.LOST else ending


async def find_ending(shift: Shift) -> Ending | None:
    """Return why no more may be taken, if so."""
    reap(shift)
    if shift.trouble is not None:
        return Ending.TROUBLE
    if shift.shop.stopping.is_set() or shift.shop.measure_time() >= shift.ends_at:
        return Ending.OVER
    return None if await keep_lease(shift) else Ending.LOST


async def keep_lease(shift: Shift) -> bool:
    """Renew the lease in time; false once it is lost. Its end is reckoned from before the request, never from after."""
    now = shift.shop.measure_time()
    if now < shift.renew_at:
        return True
    try:
        kept = await renew_lease(shift.lease)
    except (*CONTENDED, *UNREACHABLE):
        return now < shift.good_until
    if kept:
        shift.good_until, shift.renew_at = now + LEASE_SECONDS, now + LEASE_SECONDS / 3
    else:
        log.warning("lane lost", channel=shift.lane.channel.name)
    return kept


async def take_turn(shift: Shift) -> Ending | None:
    """Take and begin to hand over as many as pace and places allow; return why there is nothing more to do, if so."""
    now = shift.shop.measure_time()
    number = min(shift.places, shift.pace.count_ready(now))
    if number <= 0:
        await wait(shift, shift.pace.delay(now) if shift.places > 0 else IDLE_SECONDS)
        return None
    taken = await take(shift, number)
    for hand_over in taken.hand_overs:
        crash(CrashPoint.TAKEN)
        shift.busy.add(asyncio.create_task(hand_out(shift, hand_over)))
    shift.pace.spend(len(taken.hand_overs), now)
    if taken.waiting is not Waiting.READY and not shift.busy:
        return Ending.DRY if taken.waiting is Waiting.NOTHING else Ending.BLOCKED
    if not taken.touched:
        # Somebody else was quicker, or the lease is gone: the next look at it tells.
        shift.renew_at = now
        await wait(shift, IDLE_SECONDS)
    return None


async def take(shift: Shift, number: int) -> Taken:
    """Take deliveries, and tell of what that moved; nothing where somebody holds their communications for too long."""
    turns = shift.shop.turns.setdefault(shift.lane.id, Turns())
    try:
        taken = await take_deliveries(shift.lane, shift.lease, number, turns=turns)
    except CONTENDED as error:
        log.info("take contended", channel=shift.lane.channel.name, error=type(error).__name__)
        return Taken(Waiting.READY)
    shift.shop.announce(taken.moved)
    shift.stirred = shift.stirred or taken.stirred
    return taken


async def hand_out(shift: Shift, hand_over: HandOver) -> None:
    """Hand one delivery over and write down the answer."""
    if shift.shop.measure_time() >= shift.good_until:
        # Somebody else may hold the lane by now, so nothing leaves from here any more.
        await return_delivery(shift, hand_over)
        return
    worded = put_into_words(hand_over, shift.lane.channel, shift.shop.settings)
    with span("hand-over", channel=shift.lane.channel.name, delivery=expose("delivery", hand_over.delivery_id)):
        answer = await shift.provider.send(worded, shift.shop.tell_time())
    shift.shop.measures.handed.labels(shift.provider.name, answer.verdict.name).inc()
    crash(CrashPoint.ANSWERED)
    await write_answer(shift, hand_over, answer)
    crash(CrashPoint.ANSWER_KEPT)


async def wait(shift: Shift, seconds: float) -> None:
    """Wait until one of those under way is done, but not for long."""
    most = min(seconds, IDLE_SECONDS)
    if shift.busy:
        await asyncio.wait(shift.busy, timeout=most, return_when=asyncio.FIRST_COMPLETED)
    else:
        await asyncio.sleep(most)


async def finish(shift: Shift) -> None:
    """Wait for what is under way, and keep the lease meanwhile, so that the next turn begins with nothing open."""
    while any(not task.done() for task in shift.busy):
        await asyncio.wait(shift.busy, timeout=IDLE_SECONDS)
        await keep_lease(shift)
    reap(shift)


def reap(shift: Shift) -> None:
    """Let go of what is done; what went wrong in one ends the turn, is counted, and is tried again."""
    done = {task for task in shift.busy if task.done()}
    shift.busy -= done
    for error in [error for task in done if (error := task.exception()) is not None]:
        raise error
