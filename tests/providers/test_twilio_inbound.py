"""What citizens write to us: which texts are a STOP or a START, of whom and to whom, and that nothing else is kept."""

import logging
from dataclasses import replace
from random import Random

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from providers.test_twilio_mutants import mutate
from providers.twilio_forms import ACCOUNT, FORM, PATH, SETTINGS, change, post
from structlog.testing import capture_logs

from tocsin.events import Consent
from tocsin.settings import read_settings
from tocsin.words import Channel
from tocsin_providers.twilio_answers import SUPPRESSED_CODES
from tocsin_providers.twilio_inbound import VOCABULARY
from tocsin_providers.twilio_messaging import INBOUND_PATH, TwilioMessaging
from tocsin_providers.webhook import ForgedWebhook, MalformedWebhook, Report, Webhook

NUMBER, SERVICE = "+14185550100", "MG" + "2" * 32
CITIZEN = "+14185550142"
SID = "SM" + "7c1e" * 8
TEXT = [
    ("AccountSid", ACCOUNT),
    ("ApiVersion", "2010-04-01"),
    ("Body", "STOP"),
    ("From", CITIZEN),
    ("FromCity", ""),
    ("MessageSid", SID),
    ("NumMedia", "0"),
    ("To", NUMBER),
]


def configure(**overrides: object) -> TwilioMessaging:
    given_settings = SETTINGS.model_dump() | {"twilio_from": NUMBER, **overrides}
    return TwilioMessaging(read_settings(**given_settings), httpx2.AsyncClient())


MESSAGING = configure()


@pytest.fixture
def messaging() -> TwilioMessaging:
    return MESSAGING


def write(form: list[tuple[str, str]] = TEXT, *, token: str = SETTINGS.twilio_auth_token) -> Webhook:
    return post(form, token=token, query="", path=INBOUND_PATH)


async def read(messaging: TwilioMessaging, **fields: str | None) -> Report:
    extra = [(name, value) for name, value in fields.items() if value is not None and name not in dict(TEXT)]
    return await messaging.readers()[INBOUND_PATH](write([*change(TEXT, **fields), *extra]))


async def test_stop_is_a_citizens_word_about_our_number(messaging: TwilioMessaging) -> None:
    report = await read(messaging)
    assert report.consents == [Consent(f"twilio_messaging:{SID}", Channel.SMS, NUMBER, CITIZEN, stopped=True)]
    assert report.events == ()


@pytest.mark.parametrize("body", ["START", "start", " Yes\n", "unstop"])
async def test_start_takes_it_back(messaging: TwilioMessaging, body: str) -> None:
    [consent] = (await read(messaging, Body=body)).consents
    assert consent.stopped is False


@pytest.mark.parametrize(
    "body", ["STOP", "stop", " Stop ", "StopAll", "unsubscribe", "CANCEL", "end", "Quit", "ARRET", "arrêt", "ARRÊTE"]
)
async def test_each_word_for_stop_stops_whatever_its_case_and_accents(messaging: TwilioMessaging, body: str) -> None:
    [consent] = (await read(messaging, Body=body)).consents
    assert consent.stopped is True


@pytest.mark.parametrize(
    "body", ["", "Stop please", "Ne pas arrêter", "HELP", "info", "s t o p", "stop" + " " * 100 + ".", "Y", "STOP\x00"]
)
async def test_any_other_text_is_acknowledged_and_nothing_of_it_is_kept(messaging: TwilioMessaging, body: str) -> None:
    report = await read(messaging, Body=body)
    assert (report.events, report.consents) == ((), ())
    assert report.reply is not None


@pytest.mark.parametrize(
    ("kind", "body", "stopped"),
    [("STOP", "Assez!", True), ("start", "Encore", False), ("HELP", "STOP", None), ("NEWS", "STOP", True)],
)
async def test_what_twilio_took_it_for_goes_before_the_words(
    messaging: TwilioMessaging, kind: str, body: str, stopped: bool | None
) -> None:
    consents = (await read(messaging, Body=body, OptOutType=kind)).consents
    assert [consent.stopped for consent in consents] == ([] if stopped is None else [stopped])


async def test_the_answer_tells_twilio_to_say_nothing(messaging: TwilioMessaging) -> None:
    reply = (await read(messaging, Body="Merci")).reply
    assert reply is not None
    assert (reply.body, reply.media_type) == (b"<Response/>", b"text/xml")


@pytest.mark.parametrize(
    ("service", "form", "sender"),
    [
        (None, {"To": NUMBER}, NUMBER),
        (None, {"To": "+14185550101"}, "+14185550101"),
        (None, {"To": NUMBER, "MessagingServiceSid": SERVICE}, NUMBER),
        (SERVICE, {"To": "+14185550177", "MessagingServiceSid": SERVICE}, SERVICE),
        (SERVICE, {"To": NUMBER}, SERVICE),
        (SERVICE, {"To": "+14185550177"}, "+14185550177"),
        (SERVICE, {"To": "+14185550177", "MessagingServiceSid": "MG" + "3" * 32}, "MG" + "3" * 32),
    ],
)
async def test_it_is_said_to_the_sender_that_it_was_written_to(
    service: str | None, form: dict[str, str], sender: str
) -> None:
    [consent] = (await read(configure(twilio_messaging_service_sid=service), **form)).consents
    assert consent.sender == sender


@pytest.mark.parametrize("number", ["12345", "whatsapp:+14185550142", "Alertes", "", "+0418", "+1418555014200000"])
async def test_who_is_no_telephone_number_has_no_contact_point(messaging: TwilioMessaging, number: str) -> None:
    assert (await read(messaging, From=number)).consents == ()


@pytest.mark.parametrize(
    "fields",
    [{"MessageSid": None}, {"MessageSid": SID[:-1]}, {"To": None}, {"To": "x" * 65}, {"From": "\x00"}],
    ids=repr,
)
async def test_what_is_no_text_is_malformed(messaging: TwilioMessaging, fields: dict[str, str | None]) -> None:
    with pytest.raises(MalformedWebhook):
        await read(messaging, **fields)


async def test_what_the_account_has_not_signed_stops_nobody(messaging: TwilioMessaging) -> None:
    for webhook in (
        write(token="forged"),
        write(change(TEXT, AccountSid="AC" + "2" * 32)),
        replace(write(), path=PATH),
    ):
        with pytest.raises(ForgedWebhook):
            await messaging.read_inbound(webhook)


async def test_neither_text_nor_number_reaches_a_log(
    messaging: TwilioMessaging, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), capture_logs() as logs:
        await read(messaging, Body="Mon voisin est malade")
        await read(messaging)
    assert not caplog.text
    assert not logs


def test_the_vocabulary_is_folded_and_whole() -> None:
    words = "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT ARRET ARRETE START YES UNSTOP HELP INFO"
    assert set(VOCABULARY) == {word.lower() for word in words.split()}


@pytest.mark.parametrize("code", sorted(SUPPRESSED_CODES))
async def test_a_report_that_the_number_is_blocked_is_a_stop(messaging: TwilioMessaging, code: str) -> None:
    report = await messaging.read(post(change(FORM, MessageStatus="failed", ErrorCode=code)))
    [event] = report.events
    assert report.consents == [Consent(event.event_key, Channel.SMS, NUMBER, "+14185550142", stopped=True)]


async def test_another_failure_is_no_stop(messaging: TwilioMessaging) -> None:
    assert (await messaging.read(post(change(FORM, MessageStatus="failed", ErrorCode="30005")))).consents == []


@settings(max_examples=1500, deadline=None)
@given(seed=st.integers(0, 2**32), part=st.sampled_from(["body", "raw_query", "path", "signature", "type"]))
async def test_whatever_the_bytes_it_is_the_same_consent_none_or_a_refusal(seed: int, part: str) -> None:
    messaging, random, webhook = MESSAGING, Random(seed), write()
    if part == "body":
        webhook = replace(webhook, body=mutate(webhook.body, random))
    elif part == "raw_query":
        webhook = replace(webhook, raw_query=mutate(webhook.raw_query, random))
    elif part == "path":
        webhook = replace(webhook, path=mutate(webhook.path.encode(), random).decode("utf-8", "surrogateescape"))
    else:
        name = b"x-twilio-signature" if part == "signature" else b"content-type"
        webhook = replace(webhook, headers={**webhook.headers, name: mutate(webhook.headers[name], random)})
    try:
        report = await messaging.read_inbound(webhook)
    except (ForgedWebhook, MalformedWebhook):
        return
    whole = await messaging.read_inbound(write())
    assert list(report.consents) in ([], list(whole.consents))


@settings(max_examples=500, deadline=None)
@given(
    fields=st.dictionaries(
        st.sampled_from(["MessageSid", "Body", "From", "To", "OptOutType", "MessagingServiceSid"]),
        st.text(st.characters(exclude_categories=["Cs"])),
    )
)
async def test_whatever_is_signed_is_a_consent_that_can_be_stored_or_nothing_or_a_refusal(
    fields: dict[str, str],
) -> None:
    try:
        report = await read(MESSAGING, **fields)
    except MalformedWebhook:
        return
    for consent in report.consents:
        kept = [consent.event_key, consent.sender, consent.address]
        assert all("\x00" not in text and text.encode() and len(text) <= 200 for text in kept)
