"""Watching one citizen's profile: names, contact points and their verifications. Imports profiles and watcher."""

from uuid import UUID

from tocsin.live.watcher import VersionedWatcher
from tocsin.profiles import Profile, ProfileReader


class CitizenWatcher(VersionedWatcher[Profile]):
    """Gives the profile; nothing where the citizen is gone. What hints tell is a mark of its whole state."""

    what = "a citizen"

    def __init__(self, key: UUID) -> None:
        super().__init__(key)
        self._reader = ProfileReader(key)

    def hint(self, version: int | None) -> None:
        if version is None or self.current is None or version != self.current.mark:
            self._wanted.set()

    async def _look(self) -> Profile | None:
        return await self._reader.read()
