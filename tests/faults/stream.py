"""Reports at a steady rate, as carriers send them who don't wait for each other; every one has to be taken the first time."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from time import monotonic

from faults.storm import Report
from stage.house import choose_settings

from tocsin.settings import Settings

ANSWER_SECONDS = 15.0
"""How long a carrier waits for an answer."""

KEPT_LINES = 8


@dataclass
class Stream:
    """Three of four reports come over a connection of their own, the others over a few that are kept.

    `failed` says what became of reports that were not taken the first time. A kept line that was closed between two
    reports is no failure where the report is taken over a new one: every carrier's client does so.
    """

    port: int
    waiting: deque[Report]
    taken: list[Report] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    renewed: int = 0
    slowest: float = 0.0

    def __post_init__(self) -> None:
        self._settings = choose_settings(self.port)

    async def flow(self, rate: float) -> None:
        """Send until cancelled, so many in a second whatever the answers; nothing may be left to send."""
        lines = [Line(self.port, self._settings) for _ in range(KEPT_LINES)]
        kept: asyncio.Queue[Line] = asyncio.Queue()
        for line in lines:
            kept.put_nowait(line)
        try:
            await self._send_all(rate, kept)
        finally:
            for line in lines:
                line.close()

    async def _send_all(self, rate: float, kept: "asyncio.Queue[Line]") -> None:
        began, number = monotonic(), 0
        async with asyncio.TaskGroup() as group:
            while self.waiting:
                report = self.waiting.popleft()
                group.create_task(self._send_kept(report, kept) if number % 4 == 0 else self._send_alone(report))
                number += 1
                await asyncio.sleep(max(0.0, began + number / rate - monotonic()))

    async def _send_alone(self, report: Report) -> None:
        line = Line(self.port, self._settings)
        try:
            await self._note(report, line)
        finally:
            line.close()

    async def _send_kept(self, report: Report, kept: "asyncio.Queue[Line]") -> None:
        line = await kept.get()
        await self._note(report, line)
        self.renewed += line.renewed
        kept.put_nowait(line)

    async def _note(self, report: Report, line: "Line") -> None:
        began = monotonic()
        try:
            status = await line.ask(report)
        except (OSError, EOFError, TimeoutError) as error:
            self.failed.append(f"{type(error).__name__} while {line.doing}")
            line.close()
            return
        self.slowest = max(self.slowest, monotonic() - began)
        if 200 <= status < 300:
            self.taken.append(report)
        else:
            self.failed.append(str(status))


class Line:
    """A connection that is opened when it is needed, and anew where it was closed meanwhile."""

    def __init__(self, port: int, settings: Settings) -> None:
        self._port = port
        self._settings = settings
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.doing = "connecting"
        self.renewed = 0

    async def ask(self, report: Report) -> int:
        """Return the status that a report was answered."""
        async with asyncio.timeout(ANSWER_SECONDS):
            self.renewed = 0
            if self._ends is not None:
                try:
                    return await self._exchange(report)
                except (ConnectionError, asyncio.IncompleteReadError) as error:
                    if isinstance(error, asyncio.IncompleteReadError) and error.partial:
                        raise
                    self.renewed = 1
                    self.close()
            return await self._exchange(report)

    async def _exchange(self, report: Report) -> int:
        if self._ends is None:
            self.doing = "connecting"
            self._ends = await asyncio.open_connection("127.0.0.1", self._port)
        self.doing = "waiting for an answer"
        reader, writer = self._ends
        writer.write(report.compose(self._settings))
        head = await reader.readuntil(b"\r\n\r\n")
        if b"connection: close" in head.lower():
            self.close()
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        if self._ends is not None:
            self._ends[1].close()
            self._ends = None
