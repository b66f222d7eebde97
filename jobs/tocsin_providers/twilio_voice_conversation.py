"""What is said to a citizen on the telephone, turn by turn. Where it stands travels in the signed query of our own URLs.

No turn after the first asks the database, so that a citizen is answered whatever the database does. Imports the script.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tocsin.events import HandOver
from tocsin.words import Locale
from tocsin_providers.twilio_voice_script import (
    WORDINGS,
    compose_detour,
    compose_ending,
    compose_message,
    compose_question,
)
from tocsin_providers.twilio_voice_words import CONFIRMING_DIGIT
from tocsin_providers.twilio_webhook import read_query

GATHER_PATH = "/webhooks/twilio/voice/gather"
MESSAGE_PATH = "/webhooks/twilio/voice/message"

LONGEST_INLINE = 4_000
"""Of characters that a request may carry as TwiML; bytes are counted here, of which there are never fewer."""

ASKS = 3
"""How often the key 1 is asked for, the message itself included."""

DETOURS = 40
"""How often a call is kept waiting for the database, a few seconds each time."""

LOCALES = {locale.value.lower(): locale for locale in Locale}

MakeUrl = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a conversation stands: how often it was asked, how often it had to wait, which key is still to be kept."""

    public_id: str
    locale: Locale = Locale.FR
    asked: int = 1
    waited: int = 0
    digits: str = ""
    after_beep: bool = False

    def spell(self) -> dict[str, str]:
        """Return the turn as fields of a query."""
        fields = {"locale": self.locale.value.lower(), "asked": str(self.asked)}
        if self.waited:
            fields |= {"waited": str(self.waited), "digits": self.digits}
        return fields | ({"beep": "1"} if self.after_beep else {})


def read_turn(raw_query: bytes) -> Turn:
    """Read what `spell` wrote; what is not there is as at the beginning."""
    query = read_query(raw_query)
    return Turn(
        public_id=query.get("delivery", ""),
        locale=LOCALES.get(query.get("locale", ""), Locale.FR),
        asked=read_count(query.get("asked"), 1),
        waited=read_count(query.get("waited"), 0),
        digits=query.get("digits", ""),
        after_beep=query.get("beep") == "1",
    )


def read_count(text: str | None, fallback: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 4 else fallback


class Conversation:
    """Composes what is said. `make_url` takes a path, the delivery's public id and the fields of the query."""

    def __init__(self, make_url: MakeUrl) -> None:
        self._make_url = make_url

    def open(self, hand_over: HandOver, *, after_beep: bool = False) -> dict[str, str]:
        """Return the field that begins it: the document itself, or where to fetch one that is too long to be sent."""
        document = self.speak(hand_over, after_beep=after_beep)
        if len(document.encode()) <= LONGEST_INLINE:
            return {"Twiml": document}
        return {"Url": self._lead(MESSAGE_PATH, Turn(hand_over.public_id, hand_over.locale, after_beep=after_beep))}

    def speak(self, hand_over: HandOver, *, after_beep: bool = False) -> str:
        """Return the message. A voice mailbox is not asked for a key."""
        asks = hand_over.confirmation_required and not after_beep
        turn = Turn(hand_over.public_id, hand_over.locale)
        url = self._lead(GATHER_PATH, turn) if asks else None
        return compose_message(hand_over.text, hand_over.locale, answers_to=url, held=not asks and not after_beep)

    def answer(self, turn: Turn) -> str:
        """Return what follows a key: thanks for the 1, the question again for another or none, in the end a goodbye."""
        wording = WORDINGS[turn.locale]
        if turn.digits == CONFIRMING_DIGIT:
            return compose_ending(wording.thanks, turn.locale)
        if turn.asked >= ASKS:
            return compose_ending(wording.goodbye, turn.locale)
        again = Turn(turn.public_id, turn.locale, asked=turn.asked + 1)
        return compose_question(turn.locale, self._lead(GATHER_PATH, again))

    def wait(self, path: str, turn: Turn) -> str:
        """Return the detour that comes back to a path with all that is known; after many, that it was in vain."""
        if turn.waited >= DETOURS:
            return compose_ending(WORDINGS[turn.locale].apology, turn.locale)
        return compose_detour(turn.locale, self._lead(path, replace(turn, waited=turn.waited + 1)))

    def hang_up(self, locale: Locale) -> str:
        """Return the goodbye to a call that has nothing to say."""
        return compose_ending(WORDINGS[locale].goodbye, locale)

    def _lead(self, path: str, turn: Turn) -> str:
        return self._make_url(path, turn.public_id, **turn.spell())
