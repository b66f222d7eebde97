"""The truth: what really became of every message, which callbacks it owed and how each was received.
Imports only retries.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tocsin_carriers.retries import RetryPolicy


class Kind(StrEnum):
    """Genuine and duplicate callbacks say the truth; a forged one lies and is signed with a wrong key."""

    GENUINE = "genuine"
    DUPLICATE = "duplicate"
    FORGED = "forged"


class Settlement(StrEnum):
    """Owed until acknowledged (2xx), lost (given up), or dropped (its message was cancelled first)."""

    OWED = "owed"
    ACKNOWLEDGED = "acknowledged"
    LOST = "lost"
    DROPPED = "dropped"


class LedgerFull(Exception):
    """No room for another message."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request to the receiver, exactly as it goes out."""

    url: str
    headers: dict[str, str]
    body: bytes


class Wire(Protocol):
    """What a carrier's module offers the shared parts: composing (and signing) a callback."""

    name: str

    def compose(self, callback: "Callback") -> Outgoing: ...


@dataclass(slots=True)
class Callback:
    """One report to deliver. `after`: simulated seconds between acceptance and sending. `later`: may come
    long after all is over.
    """

    entry: "Entry"
    position: int
    word: str
    error_code: int | None
    after: float
    kind: Kind = Kind.GENUINE
    later: bool = False
    attempts: list[int | str] = field(default_factory=list)
    spent: float = 0.0
    settlement: Settlement = Settlement.OWED

    @property
    def token(self) -> str:
        """The same for every retry and duplicate of one report, another for every other."""
        return hashlib.sha256(f"{self.entry.sid}:{self.position}:{self.kind is Kind.FORGED}".encode()).hexdigest()[:32]


@dataclass(slots=True, kw_only=True)
class Entry:
    """One message (or later: call, e-mail) that a carrier accepted, or one inbound message it passed on."""

    sid: str
    wire: Wire
    draw_key: str
    accepted_at: float
    callback_url: str | None
    retry_policy: RetryPolicy
    delivery: str | None = None
    suffix: str = ""
    outcome: str = ""
    final: str = ""
    final_error_code: int | None = None
    direction: str = "outbound"
    silent: bool = False
    answered: bool = False
    answer: str = "pending"
    callbacks: list[Callback] = field(default_factory=list)
    first_settled: asyncio.Event | None = None

    @property
    def lost_words(self) -> list[str]:
        """True words that no copy brought home and none will."""
        truthful = [callback for callback in self.callbacks if callback.kind is not Kind.FORGED]
        alive = {
            callback.position
            for callback in truthful
            if callback.settlement in (Settlement.OWED, Settlement.ACKNOWLEDGED)
        }
        lost = [callback for callback in truthful if callback.settlement is Settlement.LOST]
        return list(dict.fromkeys(callback.word for callback in lost if callback.position not in alive))


@dataclass(slots=True)
class Counts:
    """Callbacks, except `messages`, `inbound` and `unanswered`. Forged ones are counted apart and nowhere
    else but in `owed`.
    """

    messages: int = 0
    inbound: int = 0
    unanswered: int = 0
    owed: int = 0
    owed_later: int = 0
    sent: int = 0
    acknowledged: int = 0
    lost: int = 0
    dropped: int = 0
    duplicates: int = 0
    retries: int = 0
    forged: int = 0
    forged_accepted: int = 0


class Ledger:
    """Append-only. Every change of a callback goes through here, so the counts are always those of the
    entries.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.entries: list[Entry] = []
        self.counts = Counts()
        self.refused: dict[int, int] = {}
        self.settled = asyncio.Event()
        self.settled.set()

    @property
    def is_full(self) -> bool:
        return len(self.entries) >= self.limit

    def record(self, entry: Entry) -> None:
        if self.is_full:
            raise LedgerFull
        self.entries.append(entry)
        if entry.direction == "inbound":
            self.counts.inbound += 1
        else:
            self.counts.messages += 1

    def owe(self, callback: Callback) -> None:
        callback.entry.callbacks.append(callback)
        self._count_owed(callback, 1)
        self.counts.duplicates += callback.kind is Kind.DUPLICATE
        self.counts.forged += callback.kind is Kind.FORGED

    def note_attempt(self, callback: Callback, answer: int | str) -> None:
        callback.attempts.append(answer)
        if len(callback.attempts) > 1:
            self.counts.retries += 1
        elif callback.kind is not Kind.FORGED:
            self.counts.sent += 1

    def settle(self, callback: Callback, settlement: Settlement) -> None:
        """Once per callback."""
        callback.settlement = settlement
        self._count_owed(callback, -1)
        if callback.kind is Kind.FORGED:
            self.counts.forged_accepted += settlement is Settlement.ACKNOWLEDGED
        else:
            setattr(self.counts, settlement.value, getattr(self.counts, settlement.value) + 1)
        if callback.entry.first_settled is not None:
            callback.entry.first_settled.set()

    def note_refusal(self, code: int) -> None:
        """A request that was answered with an error and left no message."""
        self.refused[code] = self.refused.get(code, 0) + 1

    def _count_owed(self, callback: Callback, change: int) -> None:
        if callback.later:
            self.counts.owed_later += change
        else:
            self.counts.owed += change
        if self.counts.owed:
            self.settled.clear()
        else:
            self.settled.set()
