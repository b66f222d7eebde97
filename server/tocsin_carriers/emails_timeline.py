"""When an e-mail is sent, received, returned or opened: its draws, and the happenings they make of an outcome.
Imports knobs, disorder, outcomes.
"""

import math
from dataclasses import dataclass
from random import Random

from tocsin_carriers.disorder import CallbackDraws, MessageDraws, draw_callback, draw_message
from tocsin_carriers.emails_outcomes import EmailOutcome
from tocsin_carriers.knobs import Knobs

MOST_REPORTS = 6
ACCEPTED = "accepted"
_UNKNOWN = frozenset({"Bounce:Permanent:General", "Bounce:Permanent:NoEmail"})
_MEDIAN_OPEN = 2_400.0
_MEDIAN_COMPLAINT = 7_200.0


@dataclass(frozen=True, slots=True)
class EmailDraws:
    """All chance of one e-mail. Shares are uniform from 0 to 1; `delays` are simulated seconds by the kind of
    step that they come before.
    """

    message: MessageDraws
    delays: dict[str, float]
    slow: float
    late_bounce: float
    opened: float
    complained: float
    callbacks: tuple[CallbackDraws, ...]
    republished: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class EmailHappening:
    """What truly happens, `at` simulated seconds after acceptance. `later`: may come long after all is over."""

    at: float
    word: str
    later: bool = False


def draw_email(key: str) -> EmailDraws:
    random = Random(key)
    return EmailDraws(
        message=draw_message(random),
        delays={
            "Send": random.uniform(0.1, 0.5),
            "Delivery": random.uniform(0.5, 5.0),
            "slow Delivery": random.uniform(60.0, 600.0),
            "DeliveryDelay": random.uniform(30.0, 300.0),
            "Bounce": random.uniform(1.0, 60.0),
            "Reject": random.uniform(0.2, 2.0),
            "Rendering Failure": random.uniform(0.1, 1.0),
            "Complaint": random.uniform(30.0, 600.0),
            "Open": random.uniform(10.0, 120.0),
            "Click": random.uniform(2.0, 60.0),
            "Subscription": random.uniform(5.0, 60.0),
            "later Open": random.lognormvariate(math.log(_MEDIAN_OPEN), 1.0),
            "later Complaint": random.lognormvariate(math.log(_MEDIAN_COMPLAINT), 1.0),
        },
        slow=random.random(),
        late_bounce=random.random(),
        opened=random.random(),
        complained=random.random(),
        callbacks=tuple(draw_callback(random) for _ in range(MOST_REPORTS)),
        republished=tuple(random.random() for _ in range(MOST_REPORTS)),
    )


def timeline(outcome: EmailOutcome, draws: EmailDraws, knobs: Knobs) -> tuple[EmailHappening, ...]:
    """The first happening is the acceptance itself, which only the REST answer reports."""
    happenings = [EmailHappening(0.0, ACCEPTED)]
    for word in _steps(outcome, draws, knobs):
        before = happenings[-1]
        happenings.append(EmailHappening(before.at + draws.delays[_pace(word, before.word, draws, knobs)], word))
    if outcome.anyone:
        happenings += _aftermath(happenings[-1].at, draws, knobs)
    return tuple(happenings)


def _steps(outcome: EmailOutcome, draws: EmailDraws, knobs: Knobs) -> tuple[str, ...]:
    """A share of those who do not exist is found out about by the receiving side, after it took the e-mail."""
    if len(outcome.steps) == 2 and outcome.steps[1] in _UNKNOWN and draws.late_bounce < knobs.bounces_late:
        return (outcome.steps[0], "Delivery", outcome.steps[1])
    return outcome.steps


def _pace(word: str, before: str, draws: EmailDraws, knobs: Knobs) -> str:
    kind = word.partition(":")[0]
    slow = draws.slow < knobs.deliveries_slow or before == "DeliveryDelay"
    return "slow Delivery" if kind == "Delivery" and slow else kind


def _aftermath(at: float, draws: EmailDraws, knobs: Knobs) -> list[EmailHappening]:
    later = []
    if draws.opened < knobs.opens:
        later.append(EmailHappening(at + draws.delays["later Open"], "Open", later=True))
    if draws.complained < knobs.complaints:
        later.append(EmailHappening(at + draws.delays["later Complaint"], "Complaint:abuse", later=True))
    return sorted(later, key=lambda happening: happening.at)
