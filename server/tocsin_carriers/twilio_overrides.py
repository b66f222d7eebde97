"""Twilio's connection overrides: the `#rc=5&rp=ct,5xx` behind a callback URL, which never leaves Twilio.
Imports retries only.
"""

from functools import lru_cache

from tocsin_carriers.retries import RetryPolicy

_TOTAL_MS = 15_000
_RANGES = {"ct": (100, 10_000), "rt": (100, 15_000), "tt": (100, _TOTAL_MS), "rc": (0, 5)}
_DEFAULTS = {"ct": 5_000, "rt": 15_000, "tt": _TOTAL_MS, "rc": 1}
_FAILURES = frozenset({"4xx", "5xx", "ct", "rt"})


class OverrideError(ValueError):
    """A key outside its range; the text names it."""


def split_overrides(url: str) -> tuple[str, RetryPolicy]:
    """The address to call, and how to insist. Without a fragment: one retry, and only if no connection was
    made.
    """
    address, _, fragment = url.partition("#")
    return address, _policy(fragment)


def usual_policy() -> RetryPolicy:
    return _policy("")


@lru_cache(maxsize=256)
def _policy(fragment: str) -> RetryPolicy:
    pairs = dict(pair.partition("=")[::2] for pair in fragment.split("&") if pair)
    numbers = {name: _number(name, pairs.get(name)) for name in _RANGES}
    return RetryPolicy(
        retries=numbers["rc"],
        retried=_failures(pairs.get("rp", "ct")),
        connect_seconds=numbers["ct"] / 1000,
        read_seconds=numbers["rt"] / 1000,
        total_seconds=numbers["tt"] / 1000,
    )


def _number(name: str, text: str | None) -> int:
    if text is None:
        return _DEFAULTS[name]
    low, high = _RANGES[name]
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise OverrideError(f"{name} must be an integer from {low} to {high}")
    return int(text)


def _failures(text: str) -> frozenset[str]:
    names = frozenset(text.split(","))
    if "all" in names:
        return _FAILURES
    if not names <= _FAILURES:
        raise OverrideError("rp must be a list of 4xx, 5xx, ct, rt, all")
    return names
