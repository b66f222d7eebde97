"""The simulator's own paths under /simulator: knobs, ledger, state, reset, inbound texts.
Imports the shared parts and the wires.
"""

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from tocsin_carriers.knobs import KnobError, alter
from tocsin_carriers.ledger_lines import ledger_lines, state_of
from tocsin_carriers.messaging import MessagingWire
from tocsin_carriers.messaging_inbound import InboundError, InboundOrder, InboundWire
from tocsin_carriers.scripts import ScriptError
from tocsin_carriers.stage import Stage

_LONGEST_WAIT = 600.0
_INBOUND_FIELDS = {
    "from": "number",
    "body": "body",
    "to": "to",
    "messagingServiceSid": "service",
    "url": "url",
}


class ControlError(ValueError):
    """An order to the simulator that it does not understand."""


class Control:
    """Nobody authenticates here: the simulator listens on loopback only."""

    def __init__(self, stage: Stage, messaging: MessagingWire, inbound: InboundWire) -> None:
        self._stage = stage
        self._messaging = messaging
        self._inbound = inbound

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/simulator/knobs", self._show_knobs, methods=["GET"]),
            Route("/simulator/knobs", self._turn_knobs, methods=["POST"]),
            Route("/simulator/ledger", self._ledger, methods=["GET"]),
            Route("/simulator/state", self._state, methods=["GET"]),
            Route("/simulator/settled", self._settled, methods=["GET"]),
            Route("/simulator/reset", self._reset, methods=["POST"]),
            Route("/simulator/inbound", self._write_inbound, methods=["POST"]),
        ]

    async def _show_knobs(self, request: Request) -> Response:
        return JSONResponse(asdict(self._stage.knobs))

    async def _turn_knobs(self, request: Request) -> Response:
        self._stage.turn(alter(self._stage.knobs, await read_object(request)))
        return JSONResponse(asdict(self._stage.knobs))

    async def _ledger(self, request: Request) -> Response:
        return StreamingResponse(ledger_lines(self._stage.ledger.entries), media_type="application/x-ndjson")

    async def _state(self, request: Request) -> Response:
        return JSONResponse(state_of(self._stage.ledger))

    async def _settled(self, request: Request) -> Response:
        """Waits (`timeout` real seconds, 30) until nothing is owed; the answer says whether that happened."""
        seconds = _read_seconds(request.query_params.get("timeout", "30"))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stage.ledger.settled.wait(), seconds)
        ledger = self._stage.ledger
        return JSONResponse({"settled": ledger.settled.is_set(), **state_of(ledger)})

    async def _reset(self, request: Request) -> Response:
        await self._stage.reset()
        return JSONResponse(state_of(self._stage.ledger))

    async def _write_inbound(self, request: Request) -> Response:
        """Answers once the callback has been settled, with every status that the receiver gave."""
        order = _read_inbound(await read_object(request))
        if self._stage.ledger.is_full:
            raise ControlError("The ledger is full: reset the simulator, or start it with a higher limit.")
        text = self._inbound.write(order, self._messaging.consents)
        if text.first_settled is not None:
            await text.first_settled.wait()
        (callback,) = text.callbacks
        return JSONResponse({"sid": text.sid, "state": callback.settlement, "statuses": callback.attempts})


async def read_object(request: Request) -> dict[str, Any]:
    try:
        content = await request.json()
    except ValueError as error:
        raise ControlError("The body must be JSON.") from error
    if not isinstance(content, dict):
        raise ControlError("The body must be a JSON object.")
    return content


def _read_inbound(content: dict[str, Any]) -> InboundOrder:
    unknown = sorted(set(content) - set(_INBOUND_FIELDS))
    if unknown or not all(isinstance(value, str) for value in content.values()):
        raise ControlError(f"An inbound text has these fields, all strings: {', '.join(_INBOUND_FIELDS)}.")
    if not {"from", "body"} <= set(content):
        raise ControlError("An inbound text needs `from` and `body`.")
    return InboundOrder(**{_INBOUND_FIELDS[name]: value for name, value in content.items()})


def _read_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise ControlError("timeout must be a number of seconds.") from error
    if not 0.0 <= seconds <= _LONGEST_WAIT:
        raise ControlError(f"timeout must be from 0 to {_LONGEST_WAIT:g} seconds.")
    return seconds


CONTROL_ERRORS = (ControlError, InboundError, KnobError, ScriptError)


async def answer_control_error(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400)
