"""What a supervisor such as systemd does for a process: it holds the socket that is listened on, and is told how we fare.

Imports errors alone. A socket that outlives the process loses nobody who connects while one process follows another.
"""

import socket
import stat
from contextlib import suppress
from os import fstat

import structlog

from tocsin.errors import ConfigurationError

log = structlog.get_logger(__name__)

READY, STOPPING = "READY=1", "STOPPING=1"


def inherit(descriptor: int) -> socket.socket:
    """Return the listening socket that was handed over by its number; ConfigurationError where it is none."""
    with suppress(OSError):  # nothing stands at this number: refused below
        # Whatever else may stand there is not ours to take into hand.
        if stat.S_ISSOCK(fstat(descriptor).st_mode):
            listener = socket.socket(fileno=descriptor)
            if listener.type is socket.SOCK_STREAM and listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                return listener
            listener.detach()
    raise ConfigurationError(
        f"--fd {descriptor} is no listening socket; leave it out, or let what starts this process hand one over."
    )


def tell_supervisor(address: str | None, state: str) -> None:
    """Send a state to where systemd reads them; nothing where nobody supervises. A deaf supervisor stops nothing here."""
    if address is None:
        return
    # An address that begins with @ is an abstract one, which the kernel writes with a zero.
    place = f"\0{address[1:]}" if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        try:
            line.sendto(state.encode(), place)
        except OSError as error:
            log.warning("supervisor not told", state=state, error=type(error).__name__)
