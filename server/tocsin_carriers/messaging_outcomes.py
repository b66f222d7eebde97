"""What becomes of a text, by the last two digits of the number it goes to. Imports nothing of ours.

| To ends in | outcome | words reported | error |
|---|---|---|---|
| 01, 02, 04 | delivered, and its receipt always comes | sent, delivered | |
| 03 | undelivered (landline or fax) | sent, undelivered | 30006 |
| 05 | failed (unknown handset) | failed | 30005 |
| 06 | refused: opted out, until the number sends START | none: REST 400 | 21610 |
| 07 | undelivered (handset unreachable) | sent, undelivered | 30003 |
| 08 | corrected: undelivered, and delivered after all | sent, undelivered, delivered | 30003, then none |
| 09 | failed (unknown carrier error) | failed | 30008 |
| else | delivered; a seeded share of receipts never comes, another is slow | sent, delivered | |

The digits mean the same person on every channel: 01 is on the telephone, 02 does not answer, 03 is a fax,
04 has a voicemail, 05 does not exist, 07 is unreachable.
"""

from dataclasses import dataclass

Step = tuple[str, int | None]
"""A word and the error code that comes with it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`steps`: what happens after the queue. `refusal`: the error that the request gets without consent."""

    name: str
    steps: tuple[Step, ...]
    certain_receipt: bool = True
    refusal: int | None = None


_SENT: Step = ("sent", None)
_DELIVERED: Step = ("delivered", None)
_PLAINLY_DELIVERED = Outcome("delivered", (_SENT, _DELIVERED))
_ANYONE = Outcome("delivered", (_SENT, _DELIVERED), certain_receipt=False)

OUTCOMES: dict[str, Outcome] = {
    "01": _PLAINLY_DELIVERED,
    "02": _PLAINLY_DELIVERED,
    "03": Outcome("undelivered", (_SENT, ("undelivered", 30006))),
    "04": _PLAINLY_DELIVERED,
    "05": Outcome("failed", (("failed", 30005),)),
    "06": Outcome("opted out", (_SENT, _DELIVERED), refusal=21610),
    "07": Outcome("undelivered", (_SENT, ("undelivered", 30003))),
    "08": Outcome("corrected", (_SENT, ("undelivered", 30003), _DELIVERED)),
    "09": Outcome("failed", (("failed", 30008),)),
}

EXPIRED = Outcome("expired", (("failed", 30001),))
"""Whoever it goes to: the text waited longer than its ValidityPeriod."""


def outcome_of(number: str) -> Outcome:
    return OUTCOMES.get(number[-2:], _ANYONE)
