"""Whose turn it is in a lane: rank first, then municipality after municipality, then communication after communication.

What is remembered lives in the memory of whoever works the lane: a crash forgets it, and the round begins anew.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from tocsin.words import WaveKind

VERIFICATION_RANK = 0

RANKS = {WaveKind.INITIAL: 1, WaveKind.RECONTACT: 2, WaveKind.AUTO_REMINDER: 3}
"""What goes before what: somebody waits for a verification, a first attempt is news, a reminder is not."""

Queue: TypeAlias = tuple[int, UUID, UUID | None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A planned delivery near the head of its queue. A verification has no communication."""

    id: UUID
    rank: int
    municipality_id: UUID
    communication_id: UUID | None
    address: str = field(repr=False)

    @property
    def queue(self) -> Queue:
        return self.rank, self.municipality_id, self.communication_id


class Turns:
    """Who was served when: whoever was served longest ago, or never, is next."""

    def __init__(self) -> None:
        self._served: dict[UUID, int] = {}
        self._count = 0

    def deal(self, candidates: Iterable[Candidate], places: int, *, apart: bool = False) -> list[Candidate]:
        """Return at most `places` of the candidates in the order of their turns; with `apart` no two of one address."""
        queues = arrange(candidates)
        self._forget_others(queues)
        dealt: list[Candidate] = []
        addresses: set[str] = set()
        while queues and len(dealt) < places:
            queue = min(queues, key=self._place)
            candidate = queues[queue].popleft()
            if not queues[queue]:
                del queues[queue]
            if not (apart and candidate.address in addresses):
                addresses.add(candidate.address)
                dealt.append(candidate)
                self._serve(queue)
        return dealt

    def _place(self, queue: Queue) -> tuple[int, int, UUID, int, UUID]:
        rank, municipality, communication = queue
        second = communication or municipality
        return rank, self._served.get(municipality, 0), municipality, self._served.get(second, 0), second

    def _serve(self, queue: Queue) -> None:
        self._count += 1
        self._served.update({key: self._count for key in queue[1:] if key is not None})

    def _forget_others(self, queues: Iterable[Queue]) -> None:
        present = {key for queue in queues for key in queue[1:]}
        self._served = {key: turn for key, turn in self._served.items() if key in present}


def arrange(candidates: Iterable[Candidate]) -> dict[Queue, deque[Candidate]]:
    """Return the queues, each in the order in which its deliveries were planned."""
    queues: dict[Queue, deque[Candidate]] = {}
    for candidate in sorted(candidates, key=lambda each: each.id):
        queues.setdefault(candidate.queue, deque()).append(candidate)
    return queues
