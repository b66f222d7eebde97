"""What the transports are given: who asks, a context for each operation, and the groups. Imports the domain."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from tocsin.live.hub import Hub
from tocsin.times import tell_time
from tocsin.viewers import Viewer
from tocsin_graphql.context import Context
from tocsin_graphql.costs import Limits
from tocsin_graphql.documents import AnyDocument, Documents
from tocsin_graphql.places import SocketLimits


class Authenticate(Protocol):
    """Turns what a request says of its sender into a viewer; Unauthenticated says why not."""

    async def __call__(
        self, authorization: str | None, locale: str | None, now: datetime, *, accept_language: str | None = None
    ) -> Viewer: ...


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that the composition root puts together. Intervals are settings for tests as much as for operators."""

    authenticate: Authenticate
    make_context: Callable[[Viewer], Context]
    hub: Hub
    now: Callable[[], datetime] = tell_time
    allowed_origins: tuple[str, ...] = ()
    greeting_timeout: timedelta = timedelta(seconds=5)
    ping_interval: timedelta = timedelta(seconds=20)
    event_ping_interval: timedelta = timedelta(seconds=15)
    most_operations: int = 20
    most_bytes: int = 1_048_576
    sockets: SocketLimits = field(default_factory=SocketLimits)
    limits: Limits = field(default_factory=Limits)
    documents: Documents = field(default_factory=AnyDocument)
    schema_shown: bool = True
