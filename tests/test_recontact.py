"""The promises of recontact: when it may begin, that it begins once, and whom it tries."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from stage.cast import Alert, Town, assess, found_town, send_by_hand, settle_citizens

from tocsin.database import get_database
from tocsin.errors import Conflict, Forbidden, NotAvailable, NotFound, NotSent
from tocsin.pictures import TallyPicture, read_tally
from tocsin.planning import plan_chunk
from tocsin.recontact import RecontactBlocker, find_blocker, recontact_uncontacted
from tocsin.records.communications import Communication, Delivery, Recipient, Reminder, Wave
from tocsin.records.people import ContactPoint
from tocsin.statuses import DeliveryStatus as S
from tocsin.times import tell_time
from tocsin.waves import settle_waves
from tocsin.words import Channel, CommunicationKind, CommunicationState, Handling, Role, WaveKind

ACCOUNTS = dict.fromkeys(Channel, "AC" + "1" * 32)
ASK = str(Path(__file__).with_name("recontacting_process.py"))


async def stage(citizens: int = 3) -> tuple[Town, Alert]:
    """A text without reminders that reached the first citizen and failed for the others."""
    town = await found_town()
    await settle_citizens(town, citizens)
    alert = await send_by_hand(town, handling=Handling.TAKEN)
    await report(alert, S.SMS_RECEIVED, *[S.SMS_FAILED] * (citizens - 1))
    return town, alert


async def report(alert: Alert, *statuses: S) -> None:
    for delivery, status in zip(alert.deliveries, statuses, strict=True):
        await Delivery.filter(id=delivery.id).update(status=status)
    await assess(alert.id)


async def see(alert: Alert) -> TallyPicture:
    picture = await read_tally(get_database(), alert.id)
    assert picture is not None
    return picture


async def block(alert: Alert, role: Role = Role.OPERATOR) -> RecontactBlocker | None:
    return find_blocker(await see(alert), role)


async def plan(wave_id: UUID) -> None:
    while not (await plan_chunk(wave_id, ACCOUNTS, tell_time())).over:
        continue


async def test_it_tries_those_not_contacted_once_more_and_nobody_else(database: str) -> None:
    town, alert = await stage()
    started = await recontact_uncontacted(town.operator, alert.id, key="one")
    await plan(started.wave_id)
    wave = await Wave.get(id=started.wave_id)
    assert (wave.kind, wave.number, wave.targets, wave.started_by) == (WaveKind.RECONTACT, 1, 2, "Odile")
    tried = {row.recipient_id for row in await Delivery.filter(wave_id=wave.id)}  # type: ignore[attr-defined]
    assert tried == {each.recipient_id for each in alert.deliveries[1:]}  # type: ignore[attr-defined]
    seen = await see(alert)
    assert (seen.state, seen.completed_at, seen.in_progress) == (CommunicationState.IN_PROGRESS, None, 2)
    assert (seen.recontact_running, seen.last_recontact_by) == (True, "Odile")


async def test_the_same_key_gives_the_same_wave_and_another_one_a_conflict_that_tells_who(database: str) -> None:
    town, alert = await stage()
    first = await recontact_uncontacted(town.operator, alert.id, key="one")
    again = await recontact_uncontacted(town.operator, alert.id, key="one")
    assert (again.wave_id, again.moved.versions) == (first.wave_id, {})
    with pytest.raises(Conflict) as refused:
        await recontact_uncontacted(town.viewer("Paul", Role.ADMIN), alert.id, key="two")
    assert refused.value.extensions["startedBy"] == "Odile"
    assert refused.value.extensions["startedAt"] == (await Wave.get(id=first.wave_id)).started_at.isoformat()
    assert await Wave.filter(kind="RECONTACT").count() == 1


async def test_once_settled_it_can_be_repeated_with_the_next_number(database: str) -> None:
    town, alert = await stage()
    for number in (1, 2, 3):
        started = await recontact_uncontacted(town.operator, alert.id, key=f"{number}")
        await plan(started.wave_id)
        assert await block(alert) is RecontactBlocker.RUNNING
        await Delivery.filter(wave_id=started.wave_id).update(handling=Handling.TAKEN, status=S.SMS_FAILED)
        await assess(alert.id)
        assert await block(alert) is None
        assert (await Wave.get(id=started.wave_id)).number == number


async def test_it_settles_by_itself_while_an_older_attempt_is_still_open(database: str) -> None:
    town, alert = await stage()
    await report(alert, S.SMS_RECEIVED, S.SMS_FAILED, S.SMS_FAILED)
    started = await recontact_uncontacted(town.operator, alert.id, key="one")
    await plan(started.wave_id)
    await Delivery.filter(wave_id=started.wave_id).update(handling=Handling.TAKEN, status=S.SMS_FAILED)
    await Delivery.filter(id=alert.deliveries[1].id).update(status=S.SMS_SENT)
    await assess(alert.id)
    before = await see(alert)
    assert before.recontact_running
    moved = await settle_waves()
    assert moved.versions == {alert.id: before.version + 1}
    assert not (await see(alert)).recontact_running
    assert (await settle_waves()).versions == {}


@pytest.mark.parametrize(
    ("change", "blocker"),
    [
        ({"state": CommunicationState.CANCELLED}, RecontactBlocker.CANCELLED),
        ({"kind": CommunicationKind.CAMPAIGN}, RecontactBlocker.CAMPAIGN),
    ],
)
async def test_what_stands_in_the_way_is_told(database: str, change: dict[str, Any], blocker: RecontactBlocker) -> None:
    town, alert = await stage()
    await Communication.filter(id=alert.id).update(**change)
    with pytest.raises(NotAvailable) as refused:
        await recontact_uncontacted(town.operator, alert.id, key="one")
    assert refused.value.extensions["blocker"] == blocker.value


async def test_reminders_still_to_come_are_told_with_their_instant(database: str) -> None:
    town, alert = await stage()
    due_at = tell_time()
    await Reminder.create(communication_id=alert.id, number=1, due_at=due_at)
    seen = await see(alert)
    assert (find_blocker(seen, Role.ADMIN), seen.last_reminder_at) == (RecontactBlocker.REMINDERS_PENDING, due_at)
    with pytest.raises(NotAvailable):
        await recontact_uncontacted(town.operator, alert.id, key="one")


async def test_where_everybody_is_contacted_or_unreachable_there_is_nobody(database: str) -> None:
    town, alert = await stage(2)
    await Recipient.filter(id=alert.recipients[1].id).update(reachable=False)
    await get_database().execute_query("UPDATE tally SET eligible = 0")
    with pytest.raises(NotAvailable) as refused:
        await recontact_uncontacted(town.operator, alert.id, key="one")
    assert refused.value.extensions["blocker"] == "NOBODY_TO_RECONTACT"


async def test_who_may_only_look_or_lives_elsewhere_starts_nothing(database: str) -> None:
    town, alert = await stage()
    assert await block(alert, Role.VIEWER) is RecontactBlocker.FORBIDDEN
    with pytest.raises(Forbidden):
        await recontact_uncontacted(town.viewer("Valérie", Role.VIEWER), alert.id, key="one")
    elsewhere = await found_town("beauport")
    with pytest.raises(NotFound):
        await recontact_uncontacted(elsewhere.operator, alert.id, key="one")
    assert await Wave.filter(kind="RECONTACT").count() == 0


async def test_what_was_not_sent_can_not_be_recontacted(database: str) -> None:
    town, alert = await stage()
    await Communication.filter(id=alert.id).update(sent_at=None)
    with pytest.raises(NotSent):
        await recontact_uncontacted(town.operator, alert.id, key="one")


async def test_a_failed_attempt_leaves_its_key_free(database: str) -> None:
    town, alert = await stage()
    await Reminder.create(communication_id=alert.id, number=1, due_at=tell_time())
    with pytest.raises(NotAvailable):
        await recontact_uncontacted(town.operator, alert.id, key="one")
    await Reminder.all().delete()
    assert (await recontact_uncontacted(town.operator, alert.id, key="one")).moved.versions


async def test_a_corrected_number_is_the_one_that_is_called(database: str) -> None:
    town, alert = await stage()
    for point in await ContactPoint.all():
        await ContactPoint.filter(id=point.id).update(address=point.address[:-4] + "9" + point.address[-3:])
    started = await recontact_uncontacted(town.operator, alert.id, key="one")
    await plan(started.wave_id)
    assert {row.address[-4] for row in await Delivery.filter(wave_id=started.wave_id)} == {"9"}


async def test_50_at_once_from_two_operators_and_processes_start_one_wave(database: str) -> None:
    _, alert = await stage()
    processes = [
        subprocess.Popen([sys.executable, ASK, database, str(alert.id), name, "25"], stdout=subprocess.PIPE)  # noqa: ASYNC220
        for name in ("Odile", "Paul")
    ]
    outputs = await asyncio.gather(*(asyncio.to_thread(process.communicate) for process in processes))
    results = [result for output, _ in outputs for result in json.loads(output)]
    waves = {(wave.id.hex, wave.started_by) for wave in await Wave.filter(kind="RECONTACT")}
    [(wave, winner)] = waves
    assert len(results) == 50
    won = [result for result in results if result[0] == "wave"]
    assert {result[1] for result in won} == {wave}
    assert len({result[2] for result in won}) == 1
    assert len(won) == 5
    assert {tuple(result) for result in results if result[0] != "wave"} == {("CONFLICT", winner)}
