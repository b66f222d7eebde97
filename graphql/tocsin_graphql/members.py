"""Those who follow: each holds one place for what it has not been sent yet. Imports prepared_frames and the domain."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from tocsin.viewers import Viewer
from tocsin_graphql.prepared_frames import Write


@dataclass(frozen=True, slots=True)
class Frame:
    """A payload as JSON, and the version that whoever has it knows; of a list also what it tells of."""

    version: int
    payload: bytes
    subject: UUID | None = None


def do_nothing() -> None:
    """What a member that nobody listens to yet does."""


class AnyMember(ABC):
    """A follower. `write` is there only while nothing waits here or on the way: then a frame goes past the place, `lead` before it."""

    __slots__ = ("ended", "lead", "missed", "notify", "version", "viewer", "write")

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.version: int | None = None
        self.lead = b""
        self.write: Write | None = None
        self.missed = False
        self.ended = False
        self.notify: Callable[[], None] = do_nothing

    @abstractmethod
    def offer(self, frame: Frame | None) -> None:
        """Keep what is new until it is taken."""

    @abstractmethod
    def take(self) -> Frame | None:
        """Return what waits, if it need not be made first."""

    @abstractmethod
    async def catch_up(self) -> Frame | None:
        """Return the frame for a member that missed one."""

    def end(self) -> None:
        self.ended = True
        self.notify()


class Member(AnyMember):
    """A follower of a communication. Until its first message it has no version and is told nothing."""

    __slots__ = ("_catch_up", "cumulative", "slot")

    def __init__(
        self, viewer: Viewer, *, cumulative: bool, catch_up: Callable[["Member"], Awaitable[Frame | None]]
    ) -> None:
        super().__init__(viewer)
        self.cumulative = cumulative
        self.slot: Frame | None = None
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
        frame, self.slot = self.slot, None
        if frame is not None:
            self.version = frame.version
        return frame

    async def catch_up(self) -> Frame | None:
        return await self._catch_up(self)


class ListingMember(AnyMember):
    """A follower of a list: of each communication that changed the newest waits, and only so many."""

    __slots__ = ("_waiting",)
    BOUND = 1000

    def __init__(self, viewer: Viewer) -> None:
        super().__init__(viewer)
        self._waiting: dict[UUID | None, Frame] = {}

    def offer(self, frame: Frame | None) -> None:
        """Keep the newest of each communication; whoever lets too many wait is ended and may subscribe again."""
        assert frame is not None, "a list makes a frame of every change"
        self._waiting.pop(frame.subject, None)
        self._waiting[frame.subject] = frame
        self.ended = self.ended or len(self._waiting) > self.BOUND
        self.notify()

    def take(self) -> Frame | None:
        oldest = next(iter(self._waiting), None)
        return self._waiting.pop(oldest) if oldest is not None else None

    async def catch_up(self) -> Frame | None:
        """Return nothing: a list has no gaps to close."""
        return None
