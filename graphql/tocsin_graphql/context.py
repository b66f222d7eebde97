"""What a resolver may ask of its operation: who looks, in which language, when, and how to load. Imports loaders and domain.

A context belongs to one operation, since its loaders remember what they have loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import strawberry

from tocsin.assessment import Moved
from tocsin.secrets import Purpose, derive_key
from tocsin.settings import Settings
from tocsin.times import tell_time
from tocsin.viewers import Viewer
from tocsin.words import Channel, Locale
from tocsin_graphql.loaders import Loaders

if TYPE_CHECKING:
    from tocsin_graphql.feed import Feed


def stay_asleep() -> None:
    """Wake nobody: for operations after which nothing is due."""


def tell_nobody(moved: Moved) -> None:
    """Announce nothing: whoever watches finds it at the next poll."""


@dataclass
class Context:
    """The surroundings of one operation.

    `wake` tells the clock, after a commit, that there is new work; `announce` tells, after a commit, what has moved;
    `usable` are the channels that have a carrier here.
    """

    viewer: Viewer
    settings: Settings
    locale: Locale
    usable: Collection[Channel]
    now: Callable[[], datetime] = tell_time
    wake: Callable[[], None] = stay_asleep
    announce: Callable[[Moved], None] = tell_nobody
    feed: Feed | None = None
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget what was loaded: after a write, or before the next event of a subscription."""
        self.loaders = Loaders(self.viewer)

    @cached_property
    def cursor_key(self) -> bytes:
        """The key that seals this installation's cursors."""
        return derive_key(self.settings.tocsin_secret, Purpose.CURSORS)

    @cached_property
    def link_key(self) -> bytes:
        """The key that signs this installation's links."""
        return derive_key(self.settings.tocsin_secret, Purpose.LINKS)


Info: TypeAlias = strawberry.Info[Context, None]
