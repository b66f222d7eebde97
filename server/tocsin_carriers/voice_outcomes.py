"""What becomes of a call, by the last two digits of the number it goes to. Imports nothing of ours.

| To ends in | outcome | words reported | SIP | detected as |
|---|---|---|---|---|
| 01 | busy | initiated, busy | 486 | |
| 02 | no answer | initiated, ringing, no-answer | 487 | |
| 03 | fax | initiated, ringing, in-progress, completed | 200 | fax |
| 04 | voicemail, which picks up after 20 to 28 s | the same | 200 | machine |
| 05 | failed (no such number) | initiated, failed | 404 | |
| 07 | failed (handset unreachable) | initiated, failed | 480 | |
| 09 | failed (carrier's fault) | initiated, failed | 503 | |
| 11 | a human who presses 1 | initiated, ringing, in-progress, completed | 200 | human |
| 12 | a human who presses nothing | the same | 200 | human |
| 13 | a human who hangs up before the message | the same | 200 | nothing: too soon |
| 14 | a human taken for a machine, who presses 1 | the same | 200 | machine |
| 15 | a human who says nothing and presses nothing | the same | 200 | unknown |
| 16 | canceled by somebody else while it rings | initiated, ringing, canceled | 487 | |
| 17 | a human who presses 2 | initiated, ringing, in-progress, completed | 200 | human |
| 18 | refused: the number cannot be reached | none: REST 400, 21214 | | |
| 19 | refused: no permission for the region | none: REST 400, 21215 | | |
| else | a human who presses 1 with the probability `presses` | as 11 | 200 | human |

Detection says nothing of a call that ends before its verdict: a message that is to reach a voicemail has to
last longer than the greeting, which takes 6 to 25 s. Whoever would pick up later than the call's Timeout does
not answer (487). The digits mean the same person on every channel: 01 is on the telephone, 02 does not answer,
03 is a fax, 04 has a voicemail, 05 does not exist, 07 is unreachable; 06 refuses texts only.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """`ending` and `sip`: how it ends. `verdict`: human, machine, fax or unknown. `presses`: the key, if any."""

    name: str
    ending: str = "completed"
    sip: int = 200
    rings: bool = True
    verdict: str = "human"
    human: bool = True
    presses: str | None = None
    wavering: bool = False
    hangs_up: bool = False
    refusal: int | None = None


def _failed(sip: int) -> CallOutcome:
    return CallOutcome(name="failed", ending="failed", sip=sip, rings=False)


_ANYONE = CallOutcome(name="human", presses="1", wavering=True)

OUTCOMES: dict[str, CallOutcome] = {
    "01": CallOutcome(name="busy", ending="busy", sip=486, rings=False),
    "02": CallOutcome(name="no answer", ending="no-answer", sip=487),
    "03": CallOutcome(name="fax", verdict="fax", human=False),
    "04": CallOutcome(name="voicemail", verdict="machine", human=False),
    "05": _failed(404),
    "07": _failed(480),
    "09": _failed(503),
    "11": CallOutcome(name="human", presses="1"),
    "12": CallOutcome(name="human"),
    "13": CallOutcome(name="hung up", hangs_up=True),
    "14": CallOutcome(name="human", verdict="machine", presses="1"),
    "15": CallOutcome(name="human", verdict="unknown"),
    "16": CallOutcome(name="canceled", ending="canceled", sip=487),
    "17": CallOutcome(name="human", presses="2"),
    "18": CallOutcome(name="refused", refusal=21214),
    "19": CallOutcome(name="refused", refusal=21215),
}

UNANSWERED = OUTCOMES["02"]


def outcome_of(number: str) -> CallOutcome:
    return OUTCOMES.get(number[-2:], _ANYONE)
