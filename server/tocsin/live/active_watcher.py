"""Watching everything that one municipality is sending: communications come and go. Imports pictures, channels and watcher."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from tocsin.database import get_database
from tocsin.live.announcements import communication_channel
from tocsin.live.channels import Channels, Ear
from tocsin.live.watcher import VersionedWatcher
from tocsin.pictures import TallyPicture, read_active

VERSION = "SELECT version FROM municipality WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Active:
    """The pictures of what is being sent, newest first. `version` is its watcher's own: it counts what differed."""

    version: int
    pictures: tuple[TallyPicture, ...]


class ActiveWatcher(VersionedWatcher[Active]):
    """Reads all pictures together; hears of each communication that is being sent, and of the list, where others begin."""

    what = "what is being sent"

    def __init__(self, key: UUID, channels: Channels) -> None:
        super().__init__(key)
        self._channels = channels
        self._ears: dict[UUID, Ear] = {}
        self._listing = -1

    @property
    def versions(self) -> Mapping[UUID, int]:
        """The version of each communication that is being sent, as last read."""
        pictures = self.current.pictures if self.current else ()
        return {picture.communication_id: picture.version for picture in pictures}

    def hint(self, version: int | None) -> None:
        """Say that the list has changed: something may have begun or ended."""
        self._wanted.set()

    def learn(self, listing: int, versions: Mapping[UUID, int]) -> None:
        """Compare the versions of the list and of the communications with those known."""
        if listing != self._listing or any(versions.get(key) != version for key, version in self.versions.items()):
            self._wanted.set()

    async def stop(self) -> None:
        await super().stop()
        await self._hear(())

    async def _look(self) -> Active:
        rows = await get_database().execute_query_dict(VERSION, [self.key])
        pictures = tuple(await read_active(get_database(), self.key))
        self._listing = rows[0]["version"] if rows else 0
        await self._hear([picture.communication_id for picture in pictures])
        changed = self.current is None or self.current.pictures != pictures
        return Active(self.version + changed, pictures)

    async def _hear(self, communications: Collection[UUID]) -> None:
        """Hear of these communications and of no other."""
        for key in set(communications) - self._ears.keys():
            self._ears[key] = partial(self._hint_of, key)
            self._channels.hear(communication_channel(key), self._ears[key])
        for key in self._ears.keys() - set(communications):
            await self._channels.leave(communication_channel(key), self._ears.pop(key))

    def _hint_of(self, communication_id: UUID, version: int | None) -> None:
        if version is None or version > self.versions.get(communication_id, -1):
            self._wanted.set()
