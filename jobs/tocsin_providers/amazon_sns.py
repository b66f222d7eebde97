"""Webhooks of Amazon's notification service: who signed, what follows. Imports envelope, certificates, events and rest."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlencode

import httpx2
import structlog

from tocsin.arns import Topic, read_topic
from tocsin.errors import ConfigurationError
from tocsin.settings import Settings
from tocsin_providers.amazon_certificates import Certificates
from tocsin_providers.amazon_envelope import Envelope, Kind, open_envelope
from tocsin_providers.amazon_events import Account, read_report
from tocsin_providers.amazon_rest import AmazonRest
from tocsin_providers.amazon_signature import Scope
from tocsin_providers.twilio_rest import LOST
from tocsin_providers.webhook import Report, UnreadableWebhook, Webhook

FORM = "application/x-www-form-urlencoded; charset=utf-8"
CODE = re.compile(r"<Code>([A-Za-z]{1,64})</Code>", re.ASCII)

log = structlog.get_logger(__name__)


class Notifications:
    """Reads what is published to our topics, which are all of one account."""

    def __init__(
        self, settings: Settings, client: httpx2.AsyncClient, rest: AmazonRest, *, tell_time: Callable[[], datetime]
    ) -> None:
        self._topics = list_topics(settings.sns_topic_arns)
        self.account = next(iter(self._topics.values())).account
        self._events_of = Account(self.account, settings.ses_from or "")
        self._origins = [origin.rstrip("/") for origin in settings.sns_cert_origins]
        self._endpoint = settings.sns_endpoint_url
        self._rest = rest
        self._tell_time = tell_time
        self._certificates = Certificates(client, tell_time)

    async def read(self, webhook: Webhook) -> Report:
        """Return what an envelope says; a subscription to one of our topics is confirmed on the way."""
        envelope = open_envelope(webhook.body, self._tell_time(), self._topics, self._origins)
        await self._certificates.verify(envelope.certificate_url, envelope.signature, envelope.signed)
        if envelope.kind is Kind.NOTIFICATION:
            return read_report(envelope.message, self._events_of)
        if envelope.kind is Kind.SUBSCRIPTION:
            await self._confirm(envelope)
        else:
            # Whether it shall begin again is not ours to say.
            log.error("subscription ended: no e-mail will be reported on", topic=envelope.topic.arn)
        return Report()

    async def _confirm(self, envelope: Envelope) -> None:
        """Confirm at the topic's own host, never where the request says; UnreadableWebhook makes Amazon ask again."""
        topic = envelope.topic
        url = f"{(self._endpoint or topic.origin).rstrip('/')}/"
        scope = Scope("sns", topic.region)
        try:
            response = await self._rest.post(url, compose_confirmation(envelope), media_type=FORM, scope=scope)
        except LOST as error:
            raise UnreadableWebhook(f"The subscription can't be confirmed now ({type(error).__name__}).") from None
        if not response.is_success:
            found = CODE.search(response.text)
            code = found[1] if found else "none"
            log.error("subscription not confirmed", topic=topic.arn, status=response.status_code, code=code)
            raise UnreadableWebhook(f"Amazon answered the confirmation with HTTP {response.status_code}, code {code}.")
        log.info("subscription confirmed", topic=topic.arn)


def compose_confirmation(envelope: Envelope) -> bytes:
    """Return the form by which only whoever has the account's key can end the subscription again."""
    form = {
        "Action": "ConfirmSubscription",
        "Version": "2010-03-31",
        "TopicArn": envelope.topic.arn,
        "Token": envelope.token,
        "AuthenticateOnUnsubscribe": "true",
    }
    return urlencode(form).encode()


def list_topics(arns: Sequence[str]) -> dict[str, Topic]:
    """Return the topics by name; ConfigurationError unless there are some, all well named and of one account."""
    topics = {arn: topic for arn in arns if (topic := read_topic(arn)) is not None}
    if len(topics) < len(set(arns)) or len({topic.account for topic in topics.values()}) != 1:
        raise ConfigurationError("SNS_TOPIC_ARNS has to list topics of one account; correct it and start again.")
    return topics
