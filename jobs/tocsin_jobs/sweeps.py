"""What is looked after every second: silence that expires, parked reports, hand-overs left behind. Imports tocsin."""

from tocsin.errors import Unavailable
from tocsin.expiry import expire_deliveries, measure_uncertainty
from tocsin.handover import settle_orphans
from tocsin.parking import free_parked, take_parked
from tocsin_jobs.workshop import Workshop


async def sweep(shop: Workshop) -> None:
    """Run every sweep once; each may run in several processes at a time."""
    shop.announce(await expire_deliveries())
    shop.announce(await settle_orphans(measure_uncertainty(shop.settings)))
    await retry_parked(shop)


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
