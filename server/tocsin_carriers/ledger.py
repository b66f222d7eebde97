"""The truth: what really became of every message, which callbacks it owed and how each was received.
Imports only retries.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Awaitable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

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


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status, or `ct` (no connection), or `rt` (no whole answer in time)."""

    status: int | str
    content_type: str = ""
    body: bytes = b""


class Wire(Protocol):
    """What a carrier's module offers the shared parts: composing (and signing) a callback. Composing may take
    its time; None puts the callback aside, and the wire itself brings it back.
    """

    name: str

    def compose(self, callback: "Callback") -> Outgoing | Awaitable[Outgoing | None] | None: ...


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
    detail: str | None = None
    """What it says beyond its word, where it says more."""

    @property
    def retry_policy(self) -> RetryPolicy:
        return self.entry.retry_policy

    @property
    def report(self) -> tuple[str, int]:
        """The same for every copy of one report."""
        return self.word, self.position

    @property
    def token(self) -> str:
        """The same for every retry and duplicate of one report, another for every other."""
        name = f"{self.entry.sid}:{self.word}:{self.position}:{self.kind is Kind.FORGED}"
        return hashlib.sha256(name.encode()).hexdigest()[:32]

    def conclude(self, answer: Answer) -> None:
        """Called once it is acknowledged or lost, for those that wait for the answer."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """One message (text, call or e-mail) that a carrier accepted, or one inbound message it passed on, or one
    handshake of a subscription.
    """

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
    told: list[str] = field(default_factory=list)
    """Words that a REST answer has shown to whoever asked, whether or not a callback brought them."""

    def tell(self, *words: str | None) -> None:
        self.told += [word for word in dict.fromkeys(words) if word is not None and word not in self.told]

    @property
    def lost_words(self) -> list[str]:
        """True words that no copy brought home and none will."""
        truthful = [callback for callback in self.callbacks if callback.kind is not Kind.FORGED]
        alive = {
            callback.report
            for callback in truthful
            if callback.settlement in (Settlement.OWED, Settlement.ACKNOWLEDGED)
        }
        lost = [callback for callback in truthful if callback.settlement is Settlement.LOST]
        return list(dict.fromkeys(callback.word for callback in lost if callback.report not in alive))

    def details(self) -> dict[str, Any]:
        """What its line in the ledger has beyond those of others."""
        return {}


@dataclass(slots=True)
class Counts:
    """Callbacks, except those up to `twiml_errors`. Forged ones are counted apart and nowhere else but in
    `owed`.
    """

    messages: int = 0
    inbound: int = 0
    handshakes: int = 0
    unanswered: int = 0
    running: int = 0
    twiml_errors: int = 0
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


_COUNTED_AS = {"inbound": "inbound", "handshake": "handshakes"}
"""Entries of these directions are no messages."""


class Ledger:
    """Append-only. Every change of a callback goes through here, so the counts are always those of the
    entries.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.entries: list[Entry] = []
        self.counts = Counts()
        self.by_carrier: defaultdict[str, Counts] = defaultdict(Counts)
        self.refused: dict[int | str, int] = {}
        self.settled = asyncio.Event()
        self.settled.set()

    @property
    def is_full(self) -> bool:
        return len(self.entries) >= self.limit

    def record(self, entry: Entry) -> None:
        if self.is_full:
            raise LedgerFull
        self.entries.append(entry)
        self._count(entry, _COUNTED_AS.get(entry.direction, "messages"))

    def begin(self, entry: Entry) -> None:
        """It goes on: what it will owe is not known yet, so nothing is settled before its end."""
        self._count(entry, "running")
        self._note_settled()

    def end(self, entry: Entry) -> None:
        """Once for each that began."""
        self._count(entry, "running", -1)
        self._note_settled()

    def owe(self, callback: Callback) -> None:
        callback.entry.callbacks.append(callback)
        self._count_owed(callback, 1)
        if callback.kind is not Kind.GENUINE:
            self._count(callback.entry, "duplicates" if callback.kind is Kind.DUPLICATE else "forged")

    def note_attempt(self, callback: Callback, answer: int | str) -> None:
        callback.attempts.append(answer)
        if len(callback.attempts) > 1:
            self._count(callback.entry, "retries")
        elif callback.kind is not Kind.FORGED:
            self._count(callback.entry, "sent")

    def settle(self, callback: Callback, settlement: Settlement) -> None:
        """Once per callback."""
        callback.settlement = settlement
        self._count_owed(callback, -1)
        if callback.kind is not Kind.FORGED:
            self._count(callback.entry, settlement.value)
        elif settlement is Settlement.ACKNOWLEDGED:
            self._count(callback.entry, "forged_accepted")
        if callback.entry.first_settled is not None:
            callback.entry.first_settled.set()

    def note_answer(self, entry: Entry, answer: str) -> None:
        """How the request that made it was answered."""
        entry.answer = answer
        entry.answered = answer == "delivered"
        if not entry.answered:
            self._count(entry, "unanswered")

    def note_twiml_error(self, entry: Entry) -> None:
        """A document that could not be executed."""
        self._count(entry, "twiml_errors")

    def note_refusal(self, code: int | str) -> None:
        """A request that was answered with an error and left no message."""
        self.refused[code] = self.refused.get(code, 0) + 1

    def _count_owed(self, callback: Callback, change: int) -> None:
        self._count(callback.entry, "owed_later" if callback.later else "owed", change)
        self._note_settled()

    def _note_settled(self) -> None:
        if self.counts.owed or self.counts.running:
            self.settled.clear()
        else:
            self.settled.set()

    def _count(self, entry: Entry, name: str, change: int = 1) -> None:
        for counts in (self.counts, self.by_carrier[entry.wire.name]):
            setattr(counts, name, getattr(counts, name) + change)
