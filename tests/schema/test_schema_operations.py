"""Promises of `operations`: administrators alone, their own municipality's numbers, and no byte of another one's."""

from datetime import timedelta
from typing import Any

import pytest
from schema.council import Council, appoint, gather, settle
from stage.cast import ACCOUNT, lose_answer
from stage.lane import plan, plan_verification, report

from tocsin.due import Work
from tocsin.expiry import measure_expiries
from tocsin.identifiers import expose, make_id
from tocsin.ledger import apply_events
from tocsin.operations import SUBJECTS
from tocsin.records.communications import Delivery
from tocsin.records.work import Due, Lane
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.words import Channel, Handling, Role

ASK = """{ operations {
  lanes { channel account paused pausedAt reason waiting perSecond }
  parkedEvents deadJobs uncertainDeliveries overdueJobs
  parked { provider account providerWord receivedAt tries nextTryAt }
  dead { kind subjectId attempts error dueAt deadAt } } }"""

LASTS = measure_expiries(read_settings())


async def ask(council: Council) -> dict[str, Any]:
    data = await council.get(ASK, by=council.admin)
    return dict(data["operations"])


async def test_nobody_but_administrators_sees_operations(sainte_rive: Council) -> None:
    for viewer in (sainte_rive.operator, sainte_rive.viewer):
        assert await sainte_rive.refuse(ASK, by=viewer) == ("FORBIDDEN", None)
    assert await ask(sainte_rive) == {
        "lanes": [], "parkedEvents": 0, "deadJobs": 0, "uncertainDeliveries": 0, "overdueJobs": 0, "parked": [], "dead": [],
    }  # fmt: skip


async def test_a_shared_lane_counts_for_each_municipality_what_is_its_own(
    sainte_rive: Council, port_alder: Council
) -> None:
    here = [await settle(sainte_rive, "Aline", "Roy", phone=f"+1418555010{n}") for n in range(3)]
    there = [await settle(port_alder, "Agnes", "Moore", phone="+15145550100")]
    await plan(sainte_rive.town, here)
    await plan(port_alder.town, there)
    await plan_verification(there[0])
    assert [lane["waiting"] for lane in (await ask(sainte_rive))["lanes"]] == [3]
    assert [lane["waiting"] for lane in (await ask(port_alder))["lanes"]] == [2]
    await Delivery.filter(address="+14185550100").update(handling=Handling.SKIPPED)
    assert [lane["waiting"] for lane in (await ask(sainte_rive))["lanes"]] == [2]


async def test_a_paused_lane_says_why_and_how_fast_it_will_go(sainte_rive: Council) -> None:
    now = tell_time()
    await Lane.create(
        account=ACCOUNT, channel=Channel.CALL, paused_at=now, reason="Twilio answered HTTP 401, code 20003.",
        slowed_at=now - timedelta(hours=1), slowed_to=0.1,
    )  # fmt: skip
    [lane] = (await ask(sainte_rive))["lanes"]
    assert lane == {
        "channel": "CALL", "account": ACCOUNT, "paused": True, "pausedAt": now.isoformat(), "waiting": 0,
        "reason": "Twilio answered HTTP 401, code 20003.", "perSecond": read_settings().twilio_calls_per_second,
    }  # fmt: skip


async def test_reports_of_no_delivery_are_everybodys_and_those_of_another_municipality_nobody_elses(
    sainte_rive: Council, port_alder: Council
) -> None:
    citizen = await settle(port_alder, "Agnes", "Moore", phone="+15145550100")
    alert = await plan(port_alder.town, [citizen])
    stray = report(make_id(), DeliveryStatus.SMS_SENT)
    forged = report(alert.deliveries[0].id, DeliveryStatus.SMS_RECEIVED, account="AC" + "2" * 32)
    await apply_events([stray, forged], LASTS)
    mine, theirs = await ask(sainte_rive), await ask(port_alder)
    assert (mine["parkedEvents"], [row["providerWord"] for row in mine["parked"]]) == (1, ["sms_sent"])
    assert (theirs["parkedEvents"], len(theirs["parked"])) == (2, 2)


def test_it_is_said_of_every_kind_of_work_whose_it_is() -> None:
    assert set(SUBJECTS) == set(Work)


async def bury(kind: Work, subject: Any, *, dead: bool = True) -> None:
    now = tell_time()
    await Due.create(
        kind=kind.value, subject_id=subject, due_at=now - timedelta(minutes=2), attempts=12, error="ValueError",
        dead_at=now if dead else None,
    )  # fmt: skip


async def test_dead_and_overdue_work_is_its_municipalitys_and_that_of_lanes_everybodys(
    sainte_rive: Council, port_alder: Council
) -> None:
    citizen = await settle(sainte_rive, "Aline", "Roy", phone="+14185550100")
    alert = await plan(sainte_rive.town, [citizen])
    await Due.all().delete()
    await bury(Work.PLAN, alert.waves[0].id)
    await bury(Work.START, alert.id, dead=False)
    lane = (await Lane.get(channel=Channel.SMS)).id
    await bury(Work.LANE, lane)
    mine, theirs = await ask(sainte_rive), await ask(port_alder)
    assert (mine["deadJobs"], mine["overdueJobs"]) == (2, 1)
    assert {(row["kind"], row["subjectId"]) for row in mine["dead"]} == {
        ("PLAN", expose("wave", alert.waves[0].id)),
        ("LANE", expose("lane", lane)),
    }
    assert {(row["error"], row["attempts"]) for row in mine["dead"]} == {("ValueError", 12)}
    assert (theirs["deadJobs"], theirs["overdueJobs"]) == (1, 0)
    assert [row["kind"] for row in theirs["dead"]] == ["LANE"]


async def test_uncertain_deliveries_are_the_municipalitys_own(sainte_rive: Council, port_alder: Council) -> None:
    citizen = await settle(sainte_rive, "Aline", "Roy", phone="+14185550100")
    alert = await plan(sainte_rive.town, [citizen])
    await Delivery.filter(id=alert.deliveries[0].id).update(handling=Handling.SENDING)
    await lose_answer(alert.deliveries[0].id)
    assert (await ask(sainte_rive))["uncertainDeliveries"] == 1
    assert (await ask(port_alder))["uncertainDeliveries"] == 0


@pytest.mark.parametrize("field", ["parked", "dead"])
async def test_lists_are_bounded(sainte_rive: Council, field: str) -> None:
    inside = {"parked": "tries", "dead": "attempts"}[field]
    for first in (0, 201):
        document = f"{{ operations {{ {field}(first: {first}) {{ {inside} }} }} }}"
        assert await sainte_rive.refuse(document, by=sainte_rive.admin) == ("BAD_INPUT", "first")
    for _ in range(3):
        await apply_events([report(make_id(), DeliveryStatus.SMS_SENT)], LASTS)
        await bury(Work.LANE, make_id())
    data = await sainte_rive.get(f"{{ operations {{ {field}(first: 2) {{ {inside} }} }} }}", by=sainte_rive.admin)
    assert len(data["operations"][field]) == 2


async def test_nothing_personal_is_shown(sainte_rive: Council) -> None:
    citizen = await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550100")
    await gather(sainte_rive, "Quai nord", citizen)
    await plan(sainte_rive.town, [citizen])
    other = appoint(sainte_rive.town.municipality.id, "Marc", Role.ADMIN)
    said = str(await sainte_rive.get(ASK, by=other))
    assert not any(word in said for word in ("Tremblay", "Aline", "5550100"))
