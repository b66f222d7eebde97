"""The work on an export: a child writes it, a failure tries again, and what fails three times is given up. Imports exporter."""

from uuid import UUID

import structlog

from tocsin.assessment import Moved
from tocsin.due import Lease, finish_work, postpone_work, renew_lease
from tocsin.export_progress import begin_export, fail_export
from tocsin_jobs.exporter import SUPERSEDED, Exporter
from tocsin_jobs.workshop import Workshop

ATTEMPTS = 3
BUSY_SECONDS = 1.0
BACK_OFF = 1.0

log = structlog.get_logger(__name__)


async def make_export(shop: Workshop, lease: Lease) -> None:
    """Make a workbook, if a place is free here; otherwise it waits, for us or for another process."""
    if not find_exporter(shop).reserve():
        await postpone_work(lease, BUSY_SECONDS)
        return
    try:
        await try_export(shop, lease)
    finally:
        find_exporter(shop).release()


async def try_export(shop: Workshop, lease: Lease) -> None:
    """Make one attempt, unless the workbook is finished, or removed."""
    begun = await begin_export(lease.subject_id, lease.fence)
    if begun is None:
        await finish_work(lease)
        return
    announce(shop, lease.subject_id, begun.version)
    if begun.attempts > ATTEMPTS:
        await give_up(shop, lease)
        return

    code = await run_child(shop, lease)
    if code in (0, SUPERSEDED):
        await finish_work(lease)
    elif find_exporter(shop).stopped:
        await postpone_work(lease, 0)
    elif begun.attempts >= ATTEMPTS:
        await give_up(shop, lease)
    else:
        log.warning("export tried again", export=str(lease.subject_id), code=code)
        await postpone_work(lease, BACK_OFF, error=f"its process ended with {code}")


async def run_child(shop: Workshop, lease: Lease) -> int | None:
    """Return the exit code of the child that writes; nothing where none could be started, or its files not be made."""

    async def keep() -> bool:
        return await renew_lease(lease)

    def tell(version: int) -> None:
        announce(shop, lease.subject_id, version)

    try:
        return await find_exporter(shop).write(lease.subject_id, lease.fence, keep=keep, tell=tell)
    except OSError as error:
        log.error("export: no process or no files", reason=error.strerror)
        return None


async def give_up(shop: Workshop, lease: Lease) -> None:
    """Say that there will be no workbook; whoever wants it asks again."""
    log.error("export failed", export=str(lease.subject_id))
    version = await fail_export(lease.subject_id, lease.fence)
    if version is not None:
        announce(shop, lease.subject_id, version)
    await finish_work(lease)


def find_exporter(shop: Workshop) -> Exporter:
    assert shop.exporter is not None, "whoever takes this work writes workbooks"
    return shop.exporter


def announce(shop: Workshop, export_id: UUID, version: int) -> None:
    shop.announce(Moved({}, exports={export_id: version}))
