"""Addresses whose next messages stop at a word: they report it, then stay silent for ever, and stay as they
are. Shared by all wires; imports nothing of ours.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

_MOST_SCRIPTS = 100_000


class ScriptError(ValueError):
    """A script that no carrier could follow; the text says what would be accepted."""


class Worded(Protocol):
    @property
    def word(self) -> str: ...


Step = TypeVar("Step", bound=Worded)


class Scripts:
    """By telephone number or e-mail address. A script holds for what is accepted after it."""

    def __init__(self) -> None:
        self._stop_after: dict[str, str] = {}
        self._words: set[str] = set()

    def learn(self, words: Iterable[str]) -> None:
        """A wire says at which words it can stop."""
        self._words.update(words)

    def note(self, address: str, stop_after: str) -> None:
        if stop_after not in self._words:
            raise ScriptError(f"stopAfter must be one of {', '.join(sorted(self._words))}.")
        if len(self._stop_after) >= _MOST_SCRIPTS and address not in self._stop_after:
            raise ScriptError(f"There are {_MOST_SCRIPTS:,} scripts already: delete some first.")
        self._stop_after[address] = stop_after

    def forget(self, address: str | None = None) -> None:
        """One address's, or all."""
        if address is None:
            self._stop_after.clear()
        else:
            self._stop_after.pop(address, None)

    def find(self, address: str) -> str | None:
        """The word after which what goes to this address falls silent."""
        return self._stop_after.get(address)


def cut(steps: Sequence[Step], stop_after: str | None) -> tuple[Step, ...]:
    """Up to and including the first step with that word; all where it does not occur."""
    words = [step.word for step in steps]
    return tuple(steps[: words.index(stop_after) + 1] if stop_after in words else steps)
