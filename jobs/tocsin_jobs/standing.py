"""Telling which communications have failed for a paused lane, and which have not after all. Imports standstill."""

import structlog

from tocsin.identifiers import expose
from tocsin.standstill import judge_standstill
from tocsin.words import CommunicationState
from tocsin_jobs.shift import Shift
from tocsin_jobs.workshop import Workshop

LOOK_SECONDS = 2.0

log = structlog.get_logger(__name__)


async def look_for_standstill(shop: Workshop) -> None:
    """Give every communication the state that it deserves, and say so."""
    moved, changes = await judge_standstill(shop.settings.lane_failure_seconds)
    shop.announce(moved)
    for key, state in changes.items():
        tell = log.error if state is CommunicationState.FAILED else log.info
        tell("communication stands", communication=expose("communication", key), state=state.value)


async def look_while_it_moves(shift: Shift) -> None:
    """Look now and then, while what counted as failed is being handed over."""
    now = shift.shop.measure_time()
    if shift.stirred and now >= shift.look_at:
        shift.look_at = now + LOOK_SECONDS
        await look_for_standstill(shift.shop)
