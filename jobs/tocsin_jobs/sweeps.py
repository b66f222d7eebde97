"""What is looked after every second: silence that expires, parked reports, hand-overs left behind, workbooks of yesterday."""

import structlog

from tocsin.crashes import CrashPoint, crash
from tocsin.errors import Unavailable
from tocsin.expiry import expire_deliveries
from tocsin.export_progress import remove_exports
from tocsin.lost import note_orphans
from tocsin.parking import free_parked, take_parked
from tocsin.retention import forget_beside, forget_chunk, list_forgettable
from tocsin.waves import settle_waves
from tocsin_jobs.workshop import Workshop

log = structlog.get_logger(__name__)


async def sweep(shop: Workshop) -> None:
    """Run every sweep once that needs the database alone; each may run in several processes at a time."""
    expired = await expire_deliveries()
    if expired.versions:
        crash(CrashPoint.DELIVERIES_EXPIRED)
    shop.announce(expired)
    orphans = await note_orphans()
    if orphans:
        log.warning("hand-overs were interrupted", deliveries=orphans)
    shop.announce(await settle_waves())
    await retry_parked(shop)
    await remove_exports()


async def retry_parked(shop: Workshop) -> None:
    """Offer parked reports to the ledger again; those that match a delivery now are parked no longer."""
    events = await take_parked()
    if not events:
        return
    try:
        await shop.writer.keep(events)
    except Unavailable:
        return
    await free_parked(events)


async def forget_persons(shop: Workshop) -> None:
    """Remove the persons of all that is older than the setting, in short transactions, until nothing is left or we stop."""
    days = shop.settings.tocsin_retention_days
    if days is None:
        return
    removed = 0
    for communication_id in await list_forgettable(days):
        over = False
        while not over and not shop.stopping.is_set():
            step = await forget_chunk(communication_id)
            shop.announce(step.moved)
            over, removed = step.over, removed + step.rows
    while not shop.stopping.is_set() and (more := await forget_beside(days)):
        removed += more
    if removed:
        log.info("persons removed", rows=removed)
