"""What Twilio posts while a call lasts: its progress, who answered, keys, and the wish for its document.

Imports events, conversation and webhook.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

from tocsin.database import CONTENDED, UNREACHABLE
from tocsin.events import HandOver
from tocsin.settings import Settings
from tocsin_providers.twilio_voice_conversation import (
    GATHER_PATH,
    MESSAGE_PATH,
    Conversation,
    read_turn,
)
from tocsin_providers.twilio_voice_events import (
    Call,
    read_answerer,
    read_call,
    read_digits,
    read_progress,
    tell_fetch,
)
from tocsin_providers.twilio_webhook import Pairs, find_delivery, read_field, verify_form
from tocsin_providers.webhook import MalformedWebhook, Reader, Reply, Report, Webhook

STATUS_PATH = "/webhooks/twilio/voice/status"
MACHINE_PATH = "/webhooks/twilio/voice/machine"

FIND_SECONDS = 3.0

Find = Callable[[UUID, str], Awaitable[HandOver | None]]


class VoiceWebhooks:
    """Reads one account's webhooks. `find` returns what a delivery of an account has to say."""

    def __init__(self, settings: Settings, conversation: Conversation, find: Find) -> None:
        self._settings = settings
        self._conversation = conversation
        self._find = find

    def readers(self) -> dict[str, Reader]:
        """Return who reads the webhooks of which path."""
        return {
            STATUS_PATH: self.read_status,
            MACHINE_PATH: self.read_machine,
            GATHER_PATH: self.read_gather,
            MESSAGE_PATH: self.read_message,
        }

    async def read_status(self, webhook: Webhook) -> Report:
        """Return what a status callback reports."""
        call, pairs = self._identify(webhook)
        return Report(events=read_progress(call, pairs))

    async def read_machine(self, webhook: Webhook) -> Report:
        """Return who answered. What is to follow after the beep is work for a job: it takes a request to Twilio."""
        call, pairs = self._identify(webhook)
        events = read_answerer(call, read_field(pairs, "AnsweredBy"))
        if not events:
            raise MalformedWebhook("A report of the answering machine detection has an AnsweredBy.")
        return Report(events=events)

    async def read_gather(self, webhook: Webhook) -> Report:
        """Return which key was pressed, and what is said now; a detour carries the key until it is kept."""
        call, pairs = self._identify(webhook)
        turn = read_turn(webhook.raw_query)
        # On a detour the form may tell of no key, or still of the last one: what we wrote down ourselves counts.
        turn = turn if turn.waited else replace(turn, digits=read_field(pairs, "Digits"))
        return Report(
            events=[read_digits(call, turn.digits), *read_answerer(call, read_field(pairs, "AnsweredBy"))],
            reply=make_reply(self._conversation.answer(turn)),
            meanwhile=make_reply(self._conversation.wait(GATHER_PATH, turn)),
        )

    async def read_message(self, webhook: Webhook) -> Report:
        """Return that the call was answered, and the document that was too long to go with the request."""
        call, pairs = self._identify(webhook)
        turn = read_turn(webhook.raw_query)
        detour = make_reply(self._conversation.wait(MESSAGE_PATH, turn))
        try:
            async with asyncio.timeout(FIND_SECONDS):
                hand_over = await self._find(call.delivery_id, call.account) if call.delivery_id else None
        except (*UNREACHABLE, *CONTENDED, TimeoutError):
            return Report(reply=detour)
        if hand_over is None:
            document = self._conversation.hang_up(turn.locale)
        else:
            document = self._conversation.speak(hand_over, after_beep=turn.after_beep)
        events = [tell_fetch(call), *read_answerer(call, read_field(pairs, "AnsweredBy"))]
        return Report(events=events, reply=make_reply(document), meanwhile=detour)

    def _identify(self, webhook: Webhook) -> tuple[Call, Pairs]:
        pairs = verify_form(webhook, self._settings)
        return read_call(pairs, self._settings.twilio_account_sid, find_delivery(webhook.raw_query)), pairs


def make_reply(document: str) -> Reply:
    """Wrap a document as Twilio wants it."""
    return Reply(document.encode(), b"text/xml; charset=utf-8")
