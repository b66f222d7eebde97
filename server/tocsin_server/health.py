"""What a process says of itself to whoever watches over it: that it lives, and whether it can work. Imports database."""

import asyncio

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tocsin.database import UNREACHABLE, get_database

PATIENCE = 3.0
"""Seconds after which a database that says nothing counts as away: whoever asks doesn't wait for long either."""


class Health:
    """How far a process has come, on two paths: one is answered while its loop runs, the other 200 while it can work."""

    def __init__(self) -> None:
        self.started = False
        """Whether all that it does has begun."""
        self.leaving = False
        """Whether it has been told to stop: it goes on with what it has in hand, and says that it is not ready."""

    @property
    def routes(self) -> list[Route]:
        return [Route("/healthz", self.report_life), Route("/readyz", self.report_readiness)]

    async def report_life(self, request: Request) -> Response:
        """Say that the process runs."""
        return JSONResponse({"status": "alive"})

    async def report_readiness(self, request: Request) -> Response:
        """Say whether it can work: 503 before all has begun, while the database is away, and once it is to stop."""
        hindrance = await self._find_hindrance()
        return JSONResponse({"status": hindrance or "ready"}, status_code=503 if hindrance else 200)

    async def _find_hindrance(self) -> str | None:
        if self.leaving:
            return "this process is stopping"
        if not self.started:
            return "this process is starting"
        try:
            await ask_database()
        except (*UNREACHABLE, asyncpg.PostgresError):
            return "the database cannot be reached"
        return None


async def ask_database() -> None:
    """Ask for one number, and drop a connection on which none comes: cancelling there would wait for the same silence."""
    async with asyncio.timeout(PATIENCE), get_database().acquire_connection() as connection:
        try:
            await connection.fetchval("SELECT 1")
        except asyncio.CancelledError:
            connection.terminate()
            raise
