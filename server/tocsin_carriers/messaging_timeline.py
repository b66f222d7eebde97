"""When a text is queued, sent and received: its draws, and the happenings they make of an outcome.
Imports knobs, disorder, outcomes.
"""

import math
from dataclasses import dataclass
from random import Random

from tocsin_carriers.disorder import CallbackDraws, MessageDraws, draw_callback, draw_message
from tocsin_carriers.knobs import Knobs
from tocsin_carriers.messaging_outcomes import EXPIRED, Outcome

MOST_REPORTS = 6
WORDS = frozenset(
    {"accepted", "scheduled", "queued", "sending", "sent", "delivered", "undelivered", "failed", "canceled"}
)
"""All that a text's status can be."""
_MEDIAN_RECEIPT = 4.0
_MEDIAN_CORRECTION = 20.0
_RECEIPT_SIGMA = 0.8
_SLOW_RECEIPT = (600.0, 1800.0)


@dataclass(frozen=True, slots=True)
class TextDraws:
    """All chance of one text. `never` and `slow` are uniform from 0 to 1, the others simulated seconds."""

    message: MessageDraws
    queued: float
    sent: float
    receipt: float
    slow_receipt: float
    correction: float
    never: float
    slow: float
    callbacks: tuple[CallbackDraws, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """A status that the message truly takes, `at` simulated seconds after acceptance."""

    at: float
    word: str
    error_code: int | None = None


def draw_text(key: str) -> TextDraws:
    random = Random(key)
    return TextDraws(
        message=draw_message(random),
        queued=random.uniform(0.02, 0.15),
        sent=random.uniform(0.2, 3.0),
        receipt=random.lognormvariate(math.log(_MEDIAN_RECEIPT), _RECEIPT_SIGMA),
        slow_receipt=random.uniform(*_SLOW_RECEIPT),
        correction=random.lognormvariate(math.log(_MEDIAN_CORRECTION), _RECEIPT_SIGMA),
        never=random.random(),
        slow=random.random(),
        callbacks=tuple(draw_callback(random) for _ in range(MOST_REPORTS)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """How the text enters the queue: its first word, when its queue begins, how long it may stay there."""

    word: str
    queue_after: float = 0.0
    validity_seconds: float = 36_000.0


def timeline(outcome: Outcome, draws: TextDraws, knobs: Knobs, beginning: Beginning) -> tuple[Happening, ...]:
    """The first happening is the acceptance itself, which only the REST answer reports."""
    if draws.sent > beginning.validity_seconds:
        outcome = EXPIRED
    start = beginning.queue_after
    happenings = [Happening(0.0, beginning.word)]
    if beginning.word != "queued":
        happenings.append(Happening(start + draws.queued, "queued"))
    if knobs.sending_word:
        happenings.append(Happening(start + draws.queued + (draws.sent - draws.queued) / 2, "sending"))
    at = start
    for (word, error_code), delay in zip(_steps(outcome, draws, knobs), _delays(draws, knobs), strict=False):
        at += delay
        happenings.append(Happening(at, word, error_code))
    return tuple(happenings)


def _steps(outcome: Outcome, draws: TextDraws, knobs: Knobs) -> tuple[tuple[str, int | None], ...]:
    never = not outcome.certain_receipt and draws.never < knobs.receipts_never
    return outcome.steps[:1] if never else outcome.steps


def _delays(draws: TextDraws, knobs: Knobs) -> tuple[float, float, float]:
    slow = draws.slow < knobs.receipts_slow
    return draws.sent, draws.slow_receipt if slow else draws.receipt, draws.correction
