"""When a call is dialled, rings and is answered: its draws, and the happenings they make of an outcome.
Imports disorder, outcomes.
"""

from dataclasses import dataclass
from random import Random

from tocsin_carriers.disorder import CallbackDraws, MessageDraws, draw_callback, draw_message
from tocsin_carriers.voice_outcomes import UNANSWERED, CallOutcome

FINAL_WORDS = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
WORDS = FINAL_WORDS | {"queued", "initiated", "ringing", "in-progress"}
"""All that a call's status can be."""

MOST_REPORTS = 4
_MACHINE_ENDS = ("beep", "beep", "beep", "silence", "other")


@dataclass(frozen=True, slots=True)
class CallDraws:
    """All chance of one call but what its dialogue adds. Simulated seconds, except `reaction` (a share of a
    Gather's timeout) and `wavering` (uniform from 0 to 1).
    """

    message: MessageDraws
    queued: float
    ringing: float
    engaged: float
    human_rings: float
    machine_rings: float
    overtime: float
    hang_up: float
    reaction: float
    wavering: float
    verdicts: dict[str, float]
    machine_end: str
    reports: tuple[CallbackDraws, ...]
    detection: CallbackDraws


@dataclass(frozen=True, slots=True)
class CallHappening:
    """A status that the call truly takes, `at` simulated seconds after acceptance. `sip`: where it ends."""

    at: float
    word: str
    sip: int | None = None


def draw_call(key: str) -> CallDraws:
    random = Random(key)
    return CallDraws(
        message=draw_message(random),
        queued=random.uniform(0.1, 1.0),
        ringing=random.uniform(1.0, 4.0),
        engaged=random.uniform(1.0, 5.0),
        human_rings=random.uniform(3.0, 25.0),
        machine_rings=random.uniform(20.0, 28.0),
        overtime=random.uniform(0.0, 5.0),
        hang_up=random.uniform(0.2, 0.9),
        reaction=random.uniform(0.1, 0.9),
        wavering=random.random(),
        verdicts=_draw_verdicts(random),
        machine_end=random.choice(_MACHINE_ENDS),
        reports=tuple(draw_callback(random) for _ in range(MOST_REPORTS)),
        detection=draw_callback(random),
    )


def _draw_verdicts(random: Random) -> dict[str, float]:
    """How long detection takes; `mistaken`: for a human whom it takes for a machine."""
    return {
        "human": random.uniform(1.5, 4.0),
        "machine_start": random.uniform(2.0, 5.0),
        "machine_end": random.uniform(6.0, 25.0),
        "mistaken": random.uniform(2.0, 5.0),
        "fax": random.uniform(2.0, 6.0),
        "unknown": random.uniform(5.0, 8.0),
    }


def plan_call(
    outcome: CallOutcome, draws: CallDraws, *, dialled_after: float, timeout: float
) -> tuple[CallHappening, ...]:
    """Up to the answer, or to the end of a call that nobody answers. The first happening is the acceptance
    itself, which only the REST answer reports.
    """
    dialled = dialled_after + draws.queued
    happenings = (CallHappening(0.0, "queued"), CallHappening(dialled, "initiated"))
    if not outcome.rings:
        return (*happenings, CallHappening(dialled + draws.engaged, outcome.ending, outcome.sip))
    ringing = dialled + draws.ringing
    return (*happenings, CallHappening(ringing, "ringing"), _end_ringing(outcome, draws, ringing, timeout))


def _end_ringing(outcome: CallOutcome, draws: CallDraws, ringing: float, timeout: float) -> CallHappening:
    rings = draws.human_rings if outcome.human else draws.machine_rings
    if outcome.ending == "canceled":
        return CallHappening(ringing + min(draws.engaged, timeout), outcome.ending, outcome.sip)
    if outcome is UNANSWERED or rings > timeout:
        return CallHappening(ringing + timeout + draws.overtime, UNANSWERED.ending, UNANSWERED.sip)
    return CallHappening(ringing + rings, "in-progress")


def detect(outcome: CallOutcome, draws: CallDraws, *, message_end: bool, timeout: float) -> tuple[str, float]:
    """What detection says of whoever answers, and how many simulated seconds after the answer."""
    verdict, kind = outcome.verdict, outcome.verdict
    if verdict == "machine":
        kind = "machine_end" if message_end else "machine_start"
        verdict = f"machine_end_{draws.machine_end}" if message_end else kind
        kind = "mistaken" if outcome.human else kind
    seconds = draws.verdicts[kind]
    return (verdict, seconds) if seconds <= timeout else ("unknown", timeout)
