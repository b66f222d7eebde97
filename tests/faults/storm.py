"""Webhooks by the thousand, signed and sent again until they are acknowledged, as a carrier would with patience."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

from stage.house import make_form, sign

from tocsin.settings import Settings

PAUSE = 0.1
ANSWER_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a carrier has to say about a delivery."""

    delivery: str
    sid: str
    word: str

    def compose(self, settings: Settings) -> bytes:
        """Return the whole request as it goes over the line."""
        url, body, headers = sign(settings, f"delivery={self.delivery}", make_form(self.word, MessageSid=self.sid))
        parts = urlsplit(url)
        lines = [f"POST {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Storm:
    """Reports on their way; `acknowledged` are those that were answered 2xx, `refused` every other answer and cut line.

    A line that was refused or cut goes to the next of the ports, as by a proxy.
    """

    ports: Sequence[int]
    settings: Settings
    waiting: deque[Report]
    acknowledged: list[Report] = field(default_factory=list)
    refused: int = 0

    async def blow(self, lines: int, *, seconds: float) -> None:
        """Send all over so many connections; TimeoutError where that takes too long."""
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for number in range(lines):
                group.create_task(self._send_on(number))

    async def _send_on(self, number: int) -> None:
        first = number % len(self.ports)
        ports = cycle([*self.ports[first:], *self.ports[:first]])
        while self.waiting:
            try:
                await self._use_line(next(ports))
            except (OSError, EOFError, TimeoutError):
                self.refused += 1
                await asyncio.sleep(PAUSE)

    async def _use_line(self, port: int) -> None:
        """Send one after another until the line is cut; what is not acknowledged goes back to those that wait."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while self.waiting:
                report = self.waiting.popleft()
                try:
                    status = await self._ask(reader, writer, report)
                except BaseException:
                    self.waiting.append(report)
                    raise
                if 200 <= status < 300:
                    self.acknowledged.append(report)
                else:
                    self.refused += 1
                    self.waiting.append(report)
                    await asyncio.sleep(PAUSE)
        finally:
            writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, report: Report) -> int:
        async with asyncio.timeout(ANSWER_SECONDS):
            writer.write(report.compose(self.settings))
            head = await reader.readuntil(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1])


def describe_ledger(told: Sequence[Report], sent: Sequence[Report]) -> list[dict[str, Any]]:
    """Return what was sent as a carrier's ledger: a line for each message, what was acknowledged marked so."""
    acknowledged = set(told)
    lines: dict[str, dict[str, Any]] = {}
    for report in dict.fromkeys(sent):
        line = lines.setdefault(
            report.sid, {"delivery": report.delivery, "sid": report.sid, "direction": "outbound", "callbacks": []}
        )
        state = "acknowledged" if report in acknowledged else "lost"
        line["callbacks"].append({"word": report.word, "kind": "genuine", "state": state})
    return list(lines.values())
