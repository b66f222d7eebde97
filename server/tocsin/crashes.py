"""Points at which a process can be told to end as if its power were cut, so that tests see what is left. Imports nothing of ours."""

import os
from enum import StrEnum

EXIT_CODE = 70


class CrashPoint(StrEnum):
    """Where it is worst."""

    WORK_ANNOUNCED = "work announced"
    """Due work is marked as announced, its message not yet on its way."""

    WORK_TAKEN = "work taken"
    """A lease is ours, nothing of its work begun."""

    COMMUNICATION_STARTED = "communication started"
    """What was scheduled has begun; its work is not yet struck off."""

    CHUNK_WRITTEN = "chunk written"
    """A chunk of a wave is planned, its transaction open."""

    CHUNK_KEPT = "chunk kept"
    """A chunk of a wave is committed, and nobody told."""

    REMINDER_OPENED = "reminder opened"
    """A reminder's wave is open; its work is not yet struck off."""

    TAKEN = "taken"
    """A delivery is committed as SENDING, its carrier not yet called."""

    ANSWERED = "answered"
    """The carrier has answered, and nothing of the answer is kept."""

    ANSWER_KEPT = "answer kept"
    """The answer is in the ledger, its lane still leased to the dead."""

    EVENTS_WRITTEN = "events written"
    """Reports have moved everything that they move, their transaction open."""

    EVENTS_KEPT = "events kept"
    """Reports are committed, and neither carrier nor watcher told."""

    DELIVERIES_EXPIRED = "deliveries expired"
    """Silence has expired, and no watcher been told."""

    PICTURE_READ = "picture read"
    """A watcher has read what changed, and told no follower."""


_chosen: set[CrashPoint] = set()


def choose_crash(point: CrashPoint | None) -> None:
    """Let this process end at a point, or at none."""
    _chosen.clear()
    if point is not None:
        _chosen.add(point)


def crash(here: CrashPoint) -> None:
    """End the process on the spot where this point was chosen: no clean-up, no farewell to anybody."""
    if here in _chosen:
        os._exit(EXIT_CODE)
