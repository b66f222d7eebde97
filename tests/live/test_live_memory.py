"""The promise of memory: a subscription that has lived long is as large as one that has just begun."""

import gc
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest
from live.test_live_parts import KEYS, NOW, SCHEMA, draw_picture

from tocsin.identifiers import expose
from tocsin.live.changes import Change
from tocsin.settings import read_settings
from tocsin.viewers import Viewer
from tocsin.words import Channel, Locale, Role
from tocsin_graphql.context import Context
from tocsin_graphql.execution import Execution
from tocsin_graphql.plans import Plans

DOCUMENT = "subscription { statistics(communicationId: %r) { version channels { channel statuses { count } } recontact { available } } }"
SETTINGS = read_settings(tocsin_secret="a drill is a drill is a drill 0123456789")
PER_EVENT = 50
"""Bytes: graphql-core alone would keep 1,600 of each event."""


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def weigh() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def run(execution: Execution, change: Change, events: int) -> None:
    for _ in range(events):
        picture = replace(change.picture, version=change.version + execution.runs)
        assert b'"errors"' not in await execution.run(replace(change, picture=picture))


async def test_a_subscription_is_as_large_after_1_500_events_as_after_100(traced: None) -> None:
    viewer = Viewer(KEYS[2], KEYS[1], "odile", "Odile", Role.OPERATOR, Locale.EN, NOW, NOW)
    query = DOCUMENT.replace("%r", f'"{expose("communication", KEYS[0])}"')
    plan = Plans(SCHEMA._schema).find(query, None)
    execution = Execution(
        SCHEMA, plan, {}, lambda: Context(viewer=viewer, settings=SETTINGS, locale=Locale.EN, usable=list(Channel))
    )
    picture = replace(draw_picture(1), channels=(Channel.CALL, Channel.SMS), counts={1260: 3, 2220: 5})
    change = Change(picture, 1)
    await run(execution, change, 100)
    before = weigh()
    await run(execution, change, 1_400)
    grown = weigh() - before
    await execution.close()
    assert grown < 1_400 * PER_EVENT
