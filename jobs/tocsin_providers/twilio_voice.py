"""Calls through Twilio: placing one, asking about it, taking it back, beginning again after a beep. Imports its siblings."""

from collections.abc import Sequence
from datetime import datetime

import httpx2

from tocsin.events import Answer, Event, Finding, HandOver, Inquiry, Restart
from tocsin.handover import describe_delivery
from tocsin.settings import Settings
from tocsin.words import Channel
from tocsin_providers.twilio_answers import read_object, read_text
from tocsin_providers.twilio_hand_over import Row, create, read_code
from tocsin_providers.twilio_inquiry import conclude, fetch, search
from tocsin_providers.twilio_rest import LOST, TwilioRest
from tocsin_providers.twilio_voice_conversation import Conversation
from tocsin_providers.twilio_voice_events import NAME, WORD, read_resource, tell_refusal
from tocsin_providers.twilio_voice_webhooks import MACHINE_PATH, STATUS_PATH, VoiceWebhooks
from tocsin_providers.webhook import Reader

LONGEST_SECONDS = 900
"""No call lasts longer: the longest text twice, a mailbox's greeting before it, and it all again after the beep."""

EVENTS = ["initiated", "ringing", "answered", "completed"]

WITHDRAWN = frozenset({"canceled", "queued", "initiated", "ringing"})
"""What the answer to a cancellation may call a call that nobody has picked up, and now nobody will."""

OVER_CODES = frozenset({"20404", "21220"})
"""The call is not in progress, or not any more."""


class TwilioVoice:
    """The adapter of one account. `client` is shared and closed by its owner."""

    name = NAME
    channel = Channel.CALL

    def __init__(self, settings: Settings, client: httpx2.AsyncClient) -> None:
        self.account = settings.twilio_account_sid
        self.sender = settings.twilio_from or ""
        self._settings = settings
        self._rest = TwilioRest(settings, client)
        self._conversation = Conversation(self._rest.callback_url)
        self._webhooks = VoiceWebhooks(settings, self._conversation, describe_delivery)

    def readers(self) -> dict[str, Reader]:
        """Return who reads the webhooks of which path."""
        return self._webhooks.readers()

    async def send(self, hand_over: HandOver, now: datetime) -> Answer:
        """Place one call, once. Whatever happens is an Answer; none of its words is personal data."""
        return await create(
            self._rest,
            "Calls.json",
            self._compose(hand_over),
            read=lambda row: self._read_row(hand_over, row),
            refuse=lambda code: tell_refusal(self.account, hand_over, code),
            now=now,
        )

    def _compose(self, hand_over: HandOver) -> dict[str, str | list[str]]:
        return {
            "To": hand_over.address,
            "From": self.sender,
            **self._conversation.open(hand_over),
            "StatusCallback": self._rest.callback_url(STATUS_PATH, hand_over.public_id),
            "StatusCallbackEvent": EVENTS,
            "Timeout": str(self._settings.twilio_ring_seconds),
            "TimeLimit": str(LONGEST_SECONDS),
            "MachineDetection": "DetectMessageEnd",
            "AsyncAmd": "true",
            "AsyncAmdStatusCallback": self._rest.callback_url(MACHINE_PATH, hand_over.public_id),
        }

    async def look_up(self, inquiry: Inquiry, now: datetime) -> Finding:
        """Search by number and sender, newest first; the time is looked at here, since a queued call has no StartTime."""
        hand_over = inquiry.hand_over
        query = {"To": hand_over.address, "From": self.sender}
        return conclude(
            await search(self._rest, "Calls.json", query),
            inquiry,
            matches=lambda row: row.get("to") == hand_over.address and row.get("from") == self.sender,
            read=lambda row: self._read_row(hand_over, row),
        )

    async def fetch(self, hand_over: HandOver, carrier_id: str) -> Sequence[Event]:
        """Return where a call stands, and who answered it."""
        row = await fetch(self._rest, f"Calls/{carrier_id}.json")
        return read_resource(self.account, hand_over.delivery_id, row)

    async def withdraw(self, carrier_id: str) -> bool:
        """Cancel a call that is queued or rings; false where somebody has answered it, or it is over, or nobody knows."""
        try:
            response = await self._rest.post(f"Calls/{carrier_id}.json", {"Status": "canceled"})
        except LOST:
            return False
        return response.is_success and read_text(read_object(response.content).get("status"), WORD) in WITHDRAWN

    async def restart(self, hand_over: HandOver, carrier_id: str) -> Restart:
        """Begin the message again, for a voice mailbox that records from now on."""
        script = self._conversation.open(hand_over, after_beep=True)
        try:
            response = await self._rest.post(f"Calls/{carrier_id}.json", script)
        except LOST:
            return Restart.REFUSED
        if response.is_success:
            return Restart.BEGUN
        return Restart.OVER if response.status_code == 404 or read_code(response) in OVER_CODES else Restart.REFUSED

    def _read_row(self, hand_over: HandOver, row: Row) -> Event | None:
        """Return where the call of a resource stands; nothing where it is none."""
        events = read_resource(self.account, hand_over.delivery_id, row)
        return events[0] if events else None
