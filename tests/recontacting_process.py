"""A process of its own that asks for the same recontact many times at once; prints what each asking came to as JSON."""

import asyncio
import json
import sys
from uuid import UUID

from tocsin.database import open_database
from tocsin.errors import TocsinError
from tocsin.recontact import recontact_uncontacted
from tocsin.records.people import Municipality
from tocsin.times import tell_time
from tocsin.viewers import Viewer
from tocsin.words import Locale, Role
from tocsin_server.journal import open_journal


async def main(url: str, communication: str, name: str, times: int) -> None:
    async with open_database(url):
        municipality = await Municipality.get()
        now = tell_time()
        viewer = Viewer(
            principal_id=municipality.id, municipality_id=municipality.id, subject=name, name=name, role=Role.OPERATOR,
            locale=Locale.FR, issued_at=now, expires_at=now,
        )  # fmt: skip
        asked = (ask(viewer, UUID(communication), f"{name}-{number % 5}") for number in range(times))
        sys.stdout.write(json.dumps(await asyncio.gather(*asked)))


async def ask(viewer: Viewer, communication_id: UUID, key: str) -> list[str]:
    try:
        started = await recontact_uncontacted(viewer, communication_id, key=key)
    except TocsinError as error:
        return [error.code, error.extensions.get("startedBy", "")]
    return ["wave", started.wave_id.hex, key]


if __name__ == "__main__":
    open_journal("warning")  # what is printed is JSON alone
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
