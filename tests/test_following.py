"""A report that names no delivery is matched by an earlier one that it follows, whichever is in the ledger first."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from stage.cast import (
    ACCOUNT,
    Alert,
    count_rows,
    found_town,
    send_and_assess,
    settle_citizens,
)

from tocsin.assessment import lock_tallies
from tocsin.database import get_database
from tocsin.events import Event
from tocsin.expiry import measure_expiries
from tocsin.parking import free_parked, take_parked
from tocsin.records.communications import Delivery
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.transactions import in_transaction
from tocsin.writer import Writer

S = DeliveryStatus


@pytest.fixture
async def alert(database: str) -> Alert:
    town = await found_town()
    await settle_citizens(town, 2)
    return await send_and_assess(town)


@pytest.fixture
async def writer(database: str) -> AsyncIterator[Writer]:
    opened = Writer(measure_expiries(read_settings()), lambda moved: None)
    await opened.start()
    yield opened
    await opened.stop()


def answer(alert: Alert) -> Event:
    """What bound the carrier's id to the first delivery."""
    return Event("answer", "twilio_messaging", ACCOUNT, alert.deliveries[0].id, "queued", S.SMS_QUEUED)


FOLLOWER = Event("later", "twilio_messaging", ACCOUNT, None, "delivered", S.SMS_RECEIVED, follows="answer")


async def read_status(alert: Alert, index: int = 0) -> DeliveryStatus | None:
    return (await Delivery.get(id=alert.deliveries[index].id)).status


async def test_it_moves_the_delivery_of_the_report_that_it_follows(alert: Alert, writer: Writer) -> None:
    await writer.keep([answer(alert)])
    await writer.keep([FOLLOWER])
    assert [await read_status(alert, index) for index in (0, 1)] == [S.SMS_RECEIVED, None]


async def test_coming_first_it_is_parked_and_matched_when_it_is_tried_again(alert: Alert, writer: Writer) -> None:
    await writer.keep([FOLLOWER])
    assert (await count_rows("parked_event"), await read_status(alert)) == (1, None)
    await writer.keep([answer(alert)])
    await get_database().execute_query("UPDATE parked_event SET next_try_at = now()")
    parked = await take_parked()
    assert parked == [FOLLOWER]
    await writer.keep(parked)
    await free_parked(parked)
    assert (await count_rows("parked_event"), await read_status(alert)) == (0, S.SMS_RECEIVED)


async def test_its_own_delivery_goes_before_the_one_that_it_follows(alert: Alert, writer: Writer) -> None:
    await writer.keep([answer(alert)])
    await writer.keep([replace(FOLLOWER, delivery_id=alert.deliveries[1].id)])
    assert [await read_status(alert, index) for index in (0, 1)] == [S.SMS_QUEUED, S.SMS_RECEIVED]


async def test_another_account_can_follow_nothing_of_ours(alert: Alert, writer: Writer) -> None:
    await writer.keep([answer(alert)])
    await writer.keep([replace(FOLLOWER, account="AC" + "2" * 32)])
    assert (await read_status(alert), await count_rows("parked_event")) == (S.SMS_QUEUED, 1)


async def test_while_somebody_holds_the_communication_it_waits_and_is_not_lost(alert: Alert, writer: Writer) -> None:
    await writer.keep([answer(alert)])
    async with in_transaction() as connection:
        await lock_tallies(connection, [alert.id])
        keeping = asyncio.create_task(writer.keep([FOLLOWER]))
        await asyncio.wait([keeping], timeout=0.3)
        assert not keeping.done()
    await keeping
    assert await read_status(alert) is S.SMS_RECEIVED
