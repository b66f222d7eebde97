"""How a document plays in time to somebody who presses a key, or none. Imports TwiML only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tocsin_carriers.twiml import Gather, Hangup, Redirect, Sound, Verb

_SECOND_KEY = 1.0
"""Seconds between a key and the one that says that there are no more."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence that was heard to its end, at an instant."""

    until: float
    language: str
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a Gather collected; `action` as the document has it."""

    action: str | None
    digits: str
    finished_on: str


@dataclass(frozen=True, slots=True)
class Performance:
    """What is spoken until the instant `at`, and what decides then: an address, or nothing (it hangs up)."""

    spoken: tuple[Spoken, ...]
    at: float
    then: Gathered | Redirect | None


def perform(verbs: Sequence[Verb], at: float, *, presses: str | None, reaction: float) -> Performance:
    """`presses`: the key, pressed `reaction` (a share of its timeout) after the prompt of the first Gather."""
    spoken: list[Spoken] = []
    for verb in verbs:
        match verb:
            case Sound():
                at = _hear([verb], at, spoken)
            case Gather():
                at = _hear(verb.prompt, at, spoken)
                gathered, seconds = _gather(verb, presses, reaction)
                at += seconds
                if gathered is not None:
                    return Performance(tuple(spoken), at, gathered)
            case Redirect():
                return Performance(tuple(spoken), at, verb)
            case Hangup():
                break
    return Performance(tuple(spoken), at, None)


def _hear(sounds: Iterable[Sound], at: float, spoken: list[Spoken]) -> float:
    for sound in sounds:
        at += sound.seconds
        if sound.language is not None:
            spoken.append(Spoken(at, sound.language, sound.text))
    return at


def _gather(gather: Gather, key: str | None, reaction: float) -> tuple[Gathered | None, float]:
    """What it collects, if that is to be reported, and how long that takes after the prompt."""
    if key is None or key in gather.finish_on_key:
        return (Gathered(gather.action, "", "") if gather.on_empty else None), gather.timeout
    pressed = gather.timeout * reaction
    if gather.num_digits == 1:
        return Gathered(gather.action, key, ""), pressed
    end = gather.finish_on_key[:1]
    return Gathered(gather.action, key, end), pressed + (_SECOND_KEY if end else gather.timeout)
