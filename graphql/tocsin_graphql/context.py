"""What a resolver may ask of its operation: who looks, in which language, when, and how to load. Imports loaders and domain.

A context belongs to one operation, since its loaders remember what they have loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import strawberry

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


def tell_nobody(municipality_ids: Collection[UUID]) -> None:
    """Announce nothing: whoever watches finds it at the next poll."""


@dataclass
class Context:
    """The surroundings of one operation.

    `wake` tells the clock, after a commit, that there is new work; `announce_listing` tells, after a commit, whose lists
    changed; `usable` are the channels that have a carrier here.
    """

    viewer: Viewer
    settings: Settings
    locale: Locale
    usable: Collection[Channel]
    now: Callable[[], datetime] = tell_time
    wake: Callable[[], None] = stay_asleep
    announce_listing: Callable[[Collection[UUID]], None] = tell_nobody
    feed: Feed | None = None
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget what was loaded: after a write, or before the next event of a subscription."""
        self.loaders = Loaders(self.viewer.municipality_id)

    @cached_property
    def cursor_key(self) -> bytes:
        """The key that seals this installation's cursors."""
        return derive_key(self.settings.tocsin_secret, Purpose.CURSORS)


Info: TypeAlias = strawberry.Info[Context, None]
