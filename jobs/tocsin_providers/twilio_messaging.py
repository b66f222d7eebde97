"""Texts through Twilio: sending one, reading its reports, the table of its words. Imports statuses and events."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import httpx2

from tocsin.consents import list_senders
from tocsin.events import Answer, Consent, Event, Finding, HandOver, Inquiry
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel
from tocsin_providers.twilio_answers import DEAD_CODES, SUPPRESSED_CODES, read_text
from tocsin_providers.twilio_hand_over import CODE, create
from tocsin_providers.twilio_inbound import NUMBER, SID, read_inbound
from tocsin_providers.twilio_inquiry import EARLIER, conclude, fetch, search
from tocsin_providers.twilio_rest import TwilioRest
from tocsin_providers.twilio_webhook import Pairs, find_delivery, read_field, verify_form
from tocsin_providers.webhook import MalformedWebhook, Reader, Report, Webhook

PATH = "/webhooks/twilio/messaging"
INBOUND_PATH = f"{PATH}/inbound"

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

WORD = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class TwilioMessaging:
    """The adapter of one account. `client` is shared and closed by its owner."""

    name = "twilio_messaging"
    channel = Channel.SMS

    def __init__(self, settings: Settings, client: httpx2.AsyncClient) -> None:
        self.account = settings.twilio_account_sid
        self.sender = list_senders(settings).get(self.channel, "")
        self._settings = settings
        self._rest = TwilioRest(settings, client)

    def readers(self) -> dict[str, Reader]:
        """Return who reads the webhooks of which path."""
        return {PATH: self.read, INBOUND_PATH: self.read_inbound}

    async def read(self, webhook: Webhook) -> Report:
        """Return what a status callback reports, and a STOP of which we learn only by its effect."""
        pairs = self.verify(webhook)
        events = self.parse(pairs, webhook.raw_query)
        return Report(events, [stop for event in events for stop in self._note_stop(event, read_field(pairs, "To"))])

    async def read_inbound(self, webhook: Webhook) -> Report:
        """Return what a citizen has written."""
        return read_inbound(self.verify(webhook), self._settings, provider=self.name, sender=self.sender)

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
                dead=error_code in DEAD_CODES[self.channel],
            )
        ]

    async def send(self, hand_over: HandOver, now: datetime) -> Answer:
        """Hand one text over, once. Whatever happens is an Answer; none of its words is personal data."""
        answer = await create(
            self._rest,
            "Messages.json",
            self._compose(hand_over),
            read=lambda row: self._read_row(hand_over, row),
            refuse=lambda code: self._refuse(hand_over, code),
            now=now,
        )
        return replace(answer, consents=self._note_stop(answer.event, hand_over.address)) if answer.event else answer

    def _compose(self, hand_over: HandOver) -> dict[str, str]:
        settings = self._settings
        service = settings.twilio_messaging_service_sid
        sender = {"MessagingServiceSid": service} if service else {"From": settings.twilio_from or ""}
        return {
            "To": hand_over.address,
            "Body": hand_over.text,
            **sender,
            "StatusCallback": self._rest.callback_url(PATH, hand_over.public_id),
            "ValidityPeriod": str(settings.twilio_validity_seconds),
        }

    async def look_up(self, inquiry: Inquiry, now: datetime) -> Finding:
        """Search by number, sender and time; the same text to the same number is told apart by what is bound already."""
        hand_over = inquiry.hand_over
        service = self._settings.twilio_messaging_service_sid
        query = {"To": hand_over.address, "DateSent>": (inquiry.since - EARLIER).strftime("%Y-%m-%dT%H:%M:%SZ")}
        if service is None:
            query["From"] = self.sender
        return conclude(
            await search(self._rest, "Messages.json", query),
            inquiry,
            matches=lambda row: row.get("body") == hand_over.text and row.get("messaging_service_sid") == service,
            read=lambda row: self._read_row(hand_over, row),
        )

    async def fetch(self, hand_over: HandOver, carrier_id: str) -> Sequence[Event]:
        """Return where a text stands."""
        event = self._read_row(hand_over, await fetch(self._rest, f"Messages/{carrier_id}.json"))
        return [event] if event else []

    async def withdraw(self, carrier_id: str) -> bool:
        """A text that was taken is on its way: nothing can be cancelled."""
        return False

    def _read_row(self, hand_over: HandOver, row: Mapping[str, object]) -> Event | None:
        """Return what a message resource says; nothing where it is none."""
        carrier_id, word = read_text(row.get("sid"), SID), read_text(row.get("status"), WORD)
        if carrier_id is None or word is None:
            return None
        error_code = read_text(row.get("error_code"), CODE)
        return Event(
            event_key=f"{self.name}:{carrier_id}:rest:{word}",
            provider=self.name,
            account=self.account,
            delivery_id=hand_over.delivery_id,
            provider_word=word,
            status=WORDS.get(word),
            error_code=error_code,
            carrier_id=carrier_id,
            dead=error_code in DEAD_CODES[self.channel],
        )

    def _refuse(self, hand_over: HandOver, code: str) -> Event:
        return Event(
            event_key=f"{self.name}:{hand_over.public_id}:rest:{code}",
            provider=self.name,
            account=self.account,
            delivery_id=hand_over.delivery_id,
            provider_word=REFUSED,
            status=DeliveryStatus.SMS_FAILED,
            error_code=code,
            dead=code in DEAD_CODES[self.channel],
        )

    def _note_stop(self, event: Event, address: str) -> Sequence[Consent]:
        """Where Twilio blocks the number for our sender, the citizen has said STOP, though we may never have heard it."""
        if event.error_code not in SUPPRESSED_CODES or not NUMBER.fullmatch(address):
            return ()
        return [Consent(event.event_key, self.channel, self.sender, address, stopped=True)]
