"""Promises of pace: whoever tells is ready when whoever reads is, so that a change waits for one clock and not for two."""

import asyncio
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from uuid import UUID

import pytest
from live.test_live_parts import KEYS, NOW, SCHEMA
from stage.swift import run_swiftly

from tocsin.errors import NotSent
from tocsin.identifiers import expose
from tocsin.live.channels import Channels
from tocsin.live.hub import Hub
from tocsin.live.watcher import VersionedWatcher
from tocsin.live.watches import Watches
from tocsin.settings import read_settings
from tocsin.viewers import Viewer
from tocsin.words import Locale, Role
from tocsin_graphql.context import Context
from tocsin_graphql.execution import Execution
from tocsin_graphql.groups import find_rest
from tocsin_graphql.newest_groups import NewestGroup
from tocsin_graphql.plans import Plans

INTERVAL, LOOK, PUSH, GAP = 0.1, 0.01, 0.03, 0.007
CHANGES = 300
SETTINGS = read_settings(tocsin_secret="a drill is a drill is a drill 0123456789")
DOCUMENT = f'subscription {{ statistics(communicationId: "{expose("communication", KEYS[0])}") {{ version }} }}'


@dataclass(frozen=True, slots=True)
class Moment:
    """A value that is its own version."""

    version: int


class SlowWatcher(VersionedWatcher[Moment]):
    """Watches a number whose reading takes a while."""

    what = "a number"

    def __init__(self, key: UUID) -> None:
        super().__init__(key)
        self.number = 0

    def rise(self, number: int) -> None:
        self.number = number
        self.hint(number)

    async def _look(self) -> Moment:
        found = Moment(self.number)
        await asyncio.sleep(LOOK)
        return found


class SlowGroup(NewestGroup[SlowWatcher]):
    """Takes longer to tell than its watcher takes to look, and keeps when it had told what."""

    def __init__(self, watches: Watches[SlowWatcher], execution: Execution) -> None:
        super().__init__(watches, KEYS[0], execution=execution, hub=Hub(None), interval=INTERVAL, refuse=say_unsent)
        self.told: list[tuple[float, int]] = []

    async def _push(self) -> None:
        version = self._watcher.version
        await asyncio.sleep(PUSH)
        self.told.append((asyncio.get_running_loop().time(), version))


def say_unsent() -> NotSent:
    return NotSent("It has not been sent.")


def make_execution() -> Execution:
    viewer = Viewer(KEYS[2], KEYS[1], "odile", "Odile", Role.OPERATOR, Locale.EN, NOW, NOW)
    plan = Plans(SCHEMA._schema).find(DOCUMENT, None)
    return Execution(SCHEMA, plan, {}, lambda: Context(viewer=viewer, settings=SETTINGS, locale=Locale.EN, usable=[]))


async def follow_a_stream() -> list[tuple[float, int]]:
    """Let a number rise all the time; return when its followers had been told how far."""
    watches = Watches(SlowWatcher, lambda key: key.hex, Channels(None))
    group = SlowGroup(watches, make_execution())
    group.start()
    watcher = watches.find(KEYS[0])
    assert watcher is not None, "the group watches it"
    for number in range(1, CHANGES + 1):
        asyncio.get_running_loop().call_at(number * GAP, partial(watcher.rise, number))
    await asyncio.sleep(CHANGES * GAP + 3 * INTERVAL)
    await group.close()
    return group.told


def test_a_change_is_told_after_one_interval_with_a_look_and_a_push_and_never_after_two() -> None:
    seen = 0
    told = run_swiftly(follow_a_stream())
    for moment, number in told:
        oldest = (seen + 1) * GAP
        assert moment - oldest <= INTERVAL + 2 * LOOK + PUSH + 1e-9
        seen = number
    assert seen == CHANGES
    assert all(later - earlier >= INTERVAL - 1e-9 for (earlier, _), (later, _) in pairwise(told))


def test_a_push_counts_towards_its_interval_and_one_that_takes_long_leaves_others_as_much() -> None:
    assert find_rest(INTERVAL, taken=0.02) == pytest.approx(0.08)
    assert find_rest(INTERVAL, taken=0.07) == pytest.approx(0.07)
    assert find_rest(INTERVAL, taken=30) == INTERVAL
