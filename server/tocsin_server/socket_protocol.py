"""Uvicorn's WebSocket protocol, in which every connection comes to its end and says why. Imports allowances.

Uvicorn flushes before it closes, and so waits for ever for a peer that does not read; it answers pings without counting
them, and closes on bytes that nobody has read, so that the reason is lost with them.
"""

from collections.abc import Coroutine
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.protocol import State

from tocsin_graphql.allowances import Allowance

SIGNALS_PER_SECOND = 50.0
"""Pings, pongs and parts of messages that one connection may send in the long run."""
STALLED_SECONDS = 1.0
"""How long a peer that reads nothing may take to read that it has been closed."""
TOO_LOUD, NOT_UTF8 = 1008, 1007


class SocketProtocol(WebSocketsSansIOProtocol):
    """One connection. After its close frame nothing is answered, and soon nothing is left."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._allowance = Allowance(SIGNALS_PER_SECOND, self.loop.time())

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()))  # the refusal, which uvicorn would keep to itself
            self.transport.close()

    def start_keepalive(self) -> None:
        super().start_keepalive()
        # The handshake is over: its headers, which the scope has as well, would be held as long as the socket lives.
        del self.request, self.response

    def eof_received(self) -> None:
        self._limit_closing(self.close_timeout)

    def handle_ping(self) -> None:
        if self._heed("pings"):
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._heed("pongs"):
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if self._heed("parts of messages"):
            super().handle_cont(event)

    def _heed(self, kind: str) -> bool:
        """Return whether a signal may be answered, and close where there have been too many."""
        if self.close_sent:
            self.conn.data_to_send()  # the answers of websockets, for which nobody waits any more
        elif self._allowance.take(self.loop.time()):
            return True
        else:
            self._refuse(TOO_LOUD, f"Too many {kind} in a short time")
        return False

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not is_text(b"".join(self.frames)):
            self.frames = []
            self._refuse(NOT_UTF8, "Text has to be UTF-8")
        else:
            super().send_receive_event_to_app()

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self._limit_closing(self.close_timeout)

    def handle_parser_exception(self) -> None:
        failure = self.conn.close_sent
        assert failure is not None, "websockets fails a connection by closing it"
        if self.close_sent:
            self._send_end()  # closed already, and the peer's own close can't be read any more
        else:
            self._take_leave(failure.code, failure.reason)

    def _refuse(self, code: int, reason: str) -> None:
        if not self.close_sent and self.conn.state is State.OPEN:
            self.conn.send_close(code, reason)
            self._take_leave(code, reason)

    def _take_leave(self, code: int, reason: str) -> None:
        """Send what is left and read on: a connection that is closed upon unread bytes loses its last words."""
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self._send_end()
        self.close_sent = True
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self._limit_closing(self.close_timeout)

    def _send_end(self) -> None:
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()

    def send(self, message: Any) -> Coroutine[Any, Any, None]:
        return self._close(message) if message["type"] == "websocket.close" else super().send(message)

    async def _close(self, message: Any) -> None:
        """Close without waiting for a peer that does not read; whoever waits to send to it finds the socket closed."""
        seconds = self.close_timeout if self.writable.is_set() else STALLED_SECONDS
        self.writable.set()
        await super().send(message)
        self._limit_closing(seconds)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._limit_closing(STALLED_SECONDS)

    def shutdown(self) -> None:
        seconds = self.close_timeout if self.writable.is_set() else STALLED_SECONDS
        super().shutdown()
        self._limit_closing(seconds)

    def _limit_closing(self, seconds: float) -> None:
        """Drop the connection after that time, whether or not its peer has taken what was sent."""
        if self.disconnected:
            return
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(seconds, self.transport.abort)


def is_text(data: bytes) -> bool:
    """Whether the bytes are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
