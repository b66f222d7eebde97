"""Who is connected, and whose tokens have been revoked meanwhile. Imports viewers only."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin.viewers import Viewer


@dataclass(eq=False, slots=True)
class Presence:
    """A connection of a viewer; `end` closes it and may not wait."""

    viewer: Viewer
    end: Callable[[], None]


class Revocations:
    """The connections of this process by principal, and the epochs that the poll found."""

    def __init__(self) -> None:
        self._present: defaultdict[UUID, set[Presence]] = defaultdict(set)
        self._epochs: dict[UUID, datetime] = {}

    @property
    def principals(self) -> Collection[UUID]:
        return self._present.keys()

    def enter(self, presence: Presence) -> None:
        """Count the connection in; it ends at once where a revocation was found while its viewer was being recognised."""
        self._present[presence.viewer.principal_id].add(presence)
        if self.excludes(presence.viewer):
            presence.end()

    def leave(self, presence: Presence) -> None:
        principal = presence.viewer.principal_id
        self._present[principal].discard(presence)
        if not self._present[principal]:
            del self._present[principal]
            self._epochs.pop(principal, None)

    def learn(self, epochs: Mapping[UUID, datetime | None]) -> None:
        """Take note of the epochs, and end whoever they exclude."""
        for principal, epoch in epochs.items():
            if epoch is None or self._epochs.get(principal) == epoch or principal not in self._present:
                continue
            self._epochs[principal] = epoch
            for presence in tuple(self._present[principal]):
                if self.excludes(presence.viewer):
                    presence.end()

    def excludes(self, viewer: Viewer) -> bool:
        """Whether the viewer's token is known to be revoked."""
        if not self._epochs:
            return False  # nearly always so, and then nothing of a thousand viewers has to be looked at
        epoch = self._epochs.get(viewer.principal_id)
        return epoch is not None and viewer.issued_at < epoch
