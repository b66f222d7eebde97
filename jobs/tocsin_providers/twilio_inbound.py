"""Texts that citizens write to us: STOP and START become consents, everything else is acknowledged and forgotten.

Twilio answers the citizen and blocks what follows by itself, so that our answer tells it to say nothing. Imports events.
"""

import re
from collections.abc import Mapping

from tocsin.events import Consent
from tocsin.folding import fold
from tocsin.settings import Settings
from tocsin.words import Channel
from tocsin_providers.twilio_webhook import Pairs, find_values, read_field
from tocsin_providers.webhook import MalformedWebhook, Reply, Report

SILENT = Reply(b"<Response/>", b"text/xml")

STOP, START, HELP = "STOP", "START", "HELP"
VOCABULARY: Mapping[str, str] = {
    **dict.fromkeys(("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "arret", "arrete"), STOP),
    **dict.fromkeys(("start", "yes", "unstop"), START),
    **dict.fromkeys(("help", "info"), HELP),
}
"""Whole texts, folded, and what Twilio takes them for."""

STOPPED: Mapping[str, bool] = {STOP: True, START: False}

SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}", re.ASCII)
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
LONGEST_WORD = 64


def read_inbound(pairs: Pairs, settings: Settings, *, provider: str, sender: str) -> Report:
    """Return what a verified inbound text comes to; MalformedWebhook where it is no text to us."""
    sid = read_field(pairs, "MessageSid")
    if not SID.fullmatch(sid) or not read_field(pairs, "To"):
        raise MalformedWebhook("An inbound text has a MessageSid (SM or MM and 32 digits) and a To.")
    stopped = STOPPED.get(find_word(pairs))
    address = read_field(pairs, "From")
    # What is written from a short code or by another messenger is about no number of ours.
    if stopped is None or not NUMBER.fullmatch(address):
        return Report(reply=SILENT)
    said_to = find_sender(pairs, settings, sender)
    return Report(consents=[Consent(f"{provider}:{sid}", Channel.SMS, said_to, address, stopped)], reply=SILENT)


def find_word(pairs: Pairs) -> str:
    """Return what Twilio took the text for, or else what its vocabulary says of the whole body; empty for anything else."""
    opted = read_field(pairs, "OptOutType").upper()
    if opted in (STOP, START, HELP):
        return opted
    bodies = find_values(pairs, "Body")
    body = bodies.pop() if len(bodies) == 1 else ""
    return VOCABULARY.get(fold(body), "") if len(body) <= LONGEST_WORD else ""


def find_sender(pairs: Pairs, settings: Settings, sender: str) -> str:
    """Return to whom it was said: our sender if it is meant, whether by its service or by its number."""
    service, number = read_field(pairs, "MessagingServiceSid"), read_field(pairs, "To")
    if sender in (service, number) or (settings.twilio_from and number == settings.twilio_from):
        return sender
    return service or number
