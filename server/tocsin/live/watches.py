"""The watchers of one kind: each begun with the first who looks, ended with the last. Imports channels and watcher."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar
from uuid import UUID

from tocsin.live.channels import Channels
from tocsin.live.watcher import Watcher

AnyWatcher = TypeVar("AnyWatcher", bound=Watcher)


class Watches(Generic[AnyWatcher]):
    """The running watchers by what they watch. `name_channel` says where its announcements are heard."""

    def __init__(
        self, make: Callable[[UUID], AnyWatcher], name_channel: Callable[[UUID], str], channels: Channels
    ) -> None:
        self._make = make
        self._name_channel = name_channel
        self._channels = channels
        self._running: dict[UUID, AnyWatcher] = {}
        self._users: Counter[UUID] = Counter()

    def __len__(self) -> int:
        return len(self._running)

    def __iter__(self) -> Iterator[AnyWatcher]:
        return iter(list(self._running.values()))

    @property
    def keys(self) -> list[UUID]:
        """What is watched."""
        return list(self._running)

    def watch(self, key: UUID) -> AnyWatcher:
        """Return the watcher of this key; give it back with `release`."""
        if key not in self._running:
            watcher = self._running[key] = self._make(key)
            watcher.start()
            self._channels.hear(self._name_channel(key), watcher.hint)
        self._users[key] += 1
        return self._running[key]

    def find(self, key: UUID) -> AnyWatcher | None:
        return self._running.get(key)

    async def release(self, watcher: AnyWatcher) -> None:
        """Give a watcher back; one that has been stopped already is nobody's."""
        if self._running.get(watcher.key) is watcher:
            self._users[watcher.key] -= 1
            if not self._users[watcher.key]:
                await self._end(watcher)

    async def stop(self) -> None:
        """End every watcher; whoever still follows one is told nothing more."""
        for watcher in self:
            await self._end(watcher)

    async def _end(self, watcher: AnyWatcher) -> None:
        del self._users[watcher.key], self._running[watcher.key]
        await self._channels.leave(self._name_channel(watcher.key), watcher.hint)
        await watcher.stop()
