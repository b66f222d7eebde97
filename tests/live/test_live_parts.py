"""Promises of the parts: what is forgotten after each event, what merges, what is stepped by hand, what is heard."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from broadcaster import Broadcast
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st
from stage.polling import PATIENCE

from tocsin.grid import RecipientRow
from tocsin.identifiers import make_id
from tocsin.live.announcements import Announcements, communication_channel
from tocsin.live.changes import Change, merge
from tocsin.live.channels import Channels
from tocsin.pictures import TallyPicture
from tocsin.words import CommunicationKind, CommunicationState, Outcome
from tocsin_graphql.execution import ForgetfulExecutor
from tocsin_graphql.outlets import begin
from tocsin_graphql.plans import Plans
from tocsin_graphql.schema import build_schema

SCHEMA = build_schema()
NOW = datetime(2026, 11, 23, tzinfo=UTC)
KEYS = [make_id() for _ in range(8)]


def draw_picture(version: int) -> TallyPicture:
    return TallyPicture(
        communication_id=KEYS[0], municipality_id=KEYS[1], kind=CommunicationKind.REGULAR,
        state=CommunicationState.IN_PROGRESS, channels=(), sent_at=NOW, completed_at=None, version=version, total=8,
        contacted=0, in_progress=8, not_contacted=0, unconfirmed=0, uncertain=0, pending=8, counts={}, changed_at=NOW,
        next_reminder_at=None, reminders_left=0,
        last_reminder_at=None, eligible=0, first_attempts_over=False, recontact_running=False,
        last_recontact_at=None, last_recontact_by=None,
    )  # fmt: skip


def draw_row(key: UUID, version: int) -> RecipientRow:
    return RecipientRow(key, KEYS[0], key, "Aline", "Roy", None, None, Outcome.IN_PROGRESS, None, None, None, version)


def test_the_executor_of_each_event_begins_without_memory() -> None:
    assert SCHEMA.execution_context_class is ForgetfulExecutor
    document = parse("subscription { statistics(communicationId: 1) { channels { total } } }")
    executor = ForgetfulExecutor.build(SCHEMA._schema, document)
    assert isinstance(executor, ForgetfulExecutor)
    remembered = executor._relevant_sub_fields
    first = executor.build_per_event_executor(None)
    first._relevant_sub_fields[SCHEMA._schema.query_type, 1] = ([], None)  # type: ignore[index, assignment]
    assert remembered == {}
    assert executor.build_per_event_executor(None)._relevant_sub_fields == {}


@given(st.lists(st.lists(st.sampled_from(KEYS), min_size=1, unique=True), min_size=1, max_size=6))
def test_merged_changes_hold_every_row_once_at_its_newest(steps: list[list[UUID]]) -> None:
    merged: Change | None = None
    newest: dict[UUID, int] = {}
    for version, keys in enumerate(steps, start=1):
        newest |= dict.fromkeys(keys, version)
        rows = tuple(draw_row(key, version) for key in keys)
        merged = merge(merged, Change(draw_picture(version), version - 1, rows=rows, changed=len(rows)))
    assert merged is not None
    assert {row.id: row.version for row in merged.rows} == newest
    assert (merged.since, merged.version, merged.changed, merged.resync) == (0, len(steps), len(newest), False)


def test_what_merges_with_a_resync_is_a_resync() -> None:
    one = Change(draw_picture(2), 1, rows=(draw_row(KEYS[2], 2),), changed=1)
    lost = Change(draw_picture(3), 2, changed=600, resync=True)
    assert merge(one, lost) == replace(lost, since=1, changed=8)


def test_a_later_joiner_gets_only_what_changed_after() -> None:
    rows = tuple(draw_row(KEYS[index], index) for index in range(1, 4))
    change = Change(draw_picture(3), 0, rows=rows, changed=3)
    assert [row.version for row in change.after(2).rows] == [3]
    assert change.after(2).changed == 1


async def test_a_coroutine_that_waits_is_finished_by_a_task_and_one_that_does_not_is_done_at_once() -> None:
    gate, done = asyncio.Event(), []

    async def send(name: str, *, waiting: bool) -> None:
        if waiting:
            await gate.wait()
        done.append(name)

    assert begin(send("quick", waiting=False)) is None
    rest = begin(send("slow", waiting=True))
    assert done == ["quick"]
    assert rest is not None

    async def finish() -> None:
        await rest

    task = asyncio.create_task(finish())
    await asyncio.sleep(0)
    gate.set()
    await task
    assert done == ["quick", "slow"]


async def test_what_is_stepped_by_hand_can_be_cancelled() -> None:
    cleaned = []

    async def send() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    rest = begin(send())
    assert rest is not None

    async def finish() -> None:
        await rest

    task = asyncio.create_task(finish())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [True]


async def test_announcements_of_one_communication_become_the_newest_one() -> None:
    heard: asyncio.Queue[int | None] = asyncio.Queue()
    async with Broadcast("memory://") as broadcast:
        announcements, channels = Announcements(broadcast), Channels(broadcast)
        channels.hear(communication_channel(KEYS[0]), heard.put_nowait)
        async with asyncio.timeout(PATIENCE):
            assert await heard.get() is None
            for version in (4, 9, 7):
                announcements.announce({KEYS[0]: version, KEYS[1]: 99})
            await announcements.start()
            assert await heard.get() == 9
        assert heard.empty()
        await announcements.stop()
        await channels.leave(communication_channel(KEYS[0]), heard.put_nowait)


@pytest.mark.parametrize(
    ("query", "variables", "since", "shared"),
    [
        ("subscription($s: Int) { communicationChanges(communicationId: %r, since: $s) { version } }", {"s": 4}, 4, "{}"),
        ("subscription($s: Int) { ...F } fragment F on Subscription { communicationChanges(communicationId: %r, since: $s) "
         "{ version } }", {"s": 4}, 4, "{}"),
        ("subscription { communicationChanges(communicationId: %r, since: 4) { version } }", {"s": 9}, 4, "{}"),
        ("subscription($s: Int!) { communicationChanges(communicationId: %r, since: $s, maxPerSecond: $s) { version } }",
         {"s": 4}, 4, '{"s": 4}'),
    ],
)  # fmt: skip
def test_since_is_read_and_kept_out_of_what_makes_a_group(
    query: str, variables: dict[str, Any], since: int, shared: str
) -> None:
    plans = Plans(SCHEMA._schema)
    text = query.replace("%r", f'"communication-{KEYS[0].hex}"')
    binding = plans.bind(plans.find(text, None), variables)
    assert binding is not None
    assert (binding.since, binding.shared_variables) == (since, shared)


@pytest.mark.parametrize(
    "query",
    [
        "subscription { statistics { version } }",
        'subscription { statistics(communicationId: "x") @include(if: true) { version } }',
        'subscription { a: statistics(communicationId: "x") { version } b: communicationChanged { id } }',
        "subscription { nothing }",
        "subscription { ...F } fragment F on Subscription { ...F }",
        "{ viewer { id } }",
    ],
)
def test_what_no_group_can_serve_runs_on_its_own(query: str) -> None:
    plans = Plans(SCHEMA._schema)
    assert plans.bind(plans.find(query, None), None) is None
