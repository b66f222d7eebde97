"""What the browser did while something happened: the longest task that held up a frame. Imports playwright."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from console.operator_desk import Desk

FRAME_MS = 50


@asynccontextmanager
async def tracing(desk: Desk) -> AsyncIterator[list[dict[str, Any]]]:
    """Record what the browser does meanwhile; the events are there once it is left."""
    session = await desk.page.context.new_cdp_session(desk.page)
    events: list[dict[str, Any]] = []
    complete = asyncio.Event()
    session.on("Tracing.dataCollected", lambda chunk: events.extend(chunk["value"]))
    session.on("Tracing.tracingComplete", lambda _: complete.set())
    await session.send(
        "Tracing.start", {"categories": "toplevel,disabled-by-default-devtools.timeline,devtools.timeline"}
    )
    yield events
    await session.send("Tracing.end")
    async with asyncio.timeout(60):
        await complete.wait()


def measure_longest(events: list[dict[str, Any]]) -> float:
    """Return the milliseconds of processor time of the longest task on the main thread of the page.

    Processor time, since the clock also runs while other tests have the processor.
    """
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [event for event in events if event["name"] in ("RunTask", "ThreadControllerImpl::RunTask")]
    ours: list[float] = [event.get("tdur", 0) / 1000 for event in tasks if (event["pid"], event["tid"]) in threads]
    assert len(ours) > 100, "the trace holds the page's main thread"
    return max(ours)
