"""What a call says, as TwiML: the message twice, the question for the key 1, and what follows it. Imports words.

Every document is built as a tree and written by the standard library, so that no text can become a verb.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

from tocsin.words import Locale

ILLEGAL = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold at all, not even escaped."""

BREAK = re.compile(r"(?s).*[.!?…]\s+|.*\s")
"""The text up to its last sentence, or else up to its last word."""

LONGEST_SAY = 3_000
"""Of percent-encoded characters in one verb; Twilio's voices take from 3,000 bytes, and 4,500 when encoded."""

TIMES = 2
ANSWER_SECONDS = 5
PAUSE_SECONDS = 1
HOLD_SECONDS = 20
"""A mailbox's greeting takes up to half a minute. A line that is given up before its beep leaves no message, and would
count as a citizen who listened."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What we say ourselves in one language."""

    language: str
    question: str
    thanks: str
    goodbye: str
    moment: str
    apology: str


WORDINGS: Mapping[Locale, Wording] = {
    Locale.FR: Wording(
        "fr-CA",
        "Appuyez sur le 1 pour confirmer que vous avez entendu ce message.",
        "Merci, votre réponse est enregistrée. Au revoir.",
        "Au revoir.",
        "Un instant, s'il vous plaît.",
        "Votre réponse n'a pu être enregistrée. Au revoir.",
    ),
    Locale.EN: Wording(
        "en-CA",
        "Press 1 to confirm that you have heard this message.",
        "Thank you, your answer has been recorded. Goodbye.",
        "Goodbye.",
        "One moment, please.",
        "Your answer could not be recorded. Goodbye.",
    ),
}


def compose_message(text: str, locale: Locale, *, answers_to: str | None = None, held: bool = False) -> str:
    """Return the document that speaks a text twice; with `answers_to` (a URL) it asks for the key 1 each time.

    With `held` the line stays open afterwards, until it is known whether a mailbox has answered.
    """
    root = Element("Response")
    parent = root if answers_to is None else ask(root, answers_to)
    for time in range(TIMES):
        if time:
            SubElement(parent, "Pause", length=str(PAUSE_SECONDS))
        say(parent, text, locale)
        if answers_to is not None:
            say(parent, WORDINGS[locale].question, locale)
    if held:
        SubElement(root, "Pause", length=str(HOLD_SECONDS))
    return write(root)


def compose_question(locale: Locale, answers_to: str) -> str:
    """Return the document that asks once more for the key 1."""
    root = Element("Response")
    say(ask(root, answers_to), WORDINGS[locale].question, locale)
    return write(root)


def compose_ending(words: str, locale: Locale) -> str:
    """Return the document that says something and hangs up."""
    root = Element("Response")
    say(root, words, locale)
    SubElement(root, "Hangup")
    return write(root)


def compose_detour(locale: Locale, comes_to: str) -> str:
    """Return the document that asks for patience and comes back to a URL."""
    root = Element("Response")
    say(root, WORDINGS[locale].moment, locale)
    SubElement(root, "Pause", length=str(PAUSE_SECONDS))
    SubElement(root, "Redirect", method="POST").text = comes_to
    return write(root)


def ask(root: Element, answers_to: str) -> Element:
    """Add the verb that waits for one key while what it holds is spoken, and a little longer."""
    return SubElement(
        root,
        "Gather",
        input="dtmf",
        numDigits="1",
        timeout=str(ANSWER_SECONDS),
        actionOnEmptyResult="true",
        method="POST",
        action=answers_to,
    )


def say(parent: Element, text: str, locale: Locale) -> None:
    """Add the verbs that speak a text; none for a text of nothing but blanks."""
    for piece in divide(clean(text)):
        SubElement(parent, "Say", language=WORDINGS[locale].language).text = piece


def clean(text: str) -> str:
    """Return the text without what XML cannot hold, its lines ended as XML ends them."""
    return ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def divide(text: str) -> Iterator[str]:
    """Yield the pieces of a text that one verb can speak, cut after a sentence where there is one."""
    rest = text if text.strip() else ""
    while rest:
        head = rest[: count_fitting(rest)]
        found = BREAK.match(head) if len(head) < len(rest) else None
        piece = found[0] if found else head
        yield piece
        rest = rest[len(piece) :]


def count_fitting(text: str) -> int:
    """Return how many characters of the text one verb can hold."""
    size = 0
    for count, character in enumerate(text):
        size += len(quote(character, safe=""))
        if size > LONGEST_SAY:
            return count
    return len(text)


def write(root: Element) -> str:
    return tostring(root, encoding="unicode")
