"""Chance, drawn once per message from the seed, its address and its ordinal there. Imports knobs and kinds.

Every draw is made whatever the knobs say, in one fixed order; turning a knob therefore changes what is done
with a draw and never the draws that follow it. The key is in the ledger, so any draw can be made again.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tocsin_carriers.knobs import Knobs
from tocsin_carriers.ledger import Kind

_MEDIAN_LATENCY = 0.08
_EXTRA_DELAY = (1.0, 30.0)
_ECHO_DELAY = (0.0, 5.0)


@dataclass(frozen=True, slots=True)
class MessageDraws:
    """Uniform draws from 0 to 1, compared with the share of the same name."""

    silent: float
    early: float
    lost_answer: float
    hanging_answer: float
    error_after_accept: float


@dataclass(frozen=True, slots=True)
class CallbackDraws:
    """What happens to one report on its way. Delays in simulated seconds, the others uniform from 0 to 1."""

    latency: float
    delayed: float
    extra_delay: float
    duplicated: float
    echo_delay: float
    forged: float
    forged_delay: float
    place: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """When (simulated seconds after acceptance) a copy of which report is to be sent."""

    position: int
    after: float
    kind: Kind


def draw_key(seed: int, channel: str, address: str, ordinal: int) -> str:
    """What a message's draws begin with: the nth message to an address is lucky or not whatever goes on
    around it.
    """
    return hashlib.sha256(f"{seed}:{channel}:{address}:{ordinal}".encode()).hexdigest()[:16]


def draw_message(random: Random) -> MessageDraws:
    return MessageDraws(*(random.random() for _ in range(5)))


def draw_callback(random: Random) -> CallbackDraws:
    return CallbackDraws(
        latency=random.lognormvariate(math.log(_MEDIAN_LATENCY), 1.0),
        delayed=random.random(),
        extra_delay=random.uniform(*_EXTRA_DELAY),
        duplicated=random.random(),
        echo_delay=random.uniform(*_ECHO_DELAY),
        forged=random.random(),
        forged_delay=random.uniform(*_ECHO_DELAY),
        place=random.random(),
    )


def spread(happenings: Sequence[float], draws: Sequence[CallbackDraws], knobs: Knobs, *, early: bool) -> list[Arrival]:
    """Turn the instants at which things truly happen into the instants at which they are reported, with all
    copies.
    """
    instants = [at + _transit(draw, knobs) for at, draw in zip(happenings, draws, strict=False)]
    if knobs.shuffle:
        shuffled = sorted(range(len(instants)), key=lambda position: draws[position].place)
        instants = [instants[position] for position in shuffled]
    if early and instants:
        instants[0] = 0.0
    arrivals = []
    for position, (after, draw) in enumerate(zip(instants, draws, strict=False)):
        arrivals.append(Arrival(position, after, Kind.GENUINE))
        if draw.duplicated < knobs.duplicates:
            arrivals.append(Arrival(position, after + draw.echo_delay, Kind.DUPLICATE))
        if draw.forged < knobs.bad_signature:
            arrivals.append(Arrival(position, after + draw.forged_delay, Kind.FORGED))
    return sorted(arrivals, key=lambda arrival: arrival.after)


def _transit(draw: CallbackDraws, knobs: Knobs) -> float:
    return draw.latency + (draw.extra_delay if draw.delayed < knobs.delayed else 0.0)
