"""Watching one export: how far it is. Imports exports and watcher."""

from tocsin.exports import ExportRow, watch_export
from tocsin.live.watcher import VersionedWatcher


class ExportWatcher(VersionedWatcher[ExportRow]):
    """Gives how far the export is; nothing where it has been removed."""

    what = "an export"

    async def _look(self) -> ExportRow | None:
        return await watch_export(self.key)
