"""What Twilio posts while a call lasts, signed by its own library, and what is read of it."""

from collections.abc import Sequence
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx2
from providers.twilio_forms import ACCOUNT, PREVIOUS, QUERY, TOKEN, post

from tocsin.events import Event
from tocsin.settings import read_settings
from tocsin_providers.twilio_voice import TwilioVoice
from tocsin_providers.twilio_voice_conversation import GATHER_PATH, MESSAGE_PATH
from tocsin_providers.twilio_voice_webhooks import MACHINE_PATH, STATUS_PATH
from tocsin_providers.webhook import Reply, Report, Webhook

CALL = "CA" + "5d0f" * 8
SETTINGS = read_settings(
    public_url="https://alerts.exemple.test/",
    twilio_account_sid=ACCOUNT,
    twilio_auth_token=TOKEN,
    twilio_auth_token_previous=PREVIOUS,
    twilio_from="+14185550100",
)
ABOUT = [("AccountSid", ACCOUNT), ("CallSid", CALL)]
ENDS = [
    ("To", "+14185550142"),
    ("From", "+14185550100"),
    ("Direction", "outbound-api"),
    ("ApiVersion", "2010-04-01"),
    ("ToZip", ""),
    ("FromZip", ""),
]
STATUS_FORM = [
    *ABOUT,
    ("CallStatus", "completed"),
    ("CallDuration", "37"),
    ("Duration", "1"),
    ("SipResponseCode", "200"),
    ("SequenceNumber", "3"),
    ("CallbackSource", "call-progress-events"),
    ("Timestamp", "Mon, 23 Nov 2026 22:41:44 +0000"),
    *ENDS,
]
MACHINE_FORM = [*ABOUT, ("AnsweredBy", "machine_end_beep"), ("MachineDetectionDuration", "6140")]
GATHER_FORM = [*ABOUT, ("CallStatus", "in-progress"), ("Digits", "1"), *ENDS]
FETCH_FORM = [*ABOUT, ("CallStatus", "in-progress"), *ENDS]

Form = Sequence[tuple[str, str]]


def open_voice() -> TwilioVoice:
    return TwilioVoice(SETTINGS, httpx2.AsyncClient())


def post_status(form: Form = STATUS_FORM, *, query: str = QUERY) -> Webhook:
    return post(form, query=query, path=STATUS_PATH)


def post_machine(form: Form = MACHINE_FORM, *, query: str = QUERY) -> Webhook:
    return post(form, query=query, path=MACHINE_PATH)


def post_gather(form: Form = GATHER_FORM, *, query: str = f"{QUERY}&locale=fr&asked=1") -> Webhook:
    return post(form, query=query, path=GATHER_PATH)


def post_fetch(form: Form = FETCH_FORM, *, query: str = f"{QUERY}&locale=fr&asked=1") -> Webhook:
    return post(form, query=query, path=MESSAGE_PATH)


def follow(url: str, form: Form) -> Webhook:
    """The request that Twilio makes when a document leads it to a URL of ours."""
    parts = urlsplit(url)
    return post(form, query=parts.query, path=parts.path)


async def read_report(voice: TwilioVoice, webhook: Webhook) -> Report:
    return await voice.readers()[webhook.path](webhook)


async def read_events(voice: TwilioVoice, webhook: Webhook) -> list[Event]:
    return list((await read_report(voice, webhook)).events)


def parse_reply(reply: Reply | None) -> ElementTree.Element:
    """The document of a reply, as Twilio would take it."""
    assert reply is not None
    assert reply.media_type == b"text/xml; charset=utf-8"
    return ElementTree.fromstring(reply.body)


def list_verbs(document: ElementTree.Element) -> list[str]:
    return [element.tag for element in document.iter()]


def hear(document: ElementTree.Element) -> list[str]:
    """What is spoken, verb by verb."""
    return [element.text or "" for element in document.iter("Say")]
