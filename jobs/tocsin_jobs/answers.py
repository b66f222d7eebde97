"""Making a carrier's answer to a hand-over a fact, whatever it is. Imports handover and the shift.

The answer is known here alone: it is written however long the database is away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import structlog
from tortoise.exceptions import DBConnectionError

from tocsin import lost
from tocsin.consents import keep_consents, list_senders
from tocsin.database import CONTENDED, UNREACHABLE
from tocsin.errors import Unavailable
from tocsin.events import Answer, HandOver, Verdict
from tocsin.handover import give_back
from tocsin.lanes import end_pause, forgive_lane
from tocsin_jobs.shift import Shift, Trouble
from tocsin_jobs.standing import look_while_it_moves

LOST_IN_A_ROW = 5
"""So many answers lost one after another are no accident but an outage of the carrier."""

PASSING = (*UNREACHABLE, *CONTENDED, DBConnectionError, Unavailable)

Written = TypeVar("Written")

log = structlog.get_logger(__name__)


async def insist(write: Callable[[], Awaitable[Written]]) -> Written:
    """Write, and try again every second while the database is away or busy."""
    while True:
        try:
            return await write()
        except PASSING as error:
            log.warning("answer waits", error=type(error).__name__)
        await asyncio.sleep(1.0)


async def write_answer(shift: Shift, hand_over: HandOver, answer: Answer) -> None:
    """Write down what the carrier said, and what follows from it for the lane."""
    await WRITERS[answer.verdict](shift, hand_over, answer)


async def keep_event(shift: Shift, hand_over: HandOver, answer: Answer) -> None:
    """Put the answer into the ledger. The account works, so that a pause ends and refusals are forgotten."""
    event = answer.event
    assert event is not None, "the verdict says that there is one"
    await insist(lambda: shift.shop.writer.keep([event]))
    if answer.consents:
        senders = list_senders(shift.shop.settings)
        shift.shop.announce(await insist(lambda: keep_consents(answer.consents, senders)))
    shift.lost = 0
    if shift.paused:
        shift.paused = False
        await insist(lambda: end_pause(shift.lane.id))
        log.info("lane works again", channel=shift.lane.channel.name)
    if shift.refusals:
        shift.refusals = 0
        await insist(lambda: forgive_lane(shift.lane.id))
    await insist(lambda: look_while_it_moves(shift))


async def note_lost(shift: Shift, hand_over: HandOver, answer: Answer) -> None:
    """Leave it open whether the carrier has it: it is asked later. An outage must not use up what is planned, so the lane rests."""
    await insist(lambda: lost.note_lost(hand_over.delivery_id, shift.lease.fence))
    log.warning("answer lost", delivery=hand_over.public_id, reason=answer.reason)
    shift.lost += 1
    if shift.paused or shift.lost >= LOST_IN_A_ROW:
        shift.meet(Trouble(reason=answer.reason))


async def note_delay(shift: Shift, hand_over: HandOver, answer: Answer) -> None:
    """Plan the delivery again: the carrier did not process it, and wants to be left alone for a while."""
    shift.meet(Trouble(retry_after=answer.retry_after or 0.0, reason=answer.reason))
    await return_delivery(shift, hand_over)


async def note_refusal(shift: Shift, hand_over: HandOver, answer: Answer) -> None:
    """Plan the delivery again: nobody's number is to blame, and the lane has to pause."""
    shift.meet(Trouble(refused=True, reason=answer.reason))
    await return_delivery(shift, hand_over)


async def return_delivery(shift: Shift, hand_over: HandOver) -> None:
    """Plan a delivery again that is still ours by its fence."""
    keys, fence = [hand_over.delivery_id], shift.lease.fence
    shift.shop.announce(await insist(lambda: give_back(keys, fence=fence)))


WRITERS: Mapping[Verdict, Callable[[Shift, HandOver, Answer], Awaitable[None]]] = {
    Verdict.ANSWERED: keep_event,
    Verdict.UNKNOWN: note_lost,
    Verdict.TRY_AGAIN: note_delay,
    Verdict.ACCOUNT_REFUSED: note_refusal,
}
