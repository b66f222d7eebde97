"""What a call says: only our own verbs, in the citizen's language, and of every text all that can be spoken."""

import re
import unicodedata
from random import Random
from xml.etree import ElementTree

import pytest
from providers.voice_forms import hear, list_verbs
from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]

from tocsin.contents import CALL_LENGTH
from tocsin.words import Locale
from tocsin_providers.twilio_voice_script import (
    LONGEST_SAY,
    WORDINGS,
    clean,
    compose_detour,
    compose_ending,
    compose_message,
    compose_question,
)

URL = "https://alerts.exemple.test/webhooks/twilio/voice/gather?delivery=delivery-1&locale=fr&asked=1#rc=5&rp=ct,rt,5xx"
OURS = {"Response", "Say", "Pause", "Gather", "Redirect", "Hangup"}
TEXT = "Évacuez la zone A & B < maintenant."


def same(document: str, expected: VoiceResponse) -> bool:
    """Whether Twilio's own library writes the same document."""
    return ElementTree.canonicalize(document) == ElementTree.canonicalize(str(expected))


def ask(response: VoiceResponse) -> Gather:
    return response.gather(
        input="dtmf", num_digits=1, timeout=5, action_on_empty_result=True, method="POST", action=URL
    )


def test_a_message_is_spoken_twice_with_a_pause() -> None:
    expected = VoiceResponse()
    expected.say(TEXT, language="fr-CA")
    expected.pause(length=1)
    expected.say(TEXT, language="fr-CA")
    assert same(compose_message(TEXT, Locale.FR), expected)


def test_the_line_is_held_until_a_mailbox_has_been_told_apart() -> None:
    expected = VoiceResponse()
    expected.say(TEXT, language="fr-CA")
    expected.pause(length=1)
    expected.say(TEXT, language="fr-CA")
    expected.pause(length=20)
    assert same(compose_message(TEXT, Locale.FR, held=True), expected)


def test_where_it_has_to_be_confirmed_the_key_is_asked_for_after_each_time() -> None:
    expected = VoiceResponse()
    gather = ask(expected)
    for time in range(2):
        if time:
            gather.pause(length=1)
        gather.say(TEXT, language="fr-CA")
        gather.say("Appuyez sur le 1 pour confirmer que vous avez entendu ce message.", language="fr-CA")
    assert same(compose_message(TEXT, Locale.FR, answers_to=URL), expected)


@pytest.mark.parametrize(("locale", "language"), [(Locale.FR, "fr-CA"), (Locale.EN, "en-CA")])
def test_each_language_has_its_voice_and_its_words(locale: Locale, language: str) -> None:
    documents = [
        compose_message("Hello", locale, answers_to=URL),
        compose_question(locale, URL),
        compose_ending(WORDINGS[locale].thanks, locale),
        compose_detour(locale, URL),
    ]
    for document in documents:
        assert {element.get("language") for element in ElementTree.fromstring(document).iter("Say")} == {language}
    words = WORDINGS[locale]
    assert len({words.question, words.thanks, words.goodbye, words.moment, words.apology}) == 5
    assert "1" in words.question


def test_the_words_of_the_languages_differ() -> None:
    assert set(WORDINGS) == set(Locale)
    assert not set(vars_of(Locale.FR)) & set(vars_of(Locale.EN))


def vars_of(locale: Locale) -> list[str]:
    words = WORDINGS[locale]
    return [words.language, words.question, words.thanks, words.goodbye, words.moment, words.apology]


def test_the_question_comes_again_in_a_document_of_its_own() -> None:
    expected = VoiceResponse()
    ask(expected).say(WORDINGS[Locale.EN].question, language="en-CA")
    assert same(compose_question(Locale.EN, URL), expected)


def test_an_ending_hangs_up() -> None:
    expected = VoiceResponse()
    expected.say("Merci", language="fr-CA")
    expected.hangup()
    assert same(compose_ending("Merci", Locale.FR), expected)


def test_a_detour_says_so_and_comes_back() -> None:
    expected = VoiceResponse()
    expected.say("One moment, please.", language="en-CA")
    expected.pause(length=1)
    expected.redirect(URL, method="POST")
    assert same(compose_detour(Locale.EN, URL), expected)


def test_a_text_of_blanks_is_not_spoken_since_the_carrier_would_complain() -> None:
    assert list_verbs(ElementTree.fromstring(compose_message(" \x00\n\t ", Locale.FR))) == ["Response", "Pause"]


def test_a_long_text_is_cut_after_sentences_into_pieces_that_a_voice_can_speak() -> None:
    sentence = "L'eau monte à l'angle de la rue Saint-Édouard : quittez votre maison dès maintenant. "
    text = (sentence * 60)[:CALL_LENGTH]
    once = hear(ElementTree.fromstring(compose_message(text, Locale.FR)))
    assert "".join(once) == text * 2
    assert len(once) == 4
    assert once[0].endswith("maintenant. ")


def test_a_long_text_without_sentences_is_cut_between_words_and_without_words_anywhere() -> None:
    words = hear(ElementTree.fromstring(compose_message("évacuez " * 370, Locale.FR)))
    assert all(piece.endswith(" ") for piece in words)
    letters = hear(ElementTree.fromstring(compose_message("é" * CALL_LENGTH, Locale.FR)))
    assert "".join(letters) == "é" * CALL_LENGTH * 2
    assert max(map(len, letters)) == LONGEST_SAY // 6


HOSTILE = (
    "]]>", "<![CDATA[", "<Dial>+19005550100</Dial>", "</Say><Dial>911</Dial><Say>", "</Response>", "&", "&amp;", "&lt;",
    "&#0;", "&#x1;", "&xxe;", '<!DOCTYPE x [<!ENTITY a "b">]>', "<?xml version='1.0'?>", "<!--", "-->", "<Say/>", "\x00",
    "\x08", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\u200f", "شارع", "עִבְרִית", "\ufeff", "\ufffe", "\uffff",
    "\ud800", "\udfff", "\U0010ffff", "\U0001f6a8", "\r", "\r\n", "\n", "\t", " ", "é", "e\u0301", '"', "'", "<", ">",
    "Évacuez. ", "Zone A! ", "𝕏", "%00", "{", "}", "\\",
)  # fmt: skip


def make_hostile(random: Random) -> str:
    """A text of hostile pieces, some of them cut, and of any characters at all."""
    pieces = [
        random.choice(HOSTILE)[: random.choice((1, 2, 99, 99, 99))]
        if random.random() < 0.8
        else chr(random.randrange(0x110000))
        for _ in range(random.choice((1, 3, 10, 60, 400)))
    ]
    return "".join(pieces)[:CALL_LENGTH]


def is_held(character: str) -> bool:
    """Whether a parser takes the character in a document of XML 1.0."""
    if unicodedata.category(character) == "Cs":
        return False
    try:
        ElementTree.fromstring(f"<a>&#{ord(character)};</a>")
    except ElementTree.ParseError:
        return False
    return True


def check_hostile(count: int, seed: int) -> None:
    random = Random(seed)
    held: dict[str, bool] = {}
    for _ in range(count):
        text = make_hostile(random)
        for character in set(text):
            held.setdefault(character, is_held(character))
        unified = re.sub("\r\n?", "\n", text)
        spoken = "".join(character for character in unified if held.get(character, True))
        locale, url = random.choice(list(Locale)), random.choice((None, URL))
        document = ElementTree.fromstring(compose_message(text, locale, answers_to=url).encode())
        question = WORDINGS[locale].question if url else ""
        expected = spoken + question if spoken.strip() else question
        assert "".join(hear(document)) == expected * 2
        assert set(list_verbs(document)) <= {"Response", "Say", "Pause", *(["Gather"] if url else [])}
        assert [element.get("action") for element in document.iter("Gather")] == ([url] if url else [])
        assert all(set(element.attrib) == {"language"} for element in document.iter("Say"))
        assert clean(text) == spoken


def test_no_hostile_text_becomes_a_verb_and_all_of_it_that_can_be_is_spoken() -> None:
    check_hostile(400, seed=20)


@pytest.mark.proof
def test_none_of_10_000_hostile_texts_becomes_a_verb() -> None:
    check_hostile(10_000, seed=21)


@pytest.mark.parametrize("words", ["<Dial>911</Dial>", "</Say><Redirect>//evil.test</Redirect>", "a]]>b", "\u202eevil"])
def test_no_url_and_no_words_of_any_document_become_a_verb(words: str) -> None:
    url = f"{URL}&a={words}"
    for document in (
        compose_question(Locale.FR, url),
        compose_detour(Locale.FR, url),
        compose_ending(words, Locale.FR),
    ):
        parsed = ElementTree.fromstring(document)
        assert set(list_verbs(parsed)) <= OURS - {"Dial"}
        assert len(list(parsed.iter("Redirect"))) <= 1
