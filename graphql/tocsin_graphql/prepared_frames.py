"""WebSocket frames made ready to send, and the extension of ASGI by which a server takes them. Imports nothing of ours."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

EXTENSION = "tocsin.prepared_frame"
"""Of a WebSocket's scope: its `writer`."""

Write: TypeAlias = Callable[[bytes], object]
"""Takes a whole frame. It is the socket's own: what is called for every delivery is not wrapped."""
Heed: TypeAlias = Callable[[Write | None], None]
"""Is told what takes frames from now on; nothing does while the socket is full, and once it is not open any more."""


class Writer(Protocol):
    """A socket, to whoever has frames for it."""

    def attend(self, heed: Heed) -> None:
        """Tell `heed` what takes frames, now and whenever that changes."""

    def leave(self, heed: Heed) -> None:
        """Tell `heed` nothing more."""


TEXT = 0x81
"""The first byte of a text message in a single frame."""
SHORTEST_EXTENDED, LONGEST_EXTENDED = 126, 65_535


def find_writer(scope: Mapping[str, Any]) -> Writer | None:
    """Return what takes prepared frames, where the server has it."""
    writer: Writer | None = (scope.get("extensions") or {}).get(EXTENSION, {}).get("writer")
    return writer


def head_frame(length: int) -> bytes:
    """Return what stands before so many bytes of text, as a server sends them: without a mask."""
    if length < SHORTEST_EXTENDED:
        return bytes((TEXT, length))
    if length <= LONGEST_EXTENDED:
        return bytes((TEXT, 126)) + length.to_bytes(2, "big")
    return bytes((TEXT, 127)) + length.to_bytes(8, "big")


def make_frame(lead: bytes, payload: bytes) -> bytes:
    """Return the whole frame of a payload: `lead` is what stands before it in a message, up to its key."""
    return b"".join((head_frame(len(lead) + len(payload) + 1), lead, payload, b"}"))
