"""The way of a member's frames into a socket: at once where it takes them, one at a time where not. Imports members, prepared_frames."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import lru_cache
from typing import Any

from starlette.websockets import WebSocketDisconnect

from tocsin_graphql.members import AnyMember, Frame, do_nothing
from tocsin_graphql.prepared_frames import Write, Writer, make_frame

GONE = (WebSocketDisconnect, RuntimeError)
"""What starlette raises where the socket is closed or closing."""

SendText = Callable[[str], Coroutine[Any, Any, None]]


class Remainder:
    """What is left of a coroutine that has been stepped once by hand: a task can finish it."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        awaited = self._awaited
        try:
            while True:
                try:
                    answer = yield awaited
                except BaseException as error:
                    awaited = self._coroutine.throw(error)
                else:
                    awaited = self._coroutine.send(answer)
        except StopIteration:
            return


def begin(coroutine: Coroutine[Any, Any, None]) -> Remainder | None:
    """Run the coroutine as far as it goes without waiting; return the rest, if any.

    A socket that takes bytes never makes its sender wait, and a task for each frame would cost more than the frame.
    """
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        return None
    return Remainder(coroutine, awaited)


@lru_cache(maxsize=64)
def spell_lead(operation_id: str) -> bytes:
    """Return what stands before the payload in a message of this operation. Who have the same id hold one and the same."""
    return f'{{"id":{json.dumps(operation_id)},"type":"next","payload":'.encode()


class Outlet:
    """Sends what a member has been offered as messages of one operation; while the socket is full, nothing queues here."""

    __slots__ = ("_member", "_send", "_task", "_write", "_writer", "closed", "ended")

    def __init__(self, operation_id: str, member: AnyMember, send: SendText, writer: Writer | None = None) -> None:
        """`writer` takes whole frames at once; while it takes none they go by `send`, which waits for the socket."""
        member.lead = spell_lead(operation_id)
        self._member = member
        self._send = send
        self._writer = writer
        self._write: Write | None = None
        self._task: asyncio.Task[None] | None = None
        self.closed = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, first: Frame | None) -> None:
        """Send the first message, then whatever comes."""
        if first is not None:
            await self._send(self._spell(first))
        self._member.notify = self.flow
        if self._writer is not None and not self.closed:
            self._writer.attend(self._heed)
        self.flow()

    def _heed(self, write: Write | None) -> None:
        """Let the member's frames go past this outlet while the socket takes them, and nothing is on its way through here."""
        self._write = write
        if self._task is None:
            self._member.write = write

    def close(self) -> None:
        """Send nothing any more, and let go of the member."""
        self._cease()
        self._member.notify = do_nothing
        if self._task is not None:
            self._task.cancel()

    def _cease(self) -> None:
        self.closed = True
        self._member.write = None
        if self._writer is not None:
            self._writer.leave(self._heed)

    def flow(self) -> None:
        """Send what waits, as long as the socket takes it."""
        while not self.closed and self._task is None:
            if (frame := self._member.take()) is not None:
                self._send_at_once(frame)
            elif self._member.missed:
                self._wait_for(self._catch_up())
            else:
                self._member.write = self._write
                break
        if self._member.ended and not self.ended.done():
            self.ended.set_result(None)

    def _send_at_once(self, frame: Frame) -> None:
        try:
            rest = None if self._is_written(frame) else begin(self._send(self._spell(frame)))
        except GONE:
            self._cease()  # the reader of the socket notices it too, and clears up
            return
        if rest is not None:
            self._wait_for(rest)

    def _is_written(self, frame: Frame) -> bool:
        """Write the frame whole, where the server takes it so."""
        if self._write is None:
            return False
        self._write(make_frame(self._member.lead, frame.payload))
        return True

    def _wait_for(self, rest: Awaitable[None]) -> None:
        """Let a task do what has to wait; until it is done nothing else of this operation may be sent."""
        self._member.write = None
        self._task = asyncio.create_task(self._finish(rest))

    async def _finish(self, rest: Awaitable[None]) -> None:
        try:
            await rest
        except GONE:
            self._cease()
        finally:
            self._task = None
        self.flow()

    async def _catch_up(self) -> None:
        if (frame := await self._member.catch_up()) is not None:
            await self._send(self._spell(frame))

    def _spell(self, frame: Frame) -> str:
        return b"".join((self._member.lead, frame.payload, b"}")).decode()
