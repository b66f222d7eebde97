"""What an account has made, by sid and by number. Imports nothing of ours."""

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar


class Addressed(Protocol):
    sid: str
    to: str


Item = TypeVar("Item", bound=Addressed)


class Store(Generic[Item]):
    """Append-only until a reset; the ledger bounds it."""

    def __init__(self) -> None:
        self._all: list[Item] = []
        self._by_sid: dict[str, Item] = {}
        self._by_number: dict[str, list[Item]] = {}

    def add(self, item: Item) -> None:
        self._all.append(item)
        self._by_sid[item.sid] = item
        self._by_number.setdefault(item.to, []).append(item)

    def find(self, sid: str) -> Item | None:
        return self._by_sid.get(sid)

    def count_to(self, number: str) -> int:
        return len(self._by_number.get(number, ()))

    def oldest_first(self, number: str | None) -> Sequence[Item]:
        return self._all if number is None else self._by_number.get(number, ())
