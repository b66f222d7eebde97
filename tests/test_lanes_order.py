"""Promises of the order in which a lane hands over, over real rows, and of what a look at a long lane costs."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage.cast import ACCOUNT, Town, found_town, settle_citizens
from stage.lane import count_handlings, hold_lane, open_carrier, open_shop, plan, plan_verification, report, work

from tocsin.database import connect_alone, get_database
from tocsin.expiry import expire_deliveries, measure_expiries
from tocsin.handover import take_deliveries
from tocsin.ledger import apply_events
from tocsin.records.communications import Delivery, Recipient
from tocsin.records.people import ContactPoint
from tocsin.records.work import Due, Lane
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.turns import RANKS, Turns
from tocsin.waiting import HEADS
from tocsin.words import Channel, Handling, SkipReason, WaveKind

pytestmark = pytest.mark.usefixtures("database")

KINDS = st.sampled_from(list(WaveKind))
SOME_WAVES = st.lists(st.tuples(st.integers(0, 2), KINDS, st.integers(1, 5)), min_size=1, max_size=6)


async def take_all(places: Iterable[int], turns: Turns | None = None) -> list[UUID]:
    """Take everything from the only lane in portions; return the deliveries in their order."""
    lane, lease = await hold_lane()
    memory = turns or Turns()
    order: list[UUID] = []
    while True:
        for limit in places:
            taken = await take_deliveries(lane, lease, limit, turns=memory)
            if not taken.touched:
                return order
            order += [each.delivery_id for each in taken.hand_overs]


async def forget_lane() -> None:
    """Make room for the next example in the same database."""
    await get_database().execute_query("TRUNCATE delivery, due, lane, wave, communication, tally CASCADE")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(waves=SOME_WAVES, places=st.lists(st.integers(1, 4), min_size=1, max_size=3))
async def test_waves_of_several_municipalities_go_by_rank_then_by_turns(
    waves: list[tuple[int, WaveKind, int]], places: list[int]
) -> None:
    await forget_lane()
    towns = [await found_town(f"town-{uuid4().hex[:10]}") for _ in range(3)]
    places_in: dict[UUID, tuple[int, int, int]] = {}
    for number, (town, kind, size) in enumerate(waves):
        citizens = await settle_citizens(towns[town], size)
        alert = await plan(towns[town], citizens, kind=kind)
        places_in.update({each.id: (RANKS[kind], town, number) for each in alert.deliveries})
    order = [places_in[key] for key in await take_all(places)]
    assert len(order) == len(places_in)
    assert [rank for rank, _, _ in order] == sorted(rank for rank, _, _ in order)
    for rank in set(RANKS.values()):
        check_turns([town for mine, town, _ in order if mine == rank])
        for town in range(3):
            check_turns([wave for mine, owner, wave in order if (mine, owner) == (rank, town)])


def check_turns(row: list[int]) -> None:
    """While two still come, between two turns of one lies one of the other."""
    for first in set(row):
        for second in set(row) - {first}:
            pair = [each for each in row if each in (first, second)]
            until = min(len(pair) - pair[::-1].index(first), len(pair) - pair[::-1].index(second)) - 1
            assert all(pair[place] != pair[place + 1] for place in range(until))


async def test_a_verification_goes_before_a_wave_and_is_kept_like_any_other() -> None:
    town = await found_town()
    first, second = await settle_citizens(town, 2)
    await plan(town, [first])
    delivery = await plan_verification(second)
    lane, lease = await hold_lane()
    taken = await take_deliveries(lane, lease, 1, turns=Turns())
    [hand_over] = taken.hand_overs
    assert (hand_over.delivery_id, hand_over.verification_id) == (delivery.id, delivery.verification_id)  # type: ignore[attr-defined]
    assert (hand_over.text, hand_over.locale) == ("", first.locale)
    lasts = measure_expiries(read_settings())
    applied = await apply_events([report(delivery.id, DeliveryStatus.SMS_SENT)], lasts)
    assert (applied.busy, applied.moved.versions) == ([], {})
    await get_database().execute_query("UPDATE delivery SET expires_at = now() - interval '1 second'")
    await expire_deliveries()
    row = await Delivery.get(id=delivery.id)
    assert (row.handling, row.status, row.expired) == (Handling.TAKEN, DeliveryStatus.SMS_SENT, True)


async def test_verifications_go_by_turns_of_municipalities_too() -> None:
    busy, quiet = await found_town("busy"), await found_town("quiet")
    many = [await plan_verification(citizen) for citizen in await settle_citizens(busy, 6)]
    one = await plan_verification((await settle_citizens(quiet, 1))[0])
    order = await take_all([1])
    assert order.index(one.id) <= 1
    assert [key for key in order if key != one.id] == [each.id for each in many]


async def test_who_was_reached_or_refused_meanwhile_is_skipped_and_the_next_one_goes() -> None:
    town = await found_town()
    citizens = await settle_citizens(town, 5)
    alert = await plan(town, citizens)
    await Recipient.filter(id=alert.recipients[0].id).update(outcome=1)
    await ContactPoint.filter(citizen_id=citizens[1].id).update(suppressed_channels=[Channel.SMS])
    await ContactPoint.filter(citizen_id=citizens[2].id).delete()
    assert await take_all([1]) == [each.id for each in alert.deliveries[3:]]
    rows = await Delivery.filter(id__in=[each.id for each in alert.deliveries[:3]]).order_by("id")
    assert [(row.handling, row.skip_reason, row.handed_at) for row in rows] == [
        (Handling.SKIPPED, SkipReason.ALREADY_CONTACTED, None),
        (Handling.SKIPPED, SkipReason.SUPPRESSED, None),
        (Handling.SKIPPED, SkipReason.DEAD_ADDRESS, None),
    ]


async def test_a_wave_of_people_reached_meanwhile_is_skipped_at_once() -> None:
    town = await found_town()
    alert = await plan(town, await settle_citizens(town, 400))
    await Recipient.filter(id__in=[each.id for each in alert.recipients[:-1]]).update(outcome=1)
    lane, lease = await hold_lane()
    taken = await take_deliveries(lane, lease, 1, turns=Turns())
    assert (taken.touched, len(taken.hand_overs)) == (399, 0)
    assert await take_all([1]) == [alert.deliveries[-1].id]


async def test_a_village_is_handed_over_in_twice_its_own_number_beside_a_town() -> None:
    town, village = await found_town("town"), await found_town("village")
    big = await plan(town, await settle_citizens(town, 80))
    small = await plan(village, await settle_citizens(village, 10))
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS, lane_concurrency=1) as shop:
        await work(shop)
    order = [UUID(key) for key in carrier.taken]
    assert set(order) == {each.id for each in [*big.deliveries, *small.deliveries]}
    assert max(order.index(each.id) for each in small.deliveries) < 2 * 10
    assert await count_handlings() == {Handling.TAKEN: 90}
    assert await Due.all().count() == 0, "whoever plans something asks for the lane again"


async def stage_lane(url: str, *, waiting: int, gone: int) -> Town:
    """Put a lane on stage with many waves and many deliveries, some of them handed over long ago."""
    town = await found_town()
    alert = await plan(town, await settle_citizens(town, 1))
    connection = await connect_alone(url)
    # Citizens and recipients play no part in what is measured.
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(
        "INSERT INTO wave (id, communication_id, kind, number, ordinal, started_at, targets, planned_at, settled_at)"
        " SELECT gen_random_uuid(), $1, 'RECONTACT', n, n, now(), 0, now(), now() FROM generate_series(2, 30) n",
        alert.id,
    )
    await connection.execute(
        "INSERT INTO delivery (id, communication_id, wave_id, recipient_id, channel, account, address, handling, fence,"
        " expired, dead, asks, status) SELECT gen_random_uuid(), $1, w.id, gen_random_uuid(), 2, $2, 'x',"
        " CASE WHEN n <= $3 THEN 1 ELSE 3 END, 0, false, false, 0, CASE WHEN n <= $3 THEN NULL ELSE 260 END"
        " FROM wave w, generate_series(1, $4) n",
        alert.id, ACCOUNT, waiting // 30, (waiting + gone) // 30,
    )  # fmt: skip
    await connection.execute("ANALYZE")
    await connection.close()
    return town


def add_up(plan: Mapping[str, Any]) -> int:
    """Return how many rows of `delivery` a plan has looked at."""
    mine = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) if plan.get("Relation Name") == "delivery" else 0
    return int(mine * plan["Actual Loops"]) + sum(add_up(child) for child in plan.get("Plans", ()))


async def check_look(database: str, *, waiting: int, gone: int) -> None:
    await stage_lane(database, waiting=waiting, gone=gone)
    connection = await connect_alone(database)
    lane = await Lane.get(channel=Channel.SMS)
    text = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {HEADS}", lane.account, lane.channel, 4)
    await connection.close()
    explained = json.loads(text)[0]["Plan"]
    assert "Seq Scan" not in {
        node["Node Type"] for node in list_nodes(explained) if node.get("Relation Name") == "delivery"
    }
    assert add_up(explained) <= 30 * (4 + 2), "one look for each of thirty queues, and four rows of each"


def list_nodes(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in list_nodes(child))]


async def test_a_look_at_a_long_lane_sees_its_heads_alone(database: str) -> None:
    await check_look(database, waiting=15_000, gone=15_000)


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_a_look_at_a_lane_of_a_million_sees_its_heads_alone(database: str) -> None:
    await check_look(database, waiting=1_000_000, gone=500_000)
