"""WebSocket frames made ready to send, and the extension of ASGI by which a server takes them. Imports nothing of ours."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

EXTENSION = "tocsin.prepared_frame"
"""Of a WebSocket's scope: `write` takes a whole frame, and says whether it did, or whether the socket is full just now."""

Write: TypeAlias = Callable[[bytes], bool]

TEXT = 0x81
"""The first byte of a text message in a single frame."""
SHORTEST_EXTENDED, LONGEST_EXTENDED = 126, 65_535


def find_write(scope: Mapping[str, Any]) -> Write | None:
    """Return what takes prepared frames, where the server has it."""
    write: Write | None = (scope.get("extensions") or {}).get(EXTENSION, {}).get("write")
    return write


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
