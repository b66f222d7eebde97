"""The simulator's paths for the topic: subscribing, ending that, forging. Imports control, topic and e-mails."""

import asyncio
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin_carriers.control import ControlError, read_object
from tocsin_carriers.emails import EmailWire
from tocsin_carriers.ledger import Callback
from tocsin_carriers.sns_envelope import FORGERIES, MessageType
from tocsin_carriers.sns_topic import Handshake, Topic

_LONGEST_WAIT = 30.0
_FORGE_FIELDS = ("kind", "type", "sid")
_FORGED_TYPES = (MessageType.NOTIFICATION, MessageType.SUBSCRIPTION)


class SnsControl:
    """Each order answers once its message has been acknowledged or lost, at the latest after 30 s."""

    def __init__(self, topic: Topic, emails: EmailWire) -> None:
        self._topic = topic
        self._emails = emails

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/simulator/subscription", self._show, methods=["GET"]),
            Route("/simulator/subscribe", self._subscribe, methods=["POST"]),
            Route("/simulator/unsubscribe", self._unsubscribe, methods=["POST"]),
            Route("/simulator/forge", self._forge, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        return JSONResponse(self._topic.describe() | {"toSign": self._emails.ahead.left})

    async def _subscribe(self, request: Request) -> Response:
        order = await _read_strings(request, ("url",))
        if "url" not in order:
            raise ControlError("A subscription needs `url`, the receiver's address on this machine.")
        return await self._tell(self._topic.subscribe(order["url"]))

    async def _unsubscribe(self, request: Request) -> Response:
        return await self._tell(self._topic.unsubscribe())

    async def _forge(self, request: Request) -> Response:
        order = await _read_strings(request, _FORGE_FIELDS)
        guise = FORGERIES.get(order.get("kind", ""))
        if guise is None:
            raise ControlError(f"`kind` must be one of {', '.join(FORGERIES)}.")
        kind = order.get("type", MessageType.NOTIFICATION)
        if kind not in _FORGED_TYPES:
            raise ControlError(f"`type` must be one of {', '.join(_FORGED_TYPES)}.")
        if kind == MessageType.SUBSCRIPTION:
            return await self._tell(self._topic.invite_falsely(guise))
        callback = self._emails.forge(guise, order.get("sid"))
        return await self._report(callback, callback.concluded)

    async def _tell(self, handshake: Handshake) -> Response:
        (callback,) = handshake.callbacks
        return await self._report(callback, handshake.first_settled)

    async def _report(self, callback: Callback, settled: asyncio.Event | None) -> Response:
        with suppress(TimeoutError):
            if settled is not None:
                await asyncio.wait_for(settled.wait(), _LONGEST_WAIT)
        told = {"word": callback.word, "state": callback.settlement, "statuses": callback.attempts}
        return JSONResponse({**told, "subscription": self._topic.subscription.state})


async def _read_strings(request: Request, names: tuple[str, ...]) -> dict[str, Any]:
    content = await read_object(request)
    if not set(content) <= set(names) or not all(isinstance(value, str) for value in content.values()):
        raise ControlError(f"The order has these fields, all strings: {', '.join(names)}.")
    return content
