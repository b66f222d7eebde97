"""Watching one communication: its picture and the rows that changed, read in one snapshot. Imports changes, pictures and watcher."""

from collections.abc import Callable
from uuid import UUID

from tocsin.database import get_database
from tocsin.live.changes import Change, read_change
from tocsin.live.watcher import VersionedWatcher
from tocsin.pictures import read_tally
from tocsin.times import tell_time


class CommunicationWatcher(VersionedWatcher[Change]):
    """Gives each change since the one before; nothing where the communication has not been sent."""

    what = "a communication"

    def __init__(self, key: UUID, observe: Callable[[float], None] | None = None) -> None:
        super().__init__(key)
        self._observe = observe

    async def _look(self) -> Change | None:
        """Return the change since the last look. Its rows are read for whoever lists them; the picture alone is one question."""
        if any(follower.listing for follower in self._followers):
            return await read_change(self.key, self.current.version if self.current else None)
        picture = await read_tally(get_database(), self.key)
        return Change(picture, picture.version) if picture else None

    def _distribute(self, value: Change | None) -> None:
        if value is not None and self._observe is not None and -1 < self.version < value.version:
            self._observe(max((tell_time() - value.picture.changed_at).total_seconds(), 0.0))
        super()._distribute(value)
