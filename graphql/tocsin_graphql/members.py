"""Those who follow: each holds one place for what it has not been sent yet. Imports the domain only."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from tocsin.viewers import Viewer


@dataclass(frozen=True, slots=True)
class Frame:
    """A payload as JSON, and the version that whoever has it knows."""

    version: int
    payload: bytes


def do_nothing() -> None:
    """What a member that nobody listens to yet does."""


class Member:
    """A follower of a communication. Until its first message it has no version and is told nothing."""

    __slots__ = ("_catch_up", "cumulative", "ended", "missed", "notify", "slot", "version", "viewer")

    def __init__(
        self, viewer: Viewer, *, cumulative: bool, catch_up: Callable[["Member"], Awaitable[Frame | None]]
    ) -> None:
        self.viewer = viewer
        self.cumulative = cumulative
        self.version: int | None = None
        self.slot: Frame | None = None
        self.missed = False
        self.ended = False
        self.notify: Callable[[], None] = do_nothing
        self._catch_up = catch_up

    @property
    def idle(self) -> bool:
        """Whether everything told so far has been taken."""
        return self.slot is None and not self.missed

    def offer(self, frame: Frame | None) -> None:
        """Put what is new into the one place; a change that follows on one not taken is missed, as is one not made."""
        if frame is not None and (self.idle or not self.cumulative):
            self.slot = frame
        else:
            self.slot, self.missed = None, True
        self.notify()

    def take(self) -> Frame | None:
        """Return what waits, if it need not be made first."""
        frame, self.slot = self.slot, None
        if frame is not None:
            self.version = frame.version
        return frame

    async def catch_up(self) -> Frame | None:
        """Return the frame for a member that missed one."""
        return await self._catch_up(self)

    def end(self) -> None:
        self.ended = True
        self.notify()


class ListingMember:
    """A follower of a list: of each communication that changed the newest waits, and only so many."""

    __slots__ = ("_waiting", "ended", "missed", "notify", "viewer")
    BOUND = 1000

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.ended = False
        self.missed = False
        self.notify: Callable[[], None] = do_nothing
        self._waiting: dict[UUID, Frame] = {}

    def offer(self, communication_id: UUID, frame: Frame) -> None:
        """Keep the newest of this communication; whoever lets too many wait is ended and may subscribe again."""
        self._waiting.pop(communication_id, None)
        self._waiting[communication_id] = frame
        self.ended = self.ended or len(self._waiting) > self.BOUND
        self.notify()

    def take(self) -> Frame | None:
        oldest = next(iter(self._waiting), None)
        return self._waiting.pop(oldest) if oldest is not None else None

    async def catch_up(self) -> Frame | None:
        """Return nothing: a list has no gaps to close."""
        return None

    def end(self) -> None:
        self.ended = True
        self.notify()


AnyMember = Member | ListingMember
