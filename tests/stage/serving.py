"""A web server in the loop of a test, from the first request to the last."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn


def open_listener() -> socket.socket:
    """Names its protocol: asyncio sends small answers without delay only on sockets that say TCP."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    return listener


@asynccontextmanager
async def serving(server: uvicorn.Server, listener: socket.socket) -> AsyncIterator[int]:
    """Its port, while it serves in this loop; without the ticks of `serve`, which slow every test's end."""
    if not server.config.loaded:
        server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    try:
        yield listener.getsockname()[1]
    finally:
        await server.shutdown(sockets=[listener])
