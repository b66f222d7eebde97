"""What is not as it should be, in one line: what, why it matters, how to mend it. Imports errors."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from tocsin.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. A fault keeps something from working; the rest is advice."""

    what: str
    why: str
    how: str
    fault: bool = True

    def __str__(self) -> str:
        return f"{'FAULT' if self.fault else 'ADVICE'}: {self.what}: {self.why}. {self.how}."


Findings = AsyncIterator[Finding]


def explain(error: ConfigurationError) -> Finding:
    """Return what a process would say that does not start."""
    what, _, how = error.message.rstrip(".").partition("; ")
    return Finding(what, "neither serve nor work starts", how[:1].upper() + how[1:] or "Correct the setting")
