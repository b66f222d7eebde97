"""SES and SNS put together, as the application takes them in. Imports their parts and the stage."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ExceptionHandler

from tocsin_carriers.amazon_errors import AmazonError, answer_ses_error, answer_sns_error
from tocsin_carriers.control import answer_control_error
from tocsin_carriers.emails import EmailWire
from tocsin_carriers.sns_api import SnsApi
from tocsin_carriers.sns_control import SnsControl
from tocsin_carriers.sns_topic import Topic, TopicError
from tocsin_carriers.stage import Stage


class Amazon:
    """One account with one topic."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._topic = Topic(stage)
        self._emails = EmailWire(stage, self._topic)

    def routes(self) -> list[BaseRoute]:
        api = SnsApi(self._topic, self._stage.settings)
        return [*self._emails.routes(), *api.routes(), *SnsControl(self._topic, self._emails).routes()]

    def handlers(self) -> dict[int | type[Exception], ExceptionHandler]:
        return {AmazonError: self._refuse, TopicError: answer_control_error}

    def open(self, origin: str) -> None:
        """We listen there: certificates have an address, and whoever was named at the start is invited."""
        self._stage.origin = origin
        if self._stage.settings.events_url is not None:
            self._topic.subscribe(self._stage.settings.events_url)

    def close(self) -> None:
        self._emails.ahead.clear()
        self._topic.close()

    async def _refuse(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, AmazonError):
            raise error
        self._stage.ledger.note_refusal(error.name)
        return answer_sns_error(error) if request.url.path == "/" else answer_ses_error(error)
