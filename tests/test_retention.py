"""Promises of retention: no person is left in what is old, counts equal the rows before and after, and the young stay."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from stage.cast import ACCOUNT, Alert, count_rows, found_town, link_points, send_by_hand, settle_citizens
from stage.office import Office, open_shop

from tocsin.database import get_database
from tocsin.events import Event
from tocsin.expiry import measure_expiries
from tocsin.ledger import apply_events
from tocsin.records.communications import Communication, Delivery, Recipient, Tally
from tocsin.records.people import ConsentEvent, Suppression
from tocsin.retention import CHUNK, forget_beside, forget_chunk, list_forgettable
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.words import Channel, CommunicationState
from tocsin_jobs.sweeps import forget_persons

DAYS = 30
LASTS = measure_expiries(read_settings())
PERSONAL = """
SELECT count(*) AS n FROM recipient r JOIN delivery d ON d.recipient_id = r.id
WHERE r.communication_id = $1 AND (r.citizen_id IS NOT NULL OR r.first_name || r.last_name || r.first_name_key || r.last_name_key <> ''
  OR r.email IS NOT NULL OR r.phone IS NOT NULL OR d.address <> '' OR d.contact_point_id IS NOT NULL)"""


async def send_long_ago(citizens: int, *, days: int = DAYS + 1, slug: str = "sainte-rive") -> Alert:
    """An alert that ended so many days ago: half of the town was reached."""
    town = await found_town(slug)
    await settle_citizens(town, citizens)
    alert = await send_by_hand(town)
    await link_points(alert)
    await apply_events([report(each.id, number) for number, each in enumerate(alert.deliveries)], LASTS)
    past = tell_time() - timedelta(days=days)
    alert.communication.sent_at = past
    alert.communication.state = CommunicationState.COMPLETED
    await alert.communication.save()
    for wave in alert.waves:
        wave.started_at = past
        await wave.save()
    return alert


def report(delivery_id: UUID, number: int) -> Event:
    status = DeliveryStatus.SMS_RECEIVED if number % 2 else DeliveryStatus.SMS_FAILED
    return Event(
        event_key=f"{delivery_id}:{status}", provider="twilio_messaging", account=ACCOUNT, delivery_id=delivery_id,
        provider_word="delivered", status=status, carrier_id=f"SM{number:032x}",
    )  # fmt: skip


async def read_counts(alert: Alert) -> tuple[int, ...]:
    tally = await Tally.get(communication_id=alert.id)
    return tally.total, tally.contacted, tally.in_progress, tally.not_contacted


async def recount(alert: Alert) -> tuple[int, ...]:
    outcomes = [each.outcome for each in await Recipient.filter(communication_id=alert.id)]
    return len(outcomes), outcomes.count(1), outcomes.count(2), outcomes.count(3)  # type: ignore[arg-type]


async def count_personal(alert: Alert) -> int:
    return int((await get_database().execute_query_dict(PERSONAL, [alert.id]))[0]["n"])


async def forget(alert: Alert) -> int:
    """Forget in chunks until it is over; return how many transactions moved the version."""
    steps = 0
    while not (await forget_chunk(alert.id)).over:
        steps += 1
    return steps


async def test_no_person_is_left_and_the_counts_stay_equal_to_the_rows(database: str) -> None:
    alert = await send_long_ago(20)
    counts, before = await read_counts(alert), await Tally.get(communication_id=alert.id)
    assert counts == (20, 10, 0, 10) == await recount(alert)
    assert (await list_forgettable(DAYS), await count_personal(alert)) == ([alert.id], 20)
    assert await forget(alert) == 1
    assert (await count_personal(alert), await count_rows("delivery_event"), await count_rows("recipient_search")) == (
        0,
        0,
        0,
    )
    assert await read_counts(alert) == counts == await recount(alert)
    after = await Tally.get(communication_id=alert.id)
    assert (after.version, after.eligible) == (before.version + 1, 0)
    assert (await list_forgettable(DAYS), await count_rows("wave"), await count_rows("citizen")) == ([], 1, 20)


async def test_a_report_that_comes_again_moves_nothing(database: str) -> None:
    alert = await send_long_ago(4)
    await forget(alert)
    counts = await read_counts(alert)
    applied = await apply_events([report(each.id, number) for number, each in enumerate(alert.deliveries)], LASTS)
    assert (applied.moved.versions, await read_counts(alert), await count_personal(alert)) == ({}, counts, 0)


async def test_what_is_young_or_still_runs_keeps_its_persons(database: str) -> None:
    young = await send_long_ago(2, days=DAYS - 1)
    running = await send_long_ago(2, slug="running")
    await Communication.filter(id=running.id).update(state=CommunicationState.IN_PROGRESS)
    again = await send_long_ago(2, slug="again")
    again.waves[0].started_at = tell_time()
    await again.waves[0].save()
    assert await list_forgettable(DAYS) == []
    assert await count_personal(young) == 2


async def test_a_large_one_is_forgotten_in_bounded_steps(database: str) -> None:
    alert = await send_long_ago(CHUNK + 1)
    assert (await forget_chunk(alert.id)).rows == CHUNK
    assert await count_personal(alert) == 1
    assert await forget(alert) == 1
    assert await count_personal(alert) == 0


async def test_an_old_refusal_stays_in_force_without_its_message(database: str) -> None:
    long_ago = tell_time() - timedelta(days=DAYS + 1)
    said: dict[str, Any] = {"channel": Channel.SMS, "sender": "+14185550100", "address": "+14185550142"}
    await ConsentEvent.create(event_key="SM1", stopped=True, received_at=long_ago, **said)
    await Suppression.create(since=long_ago, **said)
    assert (await forget_beside(DAYS), await forget_beside(DAYS)) == (1, 0)
    assert (await ConsentEvent.get(event_key="SM1")).address == ""
    assert await Suppression.filter(address="+14185550142").count() == 1


async def test_the_sweep_forgets_only_where_a_setting_says_so(database: str) -> None:
    alert = await send_long_ago(3)
    async with open_shop(Office()) as shop:
        await forget_persons(shop)
        assert await count_personal(alert) == 3
    async with open_shop(Office(), tocsin_retention_days=DAYS) as shop:
        await forget_persons(shop)
    assert await count_personal(alert) == 0
    assert await Delivery.filter(communication_id=alert.id).count() == 3
