"""What is done about a call that goes on: after a mailbox's beep its message begins again. Imports mailboxes, handover."""

from typing import Protocol, runtime_checkable
from uuid import UUID

import structlog

from tocsin.due import Lease, finish_work, postpone_work
from tocsin.events import HandOver, Restart
from tocsin.handover import describe_delivery
from tocsin.mailboxes import Recording, find_recording, note_restart
from tocsin.verification_words import put_into_words
from tocsin.words import Channel
from tocsin_jobs.workshop import Workshop

WORTHWHILE_SECONDS = 60.0
"""Mailboxes hang up on silence; after that there is nobody to speak to."""

RETRY_SECONDS = 2.0

log = structlog.get_logger(__name__)


@runtime_checkable
class Speaker(Protocol):
    """A carrier that can begin a call's message again while it lasts."""

    @property
    def account(self) -> str: ...

    async def restart(self, hand_over: HandOver, carrier_id: str) -> Restart:
        """Begin again; nothing that a carrier or the network does raises."""


async def restart_call(shop: Workshop, lease: Lease) -> None:
    """Begin a message again for the mailbox that records it, or leave it after a minute: the delivery stands as it is."""
    recording = await find_recording(lease.subject_id)
    if recording is not None:
        result = await speak(shop, lease.subject_id, recording)
        if result is Restart.REFUSED and recording.seconds < WORTHWHILE_SECONDS:
            await postpone_work(lease, RETRY_SECONDS)
            return
        if result is Restart.BEGUN:
            await note_restart(lease.subject_id, recording)
        log.info("mailbox", delivery=str(lease.subject_id), result=result.name)
    await finish_work(lease)


async def speak(shop: Workshop, delivery_id: UUID, recording: Recording) -> Restart:
    """Ask the carrier that placed the call; OVER where that one is not set up here any more."""
    provider = shop.providers.get(Channel.CALL)
    hand_over = await describe_delivery(delivery_id, recording.account)
    if hand_over is None or not isinstance(provider, Speaker) or provider.account != recording.account:
        return Restart.OVER
    worded = put_into_words(hand_over, Channel.CALL, shop.settings)
    return await provider.restart(worded, recording.carrier_id)
