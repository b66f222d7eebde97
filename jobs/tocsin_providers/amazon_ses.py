"""E-mails through Amazon's simple e-mail service: sending one, and reading its answer. Imports amazon_sns for its events."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime

import httpx2

from tocsin.events import Answer, Certainty, Event, Finding, HandOver, Inquiry, Verdict
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.words import Channel
from tocsin_providers.amazon_answers import blames_us, judge, read_code, read_sentence
from tocsin_providers.amazon_events import ACCEPTED, CARRIER_ID, NAME, make_answer_key
from tocsin_providers.amazon_letter import compose
from tocsin_providers.amazon_rest import AmazonRest
from tocsin_providers.amazon_signature import Scope
from tocsin_providers.amazon_sns import Notifications
from tocsin_providers.twilio_answers import read_object, read_pause, read_text
from tocsin_providers.twilio_rest import LOST, NOT_SENT
from tocsin_providers.webhook import Reader

PATH = "/webhooks/ses"
RESOURCE = "/v2/email/outbound-emails"

REFUSED = "refused"
"""Our word for an e-mail that Amazon answered with an error."""


class AmazonSes:
    """The adapter of one account. `client` is shared and closed by its owner."""

    name = NAME
    channel = Channel.EMAIL

    def __init__(
        self, settings: Settings, client: httpx2.AsyncClient, *, tell_time: Callable[[], datetime] = tell_time
    ) -> None:
        self._settings = settings
        self._region = str(settings.ses_region)
        self._url = (settings.ses_endpoint_url or f"https://email.{self._region}.amazonaws.com").rstrip("/") + RESOURCE
        self._rest = AmazonRest(settings, client)
        self.sender = settings.ses_from or ""
        self._notifications = Notifications(settings, client, self._rest, tell_time=tell_time)
        self.account = self._notifications.account

    def readers(self) -> dict[str, Reader]:
        """Return who reads the webhooks of which path."""
        return {PATH: self._notifications.read}

    async def send(self, hand_over: HandOver, now: datetime) -> Answer:
        """Hand one e-mail over, once. Whatever happens is an Answer; none of its words is personal data."""
        body = json.dumps(compose(hand_over, self._settings)).encode()
        try:
            response = await self._rest.post(
                self._url, body, media_type="application/json", scope=Scope("ses", self._region)
            )
        except NOT_SENT as error:
            return Answer(Verdict.TRY_AGAIN, reason=f"Amazon could not be reached ({type(error).__name__}).")
        except LOST as error:
            return Answer(Verdict.UNKNOWN, reason=f"Amazon's answer was lost ({type(error).__name__}).")
        if response.is_success:
            return self._read_acceptance(hand_over, response)
        return self._read_error(hand_over, response, now)

    async def look_up(self, inquiry: Inquiry, now: datetime) -> Finding:
        """Amazon can't be asked about an e-mail: only its events tell."""
        return Finding(Certainty.UNKNOWABLE)

    async def fetch(self, hand_over: HandOver, carrier_id: str) -> Sequence[Event]:
        """Amazon can't be asked where an e-mail stands."""
        return []

    async def withdraw(self, carrier_id: str) -> bool:
        """An e-mail that was taken is on its way: nothing can be cancelled."""
        return False

    def _read_acceptance(self, hand_over: HandOver, response: httpx2.Response) -> Answer:
        carrier_id = read_text(read_object(response.content).get("MessageId"), CARRIER_ID)
        if carrier_id is None:
            return Answer(Verdict.UNKNOWN, reason=f"Amazon answered HTTP {response.status_code} without an id.")
        event = Event(
            event_key=make_answer_key(carrier_id),
            provider=NAME,
            account=self.account,
            delivery_id=hand_over.delivery_id,
            provider_word=ACCEPTED,
            status=DeliveryStatus.EMAIL_SENT,
            carrier_id=carrier_id,
        )
        return Answer(Verdict.ANSWERED, event)

    def _read_error(self, hand_over: HandOver, response: httpx2.Response, now: datetime) -> Answer:
        code, sentence = read_code(response), read_sentence(response)
        verdict = judge(response.status_code, code, sentence)
        if verdict is Verdict.ANSWERED and blames_us(sentence, hand_over.address, self.sender):
            verdict = Verdict.ACCOUNT_REFUSED
        reason = f"Amazon answered HTTP {response.status_code}, code {code or 'none'}."
        if verdict is Verdict.ANSWERED:
            return Answer(verdict, self._refuse(hand_over, str(code)), reason=reason)
        pause = read_pause(response.headers.get("retry-after"), now) if verdict is Verdict.TRY_AGAIN else None
        return Answer(verdict, retry_after=pause, reason=reason)

    def _refuse(self, hand_over: HandOver, code: str) -> Event:
        return Event(
            event_key=f"{NAME}:{hand_over.public_id}:rest:{code}",
            provider=NAME,
            account=self.account,
            delivery_id=hand_over.delivery_id,
            provider_word=REFUSED,
            status=DeliveryStatus.EMAIL_NOT_SENT,
            error_code=code,
        )
