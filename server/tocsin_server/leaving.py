"""Stopping without anybody noticing: not ready first, then sockets closed one after another, then commits finished.

Imports the application and supervision; uvicorn does the rest.
"""

import asyncio
import signal
import socket

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tocsin_server.application import Application
from tocsin_server.supervision import READY, STOPPING, tell_supervisor

LONGEST_GAP = 0.05
"""Seconds between two sockets: a few are not spread over the whole time."""


class Server(uvicorn.Server):
    """Uvicorn's server with a gentle end. A second Ctrl+C ends it at once."""

    def __init__(
        self,
        config: uvicorn.Config,
        application: Application,
        *,
        stop_seconds: float,
        replaced: bool,
        inherited: bool = False,
        supervisor: str | None = None,
    ) -> None:
        """`replaced`: others take over, so that they get the time to find out; `inherited`: the socket outlives us."""
        super().__init__(config)
        self._application = application
        self._stop_seconds = stop_seconds
        self._replaced = replaced
        self._inherited = inherited
        self._supervisor = supervisor

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._application.health.started = True
        tell_supervisor(self._supervisor, READY)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        tell_supervisor(self._supervisor, STOPPING)
        self._application.health.leaving = True
        if self._inherited:
            self._stop_accepting()
        if self._replaced:
            await self._pause(self._stop_seconds / 3)
        await self._close_sockets(self._stop_seconds * 2 / 3)
        await super().shutdown(sockets)
        # Uvicorn would end the process by the same signal now, before whatever is still open here is closed.
        self._captured_signals = [number for number in self._captured_signals if number != signal.SIGTERM]

    def _stop_accepting(self) -> None:
        """Leave whoever connects from now on to the others who listen on this socket, or to who comes after us."""
        for server in self.servers:
            server.close()

    async def _close_sockets(self, seconds: float) -> None:
        """Close every WebSocket with 1012, so that clients come back elsewhere, not all in one moment."""
        open_now = [each for each in self.server_state.connections if isinstance(each, WebSocketsSansIOProtocol)]
        gap = min(seconds / max(len(open_now), 1), LONGEST_GAP)
        for connection in open_now:
            if connection in self.server_state.connections:
                connection.shutdown()
            await self._pause(gap)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not once somebody has lost patience."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not self.force_exit and (left := end - loop.time()) > 0:  # noqa: ASYNC110 - a signal sets the flag
            await asyncio.sleep(min(left, 0.1))
