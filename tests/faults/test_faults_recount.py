"""Promises of the recount itself: it passes what is right, and finds each kind of violation that it is fed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from faults.recounting import list_violations
from stage.cast import ACCOUNT, Alert, assess, found_town, send_by_hand, settle_citizens

from tocsin.database import get_database
from tocsin.events import Event
from tocsin.expiry import measure_expiries
from tocsin.ledger import apply_events
from tocsin.records.communications import Tally
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.words import Handling

WORDS = {"sent": DeliveryStatus.SMS_SENT, "delivered": DeliveryStatus.SMS_RECEIVED}


@dataclass
class Story:
    """An alert to four: two received it, two are waited for; the carriers' ledger and a client's pictures beside it."""

    alert: Alert
    ledger: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)

    async def write(self, statement: str) -> None:
        await get_database().execute_query(statement)


async def tell_story() -> Story:
    town = await found_town()
    await settle_citizens(town, 4)
    story = Story(await send_by_hand(town))
    await assess(story.alert.id)
    for index, delivery in enumerate(story.alert.deliveries):
        words = ["sent", "delivered"] if index < 2 else ["sent"]
        sid, name = f"SM{index:032}", f"delivery-{delivery.id.hex}"
        callbacks = [{"word": word, "kind": "genuine", "state": "acknowledged"} for word in words]
        story.ledger.append({"delivery": name, "sid": sid, "direction": "outbound", "callbacks": callbacks})
        events = [
            Event(f"{sid}:{word}", "twilio_messaging", ACCOUNT, delivery.id, word, WORDS[word], carrier_id=sid)
            for word in words
        ]
        await apply_events(events, measure_expiries(read_settings()))
        story.pictures.append(await see(story.alert))
    await story.write("UPDATE communication SET state = 'COMPLETED'")
    return story


async def see(alert: Alert) -> dict[str, Any]:
    tally = await Tally.get(communication_id=alert.id)
    return {
        "client": "wall", "communication": alert.id.hex, "version": tally.version, "total": tally.total,
        "contacted": tally.contacted, "inProgress": tally.in_progress, "notContacted": tally.not_contacted,
    }  # fmt: skip


async def lose_event(story: Story) -> None:
    await story.write("DELETE FROM delivery_event WHERE event_key LIKE '%:sent'")


async def double_event(story: Story) -> None:
    columns = "delivery_id, provider, provider_word, status, received_at, carrier_id"
    await story.write(
        f"INSERT INTO delivery_event (event_key, {columns}) SELECT event_key || '2', {columns} FROM delivery_event"
    )


async def invent_event(story: Story) -> None:
    story.ledger[0]["callbacks"] = []


async def park_event(story: Story) -> None:
    await story.write(
        "INSERT INTO parked_event (event_key, account, provider, event, received_at, next_try_at, tries)"
        " VALUES ('k', 'a', 'p', '{}', now(), now(), 0)"
    )


async def send_twice(story: Story) -> None:
    story.ledger.append({**story.ledger[0], "sid": "SM" + "9" * 32, "callbacks": []})


async def send_unknown(story: Story) -> None:
    story.ledger.append({**story.ledger[0], "delivery": "delivery-" + "0" * 32, "callbacks": []})


async def claim_sending(story: Story) -> None:
    story.ledger = []


async def deny_sending(story: Story) -> None:
    await story.write(f"UPDATE delivery SET handling = {Handling.SKIPPED:d}")


async def forget_delivery(story: Story) -> None:
    await story.write(f"UPDATE delivery SET handling = {Handling.SENDING:d} WHERE status = 240")


async def miscount(story: Story) -> None:
    await story.write("UPDATE tally SET contacted = contacted + 1, in_progress = in_progress - 1")


async def miscount_total(story: Story) -> None:
    await story.write("UPDATE tally SET total = total + 1")


async def misjudge(story: Story) -> None:
    await story.write("UPDATE recipient SET outcome = 3 WHERE outcome = 1")


async def hide_uncertain(story: Story) -> None:
    await story.write(f"UPDATE delivery SET handling = {Handling.UNCERTAIN:d} WHERE status = 240")


async def leave_due(story: Story) -> None:
    await story.write(
        "INSERT INTO due (id, kind, subject_id, due_at, fence, attempts)"
        " VALUES (gen_random_uuid(), 'LANE', gen_random_uuid(), now() - interval '1 hour', 0, 0)"
    )


async def leave_unplanned(story: Story) -> None:
    await story.write("UPDATE wave SET planned_at = NULL")


async def leave_reminder(story: Story) -> None:
    await story.write(
        "INSERT INTO reminder (id, communication_id, number, due_at, fate)"
        " SELECT gen_random_uuid(), id, 1, now() - interval '1 hour', 'PENDING' FROM communication"
    )


async def go_back(story: Story) -> None:
    story.pictures.append(story.pictures[0])
    story.pictures.append(await see(story.alert))


async def lose_a_slice(story: Story) -> None:
    story.pictures[1] = {**story.pictures[1], "notContacted": 7}


async def fall_behind(story: Story) -> None:
    del story.pictures[-2:]


VIOLATIONS: dict[Callable[[Story], Awaitable[None]], str] = {
    lose_event: "kept 0 times",
    double_event: "kept 2 times",
    invent_event: "never sent",
    park_event: "event parked",
    send_twice: "in silence",
    send_unknown: "no delivery of ours",
    claim_sending: "neither accepted nor refused",
    deny_sending: "said to be not sent",
    forget_delivery: "delivery forgotten",
    miscount: "tally says 3 contacted, recounted 2",
    miscount_total: "tally says 5 in all",
    misjudge: "recipient is not_contacted, recounted contacted",
    hide_uncertain: "tally says 0 uncertain, recounted 2",
    leave_due: "work is overdue",
    leave_unplanned: "never planned",
    leave_reminder: "reminder overdue",
    go_back: "saw version",
    lose_a_slice: "not the whole",
    fall_behind: "was left with",
}


async def test_the_recount_finds_nothing_where_all_is_right(database: str, tmp_path: Path) -> None:
    story = await tell_story()
    assert await list_violations(database, tmp_path, story.ledger, story.pictures) == []


async def test_a_second_send_that_is_said_is_no_violation(database: str, tmp_path: Path) -> None:
    story = await tell_story()
    await send_twice(story)
    await story.write("UPDATE delivery SET second_carrier_id = 'SM9'")
    assert await list_violations(database, tmp_path, story.ledger, story.pictures) == []


@pytest.mark.parametrize("violate", VIOLATIONS, ids=lambda violate: str(violate.__name__))
async def test_the_recount_finds_each_violation(
    database: str, tmp_path: Path, violate: Callable[[Story], Awaitable[None]]
) -> None:
    story = await tell_story()
    await violate(story)
    found = await list_violations(database, tmp_path, story.ledger, story.pictures)
    assert any(VIOLATIONS[violate] in line for line in found), found
