"""What SNS answers: the confirmation of a subscription, by API or by its URL, and certificates.
Imports topic, signature and errors.
"""

from datetime import UTC, datetime
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin_carriers.amazon_account import check_request
from tocsin_carriers.amazon_errors import AmazonError, answer_sns
from tocsin_carriers.settings import CarrierSettings
from tocsin_carriers.sns_envelope import foreign_topic
from tocsin_carriers.sns_topic import Topic

_SUBSCRIBE_URL_HAS = {"Action", "TopicArn", "Token"}


class SnsApi:
    """The query API at `/`, of which only ConfirmSubscription is simulated."""

    def __init__(self, topic: Topic, settings: CarrierSettings) -> None:
        self._topic = topic
        self._settings = settings

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self._act, methods=["GET", "POST"]),
            Route("/SimpleNotificationService-{fingerprint}.pem", self._show_certificate, methods=["GET"]),
        ]

    async def _act(self, request: Request) -> Response:
        fields = dict(request.query_params)
        if request.method == "POST":
            fields |= dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        action = fields.get("Action", "")
        if action != "ConfirmSubscription":
            raise AmazonError("InvalidAction", action)
        return await self._confirm(request, fields)

    async def _confirm(self, request: Request, fields: dict[str, str]) -> Response:
        """A signature is needed only where the subscription is to be protected by it, as Amazon has it."""
        arn, authenticated = fields.get("TopicArn", ""), fields.get("AuthenticateOnUnsubscribe") == "true"
        signed = "authorization" in request.headers
        if authenticated or signed:
            await check_request(request, self._settings, "sns", now=datetime.now(UTC))
        if arn not in {self._settings.topic_arn, foreign_topic(self._settings.topic_arn)}:
            raise AmazonError("NotFound")
        by_url = request.method == "GET" and not signed and set(fields) == _SUBSCRIBE_URL_HAS
        if not self._topic.confirm(fields.get("Token", ""), by_url=by_url, authenticated=authenticated):
            raise AmazonError("InvalidParameter", "Token")
        subscription_arn = escape(self._topic.subscription.arn)
        return answer_sns("ConfirmSubscription", f"<SubscriptionArn>{subscription_arn}</SubscriptionArn>")

    async def _show_certificate(self, request: Request) -> Response:
        for name, identity in self._topic.identities.items():
            if identity.path == request.url.path:
                self._topic.certificate_fetches[name] += 1
                return Response(identity.pem, media_type="application/x-pem-file")
        return PlainTextResponse("There is no such certificate.", status_code=404)
