"""Puts the simulator together as one ASGI application. Imports every part of the package but the command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from tocsin_carriers.amazon import Amazon
from tocsin_carriers.control import CONTROL_ERRORS, Control, answer_control_error
from tocsin_carriers.control_scripts import ScriptControl
from tocsin_carriers.messaging import MessagingWire
from tocsin_carriers.messaging_inbound import InboundWire
from tocsin_carriers.settings import CarrierSettings
from tocsin_carriers.stage import Stage
from tocsin_carriers.twilio_errors import TwilioError, error_response
from tocsin_carriers.voice import VoiceWire

_LARGEST_REQUEST = 256 * 1024


def create_application(settings: CarrierSettings) -> Starlette:
    """`application.state.stage` is the Stage, for those who run it in their own process. Serve it with its
    lifespan on, and call `application.state.open` with its origin once it listens.
    """
    stage = Stage(settings)
    messaging = MessagingWire(stage)
    amazon = Amazon(stage)
    control = Control(stage, messaging, InboundWire(stage))

    async def refuse(request: Request, error: Exception) -> Response:
        if not isinstance(error, TwilioError):
            raise error
        stage.ledger.note_refusal(error.code)
        return error_response(error)

    async def not_found(request: Request, error: Exception) -> Response:
        return error_response(TwilioError(20404, request.url.path))

    @asynccontextmanager
    async def lifespan(application: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await stage.close()
            amazon.close()

    handlers: dict[int | type[Exception], ExceptionHandler] = {TwilioError: refuse, 404: not_found}
    handlers |= dict.fromkeys(CONTROL_ERRORS, answer_control_error)
    handlers |= amazon.handlers()
    application = Starlette(
        routes=[
            *messaging.routes(),
            *VoiceWire(stage).routes(),
            *control.routes(),
            *ScriptControl(stage).routes(),
            *amazon.routes(),
        ],
        exception_handlers=handlers,
        lifespan=lifespan,
        max_body_size=_LARGEST_REQUEST,
    )
    application.state.stage = stage
    application.state.open = amazon.open
    return application
