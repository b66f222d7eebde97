"""What a sentence to a client has to be: one sentence that says what to do, and nothing of our insides."""

import re

INSIDE = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE)\b.*\b(FROM|INTO|SET|WHERE)\b|Traceback|\b\w+(Error|Exception)\b|0x[0-9a-f]{4}"
    r"|\b(tocsin|asyncpg|tortoise|strawberry|pydantic|uvicorn)\b|\bNoneType\b|<(class|function|object|module|tocsin)\b|\.py\b|(^|\s)/\w+/\w",
    re.IGNORECASE,
)
"""Statements, faults and modules of ours or of a library, addresses in memory, paths of a machine."""

SENTENCE_END = re.compile(r"[.?!](?=\s+[A-ZÀ-Þ])")

VERBS = frozenset(
    """accept ask check choose come complete correct delete divide exchange give keep leave log make name press put read
    remove repeat say search send set subscribe take tell try use wait write""".split()  # noqa: SIM905 - read as a list
)
"""With one of these, in the imperative, a clause says what to do."""


def find_faults(sentence: str) -> list[str]:
    """Return what is wrong with a sentence."""
    wrong = {
        "it has no full stop": not sentence.endswith("."),
        "it is more than one sentence": bool(SENTENCE_END.search(sentence)) or "\n" in sentence,
        "it begins small": not re.match(r"[A-ZÀ-Þ`$\d]", sentence),
        "it shows our insides": bool(INSIDE.search(sentence)),
        "it does not say what to do": not find_advice(sentence),
    }
    return [fault for fault, found in wrong.items() if found]


def find_advice(sentence: str) -> bool:
    """Whether some clause begins with an imperative."""
    clauses = re.split(r"[;:,]\s+(?:or\s+|and\s+|then\s+)?", sentence.rstrip("."))
    return any(clause.split(" ")[0].lower() in VERBS for clause in clauses if clause)
