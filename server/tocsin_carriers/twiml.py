"""TwiML as Twilio reads it: the verbs of a document, or why it is none. What is spoken is kept as seconds and
a language only. Imports nothing of ours.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from sys import intern
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

LARGEST_DOCUMENT = 64 * 1024
CONTENT_TYPES = frozenset({"text/xml", "application/xml"})

NO_XML, NO_SCHEMA, NO_TEXT, NO_TYPE, TOO_LARGE = 12100, 12200, 13520, 12300, 11750
"""Twilio's numbers for what can be wrong with a document."""

OTHER_VERBS = frozenset(
    {"Connect", "Dial", "Echo", "Enqueue", "Leave", "Message", "Pay", "Prompt", "Queue", "Record", "Refer", "Reject"}
    | {"Sms", "Start", "Stop", "Stream"}
)
"""Verbs of Twilio that are not executed here; any other name is no verb at all."""

_LETTERS_A_SECOND = 14.0
_SHORTEST_SPEECH = 1.0
_RECORDING_SECONDS = 5.0
_TONE_SECONDS = 0.5
_LONGEST_LOOP = 1_000
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_KEYS = frozenset("0123456789*#")


class TwimlError(ValueError):
    """A document that cannot be executed: Twilio's number for why, and the verb where that is the reason."""

    def __init__(self, code: int, verb: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.verb = verb


@dataclass(frozen=True, slots=True)
class Sound:
    """Something that takes time, in simulated seconds. `language` and `text`: where it is spoken."""

    seconds: float
    language: str | None = None
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """Waits for keys. `num_digits` is None where only `finish_on_key` or silence ends them."""

    action: str | None
    num_digits: int | None
    timeout: float
    finish_on_key: str
    on_empty: bool
    prompt: tuple[Sound, ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    url: str


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


Verb = Sound | Gather | Redirect | Hangup


def parse(document: bytes) -> tuple[Verb, ...]:
    """The whole document is checked before its first verb is executed."""
    if len(document) > LARGEST_DOCUMENT:
        raise TwimlError(TOO_LARGE)
    if b"<!DOCTYPE" in document:
        raise TwimlError(NO_XML)
    try:
        root = ElementTree.fromstring(document)  # noqa: S314 - small, of this machine, and without entities
    except ElementTree.ParseError as error:
        raise TwimlError(NO_XML) from error
    if root.tag != "Response":
        raise TwimlError(NO_SCHEMA)
    return tuple(_read(element, _VERBS) for element in root)


def _read(element: Element, readers: "dict[str, Callable[[Element], Verb]]") -> Verb:
    reader = readers.get(element.tag)
    if reader is None:
        known = element.tag in OTHER_VERBS or element.tag in _VERBS
        raise TwimlError(NO_SCHEMA, element.tag if known else "unknown")
    return reader(element)


def _say(element: Element) -> Sound:
    text = " ".join("".join(element.itertext()).split())
    language = element.get("language", "en-US")
    if not text:
        raise TwimlError(NO_TEXT)
    if not _LANGUAGE.fullmatch(language):
        raise TwimlError(NO_SCHEMA)
    return Sound(max(_SHORTEST_SPEECH, len(text) / _LETTERS_A_SECOND) * _loop(element), language, intern(text))


def _pause(element: Element) -> Sound:
    return Sound(float(_integer(element, "length", 1)))


def _play(element: Element) -> Sound:
    tones, url = element.get("digits", ""), (element.text or "").strip()
    if not (tones or url):
        raise TwimlError(NO_SCHEMA)
    return Sound((len(tones) * _TONE_SECONDS if tones else _RECORDING_SECONDS) * _loop(element))


def _gather(element: Element) -> Gather:
    _refuse_get(element)
    finish_on_key, digits = element.get("finishOnKey", "#"), element.get("numDigits")
    if "dtmf" not in element.get("input", "dtmf").split() or not set(finish_on_key) <= _KEYS:
        raise TwimlError(NO_SCHEMA)
    return Gather(
        action=element.get("action") or None,
        num_digits=None if digits is None else _integer(element, "numDigits", 1, low=1),
        timeout=float(_integer(element, "timeout", 5)),
        finish_on_key=finish_on_key,
        on_empty=element.get("actionOnEmptyResult", "false").lower() == "true",
        prompt=tuple(sound for child in element if isinstance(sound := _read(child, dict(_SOUNDS)), Sound)),
    )


def _redirect(element: Element) -> Redirect:
    _refuse_get(element)
    url = (element.text or "").strip()
    if not url:
        raise TwimlError(NO_SCHEMA)
    return Redirect(url)


def _hangup(element: Element) -> Hangup:
    return Hangup()


def _loop(element: Element) -> int:
    """0 means without end, which Twilio ends too."""
    return min(_integer(element, "loop", 1) or _LONGEST_LOOP, _LONGEST_LOOP)


def _integer(element: Element, name: str, usual: int, *, low: int = 0) -> int:
    text = element.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) >= low):
        raise TwimlError(NO_SCHEMA)
    return int(text)


def _refuse_get(element: Element) -> None:
    """The simulator only posts."""
    if element.get("method", "POST").upper() != "POST":
        raise TwimlError(NO_SCHEMA)


_SOUNDS: dict[str, Callable[[Element], Sound]] = {"Say": _say, "Pause": _pause, "Play": _play}
_VERBS: dict[str, Callable[[Element], Verb]] = {
    **_SOUNDS,
    "Gather": _gather,
    "Redirect": _redirect,
    "Hangup": _hangup,
}
