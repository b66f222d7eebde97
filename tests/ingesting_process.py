"""A process of its own that ingests what it reads from a file: run by test_two_processes. Imports tocsin alone."""

import asyncio
import json
import sys
from pathlib import Path
from uuid import UUID

from tocsin.database import open_database
from tocsin.events import Event
from tocsin.expiry import measure_expiries
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.writer import Writer

AT_ONCE = 64


async def ingest(url: str, lines: list[str]) -> None:
    """Keep every event, so many at a time as a server would."""
    async with open_database(url):
        writer = Writer(measure_expiries(read_settings()), lambda moved: None)
        await writer.start()
        slots = asyncio.Semaphore(AT_ONCE)

        async def keep(line: str) -> None:
            stored = json.loads(line)
            delivery_id, status = UUID(stored["delivery_id"]), DeliveryStatus(stored["status"])
            async with slots:
                await writer.keep([Event(**{**stored, "delivery_id": delivery_id, "status": status})])

        await asyncio.gather(*(keep(line) for line in lines))
        await writer.stop()


if __name__ == "__main__":
    asyncio.run(ingest(sys.argv[1], Path(sys.argv[2]).read_text().splitlines()))
