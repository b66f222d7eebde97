"""The webhook route in a process of its own, for ingest.py: `kept` writes to the database, `bare` forgets what it has read.

Several may keep in one database at once, as they would behind a load balancer.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.assessment import Moved
from tocsin.database import open_database
from tocsin.expiry import measure_expiries
from tocsin.settings import Settings, read_settings
from tocsin.writer import Writer
from tocsin_providers.twilio_messaging import TwilioMessaging
from tocsin_providers.webhook import Report
from tocsin_server.webhooks import Keep, Webhooks


async def forget(report: Report) -> None:
    """Keep nothing."""


def tell_nobody(moved: Moved) -> None:
    """Announce nothing: nobody watches."""


@asynccontextmanager
async def open_keep(settings: Settings, url: str) -> AsyncIterator[Keep]:
    if not url:
        yield forget
        return
    async with open_database(url):
        writer = Writer(measure_expiries(settings), tell_nobody)
        await writer.start()

        async def keep(report: Report) -> None:
            await writer.keep(report.events)

        yield keep
        await writer.stop()


class Server:
    """The route and nothing else."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._url = url
        self._route: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._route is not None:
            await self._route(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with open_keep(self._settings, self._url) as keep, httpx2.AsyncClient() as client:
            readers = TwilioMessaging(self._settings, client).readers()
            self._route = Webhooks(readers, keep, body_limit=self._settings.webhook_body_limit)
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def main() -> None:
    way, port, url = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    server = Server(read_settings(), url if way == "kept" else "")
    uvicorn.run(server, port=port, log_level="warning", access_log=False, lifespan="on", loop="uvloop")


if __name__ == "__main__":
    main()
