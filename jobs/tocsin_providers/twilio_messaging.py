"""Texts through Twilio: sending one, reading its reports, the table of its words. Imports statuses and events."""

import asyncio
import logging
import re
from collections.abc import Mapping
from datetime import datetime

import httpx2

from tocsin.events import Answer, Event, HandOver, Verdict
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel
from tocsin_providers.twilio_answers import judge, read_object, read_pause, read_text
from tocsin_providers.twilio_webhook import Pairs, find_delivery, read_field, verify_form
from tocsin_providers.webhook import MalformedWebhook, Webhook

PATH = "/webhooks/twilio/messaging"

WORDS: Mapping[str, DeliveryStatus] = {
    "accepted": DeliveryStatus.SMS_ACCEPTED,
    "scheduled": DeliveryStatus.SMS_ACCEPTED,
    "queued": DeliveryStatus.SMS_QUEUED,
    "sending": DeliveryStatus.SMS_SENDING,
    "sent": DeliveryStatus.SMS_SENT,
    "failed": DeliveryStatus.SMS_FAILED,
    "canceled": DeliveryStatus.SMS_FAILED,
    "undelivered": DeliveryStatus.SMS_UNDELIVERED,
    "delivered": DeliveryStatus.SMS_RECEIVED,
    "read": DeliveryStatus.SMS_RECEIVED,
}

STILL_WORDS = ("partially_delivered", "receiving", "received")
"""Words that Twilio knows and that move nothing: about messages in parts, and about those that come to us."""

REFUSED = "refused"
"""Our word for a request that Twilio answered with an error instead of a message."""

OVERRIDES = "#rc=5&rp=ct,rt,5xx"
"""Asks Twilio to try a callback five times more, also after an error of ours, which it would otherwise drop."""

SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}", re.ASCII)
WORD = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
CODE = re.compile(r"[0-9]{1,9}", re.ASCII)

TIMEOUT = httpx2.Timeout(15.0, connect=5.0, pool=5.0)
DEADLINE = 30.0
NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


class TwilioMessaging:
    """The adapter of one account. `client` is shared and closed by its owner."""

    name = "twilio_messaging"
    channel = Channel.SMS

    def __init__(self, settings: Settings, client: httpx2.AsyncClient) -> None:
        self.account = settings.twilio_account_sid
        self._settings = settings
        self._client = client
        # These two would write every URL to the log, and a search for a message has the citizen's number in it.
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)

    def verify(self, webhook: Webhook) -> Pairs:
        """Return the fields of a callback that our account signed, else raise ForgedWebhook or MalformedWebhook."""
        return verify_form(webhook, self._settings)

    def parse(self, pairs: Pairs, raw_query: bytes) -> list[Event]:
        """Return what a verified callback reports; MalformedWebhook where it is no status callback.

        The query names the delivery; without one (or with a strange one) the event has none, and can be parked.
        """
        carrier_id, word = read_field(pairs, "MessageSid"), read_field(pairs, "MessageStatus")
        error_code = read_field(pairs, "ErrorCode")
        if not SID.fullmatch(carrier_id) or not word:
            raise MalformedWebhook("A status callback has a MessageSid (SM or MM and 32 digits) and a MessageStatus.")
        return [
            Event(
                event_key=f"{self.name}:{carrier_id}:{word}:{error_code}",
                provider=self.name,
                account=self.account,
                delivery_id=find_delivery(raw_query),
                provider_word=word,
                status=WORDS.get(word),
                error_code=error_code or None,
                carrier_id=carrier_id,
            )
        ]

    def callback_url(self, public_id: str) -> str:
        """Return where Twilio shall report on this delivery."""
        return f"{self._settings.public_url.rstrip('/')}{PATH}?delivery={public_id}{OVERRIDES}"

    async def send(self, hand_over: HandOver, now: datetime) -> Answer:
        """Hand one text over, once. Whatever happens is an Answer; none of its words is personal data."""
        try:
            async with asyncio.timeout(DEADLINE):
                response = await self._post(self._compose(hand_over))
        except NOT_SENT as error:
            return Answer(Verdict.TRY_AGAIN, reason=f"Twilio could not be reached ({type(error).__name__}).")
        except (httpx2.HTTPError, TimeoutError) as error:
            return Answer(Verdict.UNKNOWN, reason=f"Twilio's answer was lost ({type(error).__name__}).")
        if response.is_success:
            return self._read_message(hand_over, response)
        return self._read_error(hand_over, response, now)

    async def _post(self, form: dict[str, str]) -> httpx2.Response:
        settings = self._settings
        return await self._client.post(
            f"{settings.twilio_base_url.rstrip('/')}/2010-04-01/Accounts/{self.account}/Messages.json",
            data=form,
            auth=httpx2.BasicAuth(self.account, settings.twilio_auth_token),
            timeout=TIMEOUT,
            follow_redirects=False,
        )

    def _compose(self, hand_over: HandOver) -> dict[str, str]:
        settings = self._settings
        service = settings.twilio_messaging_service_sid
        sender = {"MessagingServiceSid": service} if service else {"From": settings.twilio_from or ""}
        return {
            "To": hand_over.address,
            "Body": hand_over.text,
            **sender,
            "StatusCallback": self.callback_url(hand_over.public_id),
            "ValidityPeriod": str(settings.twilio_validity_seconds),
        }

    def _read_message(self, hand_over: HandOver, response: httpx2.Response) -> Answer:
        body = read_object(response.content)
        carrier_id, word = read_text(body.get("sid"), SID), read_text(body.get("status"), WORD)
        if carrier_id is None or word is None:
            return Answer(Verdict.UNKNOWN, reason=f"Twilio answered HTTP {response.status_code} without a message.")
        event = Event(
            event_key=f"{self.name}:{carrier_id}:rest:{word}",
            provider=self.name,
            account=self.account,
            delivery_id=hand_over.delivery_id,
            provider_word=word,
            status=WORDS.get(word),
            error_code=read_text(body.get("error_code"), CODE),
            carrier_id=carrier_id,
        )
        return Answer(Verdict.ANSWERED, event)

    def _read_error(self, hand_over: HandOver, response: httpx2.Response, now: datetime) -> Answer:
        code = read_text(read_object(response.content).get("code"), CODE)
        verdict = judge(response.status_code, code)
        reason = f"Twilio answered HTTP {response.status_code}, code {code or 'none'}."
        if verdict is Verdict.ANSWERED:
            return Answer(verdict, self._refuse(hand_over, str(code)), reason=reason)
        pause = read_pause(response.headers.get("retry-after"), now) if verdict is Verdict.TRY_AGAIN else None
        return Answer(verdict, retry_after=pause, reason=reason)

    def _refuse(self, hand_over: HandOver, code: str) -> Event:
        return Event(
            event_key=f"{self.name}:{hand_over.public_id}:rest:{code}",
            provider=self.name,
            account=self.account,
            delivery_id=hand_over.delivery_id,
            provider_word=REFUSED,
            status=DeliveryStatus.SMS_FAILED,
            error_code=code,
        )
