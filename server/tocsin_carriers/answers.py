"""How an accepted request is answered, or is not: slow, late, cut, hanging, 500, and bursts of 429. Shared
by all wires.
"""

import asyncio
from contextlib import suppress
from random import Random

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tocsin_carriers.clock import Clock
from tocsin_carriers.disorder import MessageDraws
from tocsin_carriers.knobs import Knobs
from tocsin_carriers.ledger import Entry, Ledger

CUT_EXTENSION = "tocsin.cut"
_EARLY_LIMIT_SECONDS = 20.0


class CutAnswer(Response):
    """Closes the connection without a byte, if the server offers that; else never answers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cut = scope.get("extensions", {}).get(CUT_EXTENSION)
        if cut is not None:
            cut()
        await _wait_for_disconnect(receive)


class HangingAnswer(Response):
    """Keeps the connection open and silent until the client leaves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _wait_for_disconnect(receive)


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Bursts:
    """Refusals come in runs, as rate limits do; counted in requests, drawn from the seed."""

    def __init__(self) -> None:
        self._random: Random | None = None
        self._left = 0

    def refuse(self, knobs: Knobs) -> bool:
        self._random = self._random or Random(f"{knobs.seed}:bursts")
        if self._random.random() < knobs.rejected_429:
            self._left = max(self._left, knobs.rejected_429_burst)
        refused = self._left > 0
        self._left -= refused
        return refused


class Answering:
    """Applies the answer faults to one accepted message and notes in its entry how the answer went."""

    def __init__(self, ledger: Ledger, clock: Clock, knobs: Knobs) -> None:
        self._ledger = ledger
        self._clock = clock
        self._knobs = knobs

    async def answer(
        self, request: Request, entry: Entry, draws: MessageDraws, *, good: Response, error: Response
    ) -> Response:
        await self._linger(entry)
        name, response = self._choose(draws, good, error)
        if name == "delivered" and self._knobs.slow_answers and await request.is_disconnected():
            name = "abandoned"
        self._ledger.note_answer(entry, name)
        return response

    async def _linger(self, entry: Entry) -> None:
        if entry.first_settled is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(entry.first_settled.wait(), _EARLY_LIMIT_SECONDS)
        if self._knobs.slow_answers:
            await asyncio.sleep(self._knobs.slow_answers / self._clock.speed)

    def _choose(self, draws: MessageDraws, good: Response, error: Response) -> tuple[str, Response]:
        if draws.lost_answer < self._knobs.lost_answers:
            return "cut", CutAnswer()
        if draws.hanging_answer < self._knobs.hanging_answers:
            return "hanging", HangingAnswer()
        if draws.error_after_accept < self._knobs.error_after_accept:
            return "error", error
        return "delivered", good
