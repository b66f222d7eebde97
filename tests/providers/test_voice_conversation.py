"""What a citizen hears after each key, and while the database is slow: always something, and never for ever."""

from dataclasses import replace
from functools import cache
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import httpx2
import pytest
from providers.twilio_forms import DELIVERY, QUERY, change
from providers.voice_forms import (
    GATHER_FORM,
    SETTINGS,
    follow,
    hear,
    list_verbs,
    open_voice,
    parse_reply,
    post_gather,
    read_report,
)

from tocsin.contents import CALL_LENGTH
from tocsin.events import HandOver
from tocsin.statuses import DeliveryStatus
from tocsin.words import Locale
from tocsin_providers.twilio_rest import TwilioRest
from tocsin_providers.twilio_voice import TwilioVoice
from tocsin_providers.twilio_voice_conversation import (
    DETOURS,
    GATHER_PATH,
    LONGEST_INLINE,
    MESSAGE_PATH,
    Conversation,
    Turn,
    read_turn,
)
from tocsin_providers.twilio_voice_script import WORDINGS

HAND_OVER = HandOver(DELIVERY, f"delivery-{DELIVERY.hex}", "+14185550142", "Évacuez.", confirmation_required=True)
BASE = "https://alerts.exemple.test"
FRENCH = WORDINGS[Locale.FR]


@pytest.fixture(scope="module")
def voice() -> TwilioVoice:
    return open_voice()


@pytest.fixture(scope="module")
def conversation() -> Conversation:
    return Conversation(make_url)


@cache
def open_rest() -> TwilioRest:
    return TwilioRest(SETTINGS, httpx2.AsyncClient())


def make_url(path: str, public_id: str, **query: str) -> str:
    return open_rest().callback_url(path, public_id, **query)


async def answer(voice: TwilioVoice, digits: str, *, query: str = f"{QUERY}&locale=fr&asked=1") -> ElementTree.Element:
    report = await read_report(voice, post_gather(change(GATHER_FORM, Digits=digits), query=query))
    return parse_reply(report.reply)


def find_gather(document: ElementTree.Element) -> str:
    (gather,) = document.iter("Gather")
    return gather.attrib["action"]


async def test_the_key_1_is_thanked_for_and_ends_the_call(voice: TwilioVoice) -> None:
    document = await answer(voice, "1")
    assert list_verbs(document) == ["Response", "Say", "Hangup"]
    assert hear(document) == [FRENCH.thanks]


@pytest.mark.parametrize("digits", ["", "2", "#"])
async def test_another_key_or_none_is_asked_again(voice: TwilioVoice, digits: str) -> None:
    document = await answer(voice, digits)
    assert list_verbs(document) == ["Response", "Gather", "Say"]
    assert hear(document) == [FRENCH.question]
    assert find_gather(document) == f"{BASE}{GATHER_PATH}?{QUERY}&locale=fr&asked=2#rc=5&rp=ct,rt,5xx"


async def test_after_being_asked_three_times_he_is_left_in_peace(
    voice: TwilioVoice, conversation: Conversation
) -> None:
    document = ElementTree.fromstring(conversation.speak(HAND_OVER))
    heard = []
    while "Gather" in list_verbs(document):
        heard.append(hear(document))
        webhook = follow(find_gather(document), change(GATHER_FORM, Digits=""))
        document = parse_reply((await read_report(voice, webhook)).reply)
    assert heard == [["Évacuez.", FRENCH.question] * 2, [FRENCH.question], [FRENCH.question]]
    assert (list_verbs(document), hear(document)) == (["Response", "Say", "Hangup"], [FRENCH.goodbye])


async def test_he_may_still_confirm_when_asked_for_the_last_time(voice: TwilioVoice) -> None:
    assert hear(await answer(voice, "1", query=f"{QUERY}&locale=en&asked=3")) == [WORDINGS[Locale.EN].thanks]


@pytest.mark.parametrize(("query", "locale"), [("locale=en", Locale.EN), ("locale=fr", Locale.FR), ("", Locale.FR)])
async def test_his_language_is_the_one_in_the_url(voice: TwilioVoice, query: str, locale: Locale) -> None:
    assert hear(await answer(voice, "", query=f"{QUERY}&{query}")) == [WORDINGS[locale].question]


async def test_while_the_database_is_slow_a_detour_comes_back_with_the_key(voice: TwilioVoice) -> None:
    report = await read_report(voice, post_gather())
    detour = parse_reply(report.meanwhile)
    assert list_verbs(detour) == ["Response", "Say", "Pause", "Redirect"]
    assert hear(detour) == [FRENCH.moment]
    (redirect,) = detour.iter("Redirect")
    assert redirect.text == f"{BASE}{GATHER_PATH}?{QUERY}&locale=fr&asked=1&waited=1&digits=1#rc=5&rp=ct,rt,5xx"
    assert redirect.get("method") == "POST"


@pytest.mark.parametrize("form", [change(GATHER_FORM, Digits=None), change(GATHER_FORM, Digits=""), GATHER_FORM])
async def test_on_the_way_back_the_key_counts_whatever_the_form_says_of_it(
    voice: TwilioVoice, form: list[tuple[str, str]]
) -> None:
    detour = parse_reply((await read_report(voice, post_gather())).meanwhile)
    back = await read_report(voice, follow(detour.findtext("Redirect") or "", form))
    assert [event.status for event in back.events] == [DeliveryStatus.CALL_CONFIRMED]
    assert hear(parse_reply(back.reply)) == [FRENCH.thanks]


async def test_a_detour_after_no_key_is_not_taken_for_a_key_that_the_form_still_tells_of(voice: TwilioVoice) -> None:
    detour = parse_reply((await read_report(voice, post_gather(change(GATHER_FORM, Digits="")))).meanwhile)
    back = await read_report(voice, follow(detour.findtext("Redirect") or "", GATHER_FORM))
    assert [event.status for event in back.events] == [DeliveryStatus.CALL_IN_PROGRESS]
    assert find_gather(parse_reply(back.reply)).count("asked=2") == 1


async def test_detours_come_to_an_end_that_tells_the_truth(voice: TwilioVoice) -> None:
    webhook = post_gather()
    for _ in range(DETOURS):
        document = parse_reply((await read_report(voice, webhook)).meanwhile)
        webhook = follow(document.findtext("Redirect") or "", change(GATHER_FORM, Digits=None))
    report = await read_report(voice, webhook)
    assert hear(parse_reply(report.meanwhile)) == [FRENCH.apology]
    assert list_verbs(parse_reply(report.meanwhile)) == ["Response", "Say", "Hangup"]
    assert hear(parse_reply(report.reply)) == [FRENCH.thanks]
    assert len({event.event_key for event in report.events}) == 1


@pytest.mark.parametrize(
    "query",
    ["asked=", "asked=x", "asked=-1", "asked=1e3", "asked=9999", "asked=1&asked=2", "waited=%C2%B2", "a=" + "&" * 300],
)
async def test_a_query_that_we_did_not_write_is_answered_too(voice: TwilioVoice, query: str) -> None:
    report = await read_report(voice, post_gather(query=query))
    assert hear(parse_reply(report.reply)) == [FRENCH.thanks]
    assert report.meanwhile is not None


def test_a_turn_survives_the_way_there_and_back() -> None:
    turns = [
        Turn("delivery-1"),
        Turn("delivery-1", Locale.EN, asked=2),
        Turn("delivery-1", Locale.EN, asked=3, waited=7, digits="#"),
        Turn("delivery-1", Locale.EN, waited=1, after_beep=True),
    ]
    for turn in turns:
        url = make_url(MESSAGE_PATH, turn.public_id, **turn.spell())
        assert read_turn(urlsplit(url).query.encode()) == turn


def test_a_message_goes_with_the_request_as_long_as_it_fits(conversation: Conversation) -> None:
    (field,) = conversation.open(HAND_OVER).items()
    assert field == ("Twiml", conversation.speak(HAND_OVER))


@pytest.mark.parametrize("text", ["é" * CALL_LENGTH, "&" * CALL_LENGTH, "a" * CALL_LENGTH, "]]>" * 1000])
def test_a_message_that_does_not_fit_is_fetched(conversation: Conversation, text: str) -> None:
    (field,) = conversation.open(replace(HAND_OVER, text=text, locale=Locale.EN)).items()
    assert field == ("Url", f"{BASE}{MESSAGE_PATH}?{QUERY}&locale=en&asked=1#rc=5&rp=ct,rt,5xx")


def test_whatever_the_length_no_request_is_too_long(conversation: Conversation) -> None:
    fits = []
    for length in range(1, CALL_LENGTH, 61):
        for confirmation in (True, False):
            hand_over = replace(HAND_OVER, text="é&a" * (length // 3 + 1), confirmation_required=confirmation)
            document = conversation.open(hand_over).get("Twiml")
            fits.append(document is not None)
            assert document is None or len(document.encode()) <= LONGEST_INLINE
    assert any(fits)
    assert not all(fits)


def test_a_mailbox_is_told_the_message_twice_and_asked_for_nothing(conversation: Conversation) -> None:
    document = ElementTree.fromstring(conversation.open(HAND_OVER, after_beep=True)["Twiml"])
    assert list_verbs(document) == ["Response", "Say", "Pause", "Say"]
    assert hear(document) == ["Évacuez."] * 2


def test_a_long_message_for_a_mailbox_is_fetched_without_the_question(conversation: Conversation) -> None:
    url = conversation.open(replace(HAND_OVER, text="é" * CALL_LENGTH), after_beep=True)["Url"]
    assert parse_qs(urlsplit(url).query)["beep"] == ["1"]
