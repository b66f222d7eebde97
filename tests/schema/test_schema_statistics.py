"""Promises about the pie that queries and subscriptions share: it adds up, and the button says what is in its way."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.identifiers import make_id
from tocsin.outcome import make_cell
from tocsin.pictures import TallyPicture
from tocsin.recontact import RecontactBlocker
from tocsin.statuses import MEANINGS, DeliveryStatus
from tocsin.times import tell_time
from tocsin.words import Channel, CommunicationKind, CommunicationState, Role, Standing
from tocsin_graphql.statistics import statistics_of

NOW = tell_time()
READY = TallyPicture(
    communication_id=make_id(),
    municipality_id=make_id(),
    kind=CommunicationKind.REGULAR,
    state=CommunicationState.COMPLETED,
    channels=tuple(Channel),
    sent_at=NOW,
    completed_at=NOW,
    version=7,
    total=3,
    contacted=1,
    in_progress=0,
    not_contacted=2,
    unconfirmed=0,
    uncertain=0,
    pending=0,
    counts={},
    changed_at=NOW,
    next_reminder_at=None,
    reminders_left=0,
    last_reminder_at=None,
    eligible=2,
    first_attempts_over=True,
    recontact_running=False,
    last_recontact_at=None,
    last_recontact_by=None,
)


def test_a_settled_communication_can_be_recontacted_by_an_operator() -> None:
    recontact = statistics_of(READY, Role.OPERATOR).recontact
    assert (recontact.available, recontact.blocker, recontact.eligible) == (True, None, 2)


@pytest.mark.parametrize(
    ("changes", "role", "blocker"),
    [
        ({"kind": CommunicationKind.CAMPAIGN}, Role.ADMIN, RecontactBlocker.CAMPAIGN),
        ({"state": CommunicationState.CANCELLED}, Role.ADMIN, RecontactBlocker.CANCELLED),
        ({"first_attempts_over": False}, Role.ADMIN, RecontactBlocker.REMINDERS_PENDING),
        ({"recontact_running": True}, Role.ADMIN, RecontactBlocker.RUNNING),
        ({"eligible": 0}, Role.ADMIN, RecontactBlocker.NOBODY_TO_RECONTACT),
        ({"eligible": 0}, Role.VIEWER, RecontactBlocker.NOBODY_TO_RECONTACT),
        ({}, Role.VIEWER, RecontactBlocker.FORBIDDEN),
    ],
)
def test_the_first_thing_in_the_way_is_named(changes: dict[str, Any], role: Role, blocker: RecontactBlocker) -> None:
    recontact = statistics_of(replace(READY, **changes), role).recontact
    assert (recontact.available, recontact.blocker) == (False, blocker)


CELLS = st.builds(
    lambda standing, channel, status: make_cell(standing, channel, status.rank if status else 0),
    st.sampled_from(Standing),
    st.just(Channel.SMS),
    st.none() | st.sampled_from([status for status in MEANINGS if status.channel is Channel.SMS]),
)


@given(st.dictionaries(CELLS, st.integers(1, 1000)))
def test_the_counts_of_a_channel_add_up(counts: dict[int, int]) -> None:
    call, text, email = statistics_of(replace(READY, counts=counts), Role.VIEWER).channels
    assert text.total == text.reached + text.pending + text.missed == sum(counts.values())
    assert text.planned <= text.pending
    without = sum(number for cell, number in counts.items() if cell % 100 == 0)
    assert sum(each.count for each in text.statuses) == text.total - without
    assert (call.total, email.total) == (0, 0)


def test_a_status_counts_whatever_it_means_here() -> None:
    voicemail = DeliveryStatus.CALL_VOICEMAIL.rank
    counts = {
        make_cell(Standing.MISSED, Channel.CALL, voicemail): 2,
        make_cell(Standing.REACHED, Channel.CALL, voicemail): 3,
        make_cell(Standing.PENDING, Channel.CALL, 0): 4,
        make_cell(Standing.MISSED, Channel.CALL, 0): 5,
    }
    call = statistics_of(replace(READY, counts=counts), Role.VIEWER).channels[0]
    assert [(each.status, each.count) for each in call.statuses] == [(DeliveryStatus.CALL_VOICEMAIL, 5)]
    assert (call.total, call.reached, call.pending, call.missed, call.planned) == (14, 3, 4, 7, 4)
