"""What a recipient's deliveries mean together: the meaning itself, in plain Python. Imports words and statuses.

`tocsin.assessment` says the same in SQL for many recipients at once; a property test holds the two together.
A cell packs standing, channel and status of one channel into a number: standing * 1000 + channel * 100 + rank.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.statuses import MEANINGS, DeliveryStatus, Switches, judge
from tocsin.words import Channel, Handling, Outcome, OutcomeReason, SkipReason, Standing


@dataclass(frozen=True, slots=True)
class Attempt:
    """The facts of one delivery that decide; `wave` is the wave's ordinal."""

    channel: Channel
    wave: int
    handling: Handling
    status: DeliveryStatus | None = None
    skip_reason: SkipReason | None = None
    expired: bool = False
    ended: bool = False
    reached_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the deliveries of one recipient come to; `cells` holds the best of each channel that was tried."""

    outcome: Outcome
    reason: OutcomeReason | None
    unconfirmed: bool
    uncertain: int
    pending: int
    contacted_at: datetime | None
    contacted_via: Channel | None
    cells: dict[Channel, int] = field(default_factory=dict)


def stand(attempt: Attempt, switches: Switches) -> Standing | None:
    """Return how one attempt counts; nothing where it was skipped."""
    if attempt.handling is Handling.SKIPPED:
        return None
    if attempt.status is None:
        lost = attempt.expired and attempt.handling not in (Handling.PLANNED, Handling.SENDING)
        return Standing.MISSED if lost else Standing.PENDING
    standing = judge(attempt.status, switches)
    over = standing is Standing.PENDING and (attempt.expired or attempt.ended)
    return Standing.MISSED if over else standing


def assess(attempts: Sequence[Attempt], switches: Switches) -> Assessment:
    """Return what a recipient's attempts of all waves mean together."""
    live = [(attempt, standing) for attempt in attempts if (standing := stand(attempt, switches)) is not None]
    calls = [pair for pair in live if pair[0].channel is Channel.CALL]
    deciding = calls if switches.confirmation_required and calls else live
    outcome = Outcome(min((standing for _, standing in deciding), default=Standing.MISSED))
    unconfirmed = is_unconfirmed(live, switches)
    missed = outcome is Outcome.NOT_CONTACTED
    proof = min(
        ((attempt.reached_at, attempt.channel) for attempt, standing in deciding if standing is Standing.REACHED),
        key=lambda pair: (pair[0] is None, pair),
        default=(None, None),
    )
    return Assessment(
        outcome=outcome,
        reason=explain(attempts, [attempt for attempt, _ in deciding], unconfirmed) if missed else None,
        unconfirmed=unconfirmed,
        uncertain=sum(attempt.handling is Handling.UNCERTAIN for attempt, _ in live),
        pending=sum(standing is Standing.PENDING for _, standing in live),
        contacted_at=proof[0],
        contacted_via=proof[1],
        cells=find_best(live),
    )


def is_unconfirmed(live: Sequence[tuple[Attempt, Standing]], switches: Switches) -> bool:
    """Whether he was reached where the key 1 is asked for, and has not pressed it. A voice mailbox reaches nobody."""
    if not switches.confirmation_required or any(a.status is DeliveryStatus.CALL_CONFIRMED for a, _ in live):
        return False
    return any(
        attempt.status is DeliveryStatus.CALL_COMPLETED
        or (attempt.channel is not Channel.CALL and standing is Standing.REACHED)
        for attempt, standing in live
    )


def explain(attempts: Iterable[Attempt], deciding: Sequence[Attempt], unconfirmed: bool) -> OutcomeReason:
    """Return why he is not contacted: the most telling fact first."""
    if unconfirmed:
        return OutcomeReason.UNCONFIRMED
    failures = [a.status for a in deciding if a.status is not None and MEANINGS[a.status].reason is not None]
    if failures:
        best = max(failures, key=lambda status: (status.rank, -status.channel))
        return MEANINGS[best].reason or OutcomeReason.FAILED
    if any(attempt.status is not None for attempt in deciding):
        return OutcomeReason.NO_RECEIPT
    if any(attempt.handling is Handling.UNCERTAIN for attempt in deciding):
        return OutcomeReason.UNCERTAIN
    if deciding:
        return OutcomeReason.NO_RECEIPT
    if any(attempt.skip_reason is SkipReason.CANCELLED for attempt in attempts):
        return OutcomeReason.CANCELLED
    return OutcomeReason.NO_USABLE_CONTACT_POINT


def find_best(live: Sequence[tuple[Attempt, Standing]]) -> dict[Channel, int]:
    """Return per channel, within its newest wave, the best by standing, then by rank, as a cell."""
    best: dict[Channel, tuple[int, int, int]] = {}
    for attempt, standing in live:
        rank = attempt.status.rank if attempt.status else 0
        mine = (attempt.wave, -standing, rank)
        best[attempt.channel] = max(best.get(attempt.channel, mine), mine)
    return {channel: make_cell(Standing(-standing), channel, rank) for channel, (_, standing, rank) in best.items()}


def make_cell(standing: Standing, channel: Channel, rank: int) -> int:
    """Pack one channel's best; rank 0 where no status is known."""
    return standing * 1000 + channel * 100 + rank


def read_cell(cell: int) -> tuple[Standing, Channel, DeliveryStatus | None]:
    """Unpack what make_cell packed."""
    number = cell % 1000
    return Standing(cell // 1000), Channel(number // 100), DeliveryStatus(number) if number % 100 else None
