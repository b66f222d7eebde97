"""Promises to voice mailboxes: after the beep the message begins again, once, by a job, and without harm where it can't."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import httpx2
import pytest
from providers.carrier_socket import Carrier, compose, listen, refusal
from stage.cast import (
    ACCOUNT,
    call_to_confirm,
)
from stage.house import choose_settings, open_house, sign
from stage.polling import PATIENCE

from tocsin.database import get_database
from tocsin.due import Work, list_due
from tocsin.events import Event
from tocsin.expiry import measure_expiries
from tocsin.identifiers import expose
from tocsin.ledger import apply_events
from tocsin.records.communications import CommunicationContent, Delivery, Tally
from tocsin.records.work import Due
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.words import AnsweredBy
from tocsin.writer import Writer
from tocsin_jobs.calls import WORTHWHILE_SECONDS
from tocsin_jobs.performance import perform
from tocsin_jobs.workshop import Provider, Workshop
from tocsin_providers.twilio_messaging import TwilioMessaging
from tocsin_providers.twilio_voice import TwilioVoice
from tocsin_providers.twilio_voice_webhooks import MACHINE_PATH

S = DeliveryStatus
CALL = "CA" + "5d0f" * 8
LASTS = measure_expiries(read_settings())
TAKEN = compose(200, {"sid": CALL, "status": "in-progress"})


@pytest.fixture
async def delivery(database: str) -> Delivery:
    return (await call_to_confirm(2)).deliveries[0]


def tell(delivery: Delivery, word: str, status: DeliveryStatus, *, call: str = CALL) -> Event:
    return Event(
        event_key=f"twilio_voice:{call}:{word}",
        provider="twilio_voice",
        account=ACCOUNT,
        delivery_id=delivery.id,
        provider_word=word,
        status=status,
        carrier_id=call,
    )


def beep(delivery: Delivery, word: str = "machine_end_beep") -> Event:
    event = tell(delivery, word, S.CALL_VOICEMAIL)
    return replace(event, answered_by=AnsweredBy.MACHINE, after_beep=True)


async def find_restarts() -> list[UUID]:
    return [row.subject_id for row in await Due.filter(kind=Work.RESTART)]


@asynccontextmanager
async def open_shop(port: int, providers: Sequence[type] = (TwilioVoice, TwilioMessaging)) -> AsyncIterator[Workshop]:
    settings = choose_settings(1, twilio_base_url=f"http://127.0.0.1:{port}")
    async with httpx2.AsyncClient(trust_env=False) as client:
        made: list[Provider] = [provider(settings, client) for provider in providers]
        yield Workshop(
            settings,
            Writer(LASTS, lambda moved: None),
            lambda moved: None,
            {provider.channel: provider for provider in made},
            tell_time,
        )


async def work(carrier: Carrier, providers: Sequence[type] = (TwilioVoice, TwilioMessaging)) -> None:
    """Do all that is due, once."""
    async with listen(carrier) as port, open_shop(port, providers) as shop:
        for due_id in await list_due():
            await perform(shop, due_id)


async def test_after_the_beep_the_message_is_begun_again_and_noted(delivery: Delivery) -> None:
    await apply_events([beep(delivery)], LASTS)
    before = await Tally.get(communication_id=delivery.communication_id).values()  # type: ignore[attr-defined]
    carrier = Carrier(TAKEN)
    await work(carrier)
    assert carrier.targets == [("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json", {})]
    twiml = carrier.forms[0]["Twiml"][0]
    assert twiml.count('<Say language="fr-CA">Évacuez.</Say>') == 2
    assert "Gather" not in twiml
    row = await Delivery.get(id=delivery.id)
    assert row.restarted_at is not None
    assert row.status is S.CALL_VOICEMAIL
    assert await find_restarts() == []
    assert await Tally.get(communication_id=delivery.communication_id).values() == before  # type: ignore[attr-defined]


@pytest.mark.parametrize("word", ["machine_end_beep", "machine_end_silence", "machine_end_other"])
async def test_each_end_of_a_greeting_asks_for_it_and_a_replay_does_not(delivery: Delivery, word: str) -> None:
    await apply_events([beep(delivery, word), beep(delivery, word)], LASTS)
    assert await find_restarts() == [delivery.id]
    await work(Carrier(TAKEN))
    await apply_events([beep(delivery, word)], LASTS)
    assert await find_restarts() == []


async def test_a_greeting_that_has_only_begun_asks_for_nothing(delivery: Delivery) -> None:
    await apply_events([tell(delivery, "machine_start", S.CALL_VOICEMAIL)], LASTS)
    assert await find_restarts() == []


async def test_a_second_verdict_does_not_begin_it_a_second_time(delivery: Delivery) -> None:
    await apply_events([beep(delivery)], LASTS)
    await work(Carrier(TAKEN))
    await apply_events([beep(delivery, "machine_end_other")], LASTS)
    carrier = Carrier(TAKEN)
    await work(carrier)
    assert carrier.requests == []
    assert await find_restarts() == []


@pytest.mark.parametrize("answer", [refusal(404, 20404), refusal(400, 21220)])
async def test_a_call_that_has_ended_is_left(delivery: Delivery, answer: bytes) -> None:
    await apply_events([beep(delivery)], LASTS)
    carrier = Carrier(answer)
    await work(carrier)
    assert len(carrier.requests) == 1
    assert await find_restarts() == []
    assert (await Delivery.get(id=delivery.id)).restarted_at is None


@pytest.mark.parametrize(
    "news", [("digit 1", S.CALL_CONFIRMED, False), ("completed", S.CALL_COMPLETED, True)], ids=["confirmed", "ended"]
)
async def test_nobody_is_interrupted_who_has_confirmed_and_no_call_that_is_known_to_be_over(
    delivery: Delivery, news: tuple[str, DeliveryStatus, bool]
) -> None:
    word, status, ended = news
    await apply_events([beep(delivery), replace(tell(delivery, word, status), ended=ended)], LASTS)
    carrier = Carrier(TAKEN)
    await work(carrier)
    assert carrier.requests == []
    assert await find_restarts() == []


async def test_a_refusal_is_tried_again_for_a_minute_and_then_left_without_harm(delivery: Delivery) -> None:
    await apply_events([beep(delivery)], LASTS)
    for _ in range(15):  # more than the attempts after which other work is given up as dead
        await get_database().execute_query(
            "UPDATE due SET due_at = now() - interval '1 second', announced_until = NULL"
        )
        carrier = Carrier(refusal(503, None))
        await work(carrier)
        assert len(carrier.requests) == 1
    assert await find_restarts() == [delivery.id]
    await get_database().execute_query(
        f"UPDATE delivery_event SET received_at = now() - {WORTHWHILE_SECONDS + 1} * interval '1 second'"
    )
    await get_database().execute_query("UPDATE due SET due_at = now() - interval '1 second', announced_until = NULL")
    await work(Carrier(b""))
    assert await find_restarts() == []
    row = await Delivery.get(id=delivery.id)
    assert (row.restarted_at, row.status) == (None, S.CALL_VOICEMAIL)


async def test_a_long_message_is_fetched_by_the_call_that_records_it(delivery: Delivery) -> None:
    await CommunicationContent.all().update(call_text="é" * 3000)
    await apply_events([beep(delivery)], LASTS)
    carrier = Carrier(TAKEN)
    await work(carrier)
    assert list(carrier.forms[0]) == ["Url"]
    assert "&beep=1#" in carrier.forms[0]["Url"][0]


async def test_of_two_calls_for_one_delivery_the_one_at_the_mailbox_is_meant(delivery: Delivery) -> None:
    first = "CA" + "0" * 32
    await apply_events([tell(delivery, "ringing", S.CALL_RINGING, call=first), beep(delivery)], LASTS)
    assert (await Delivery.get(id=delivery.id)).carrier_id == first
    carrier = Carrier(TAKEN)
    await work(carrier)
    assert carrier.targets[0][1].endswith(f"/Calls/{CALL}.json")


@pytest.mark.parametrize("providers", [(TwilioMessaging,), ()])
async def test_without_a_carrier_for_calls_the_work_is_struck_off(
    delivery: Delivery, providers: tuple[type, ...]
) -> None:
    await apply_events([beep(delivery)], LASTS)
    await work(Carrier(TAKEN), providers)
    assert await find_restarts() == []


async def test_another_accounts_call_is_left_alone(delivery: Delivery) -> None:
    await Delivery.filter(id=delivery.id).update(account="AC" + "2" * 32)
    await apply_events([replace(beep(delivery), account="AC" + "2" * 32)], LASTS)
    carrier = Carrier(TAKEN)
    await work(carrier)
    assert carrier.requests == []
    assert await find_restarts() == []


async def test_the_webhook_answers_at_once_and_the_job_speaks_soon_after(database_url: str) -> None:
    carrier = Carrier(TAKEN)
    async with (
        listen(carrier) as port,
        open_house(database_url, working=True, twilio_base_url=f"http://127.0.0.1:{port}") as settings,
    ):
        alert = await call_to_confirm(2)
        query = f"delivery={expose('delivery', alert.deliveries[0].id)}"
        form = {"AccountSid": ACCOUNT, "CallSid": CALL, "AnsweredBy": "machine_end_beep"}
        url, body, headers = sign(settings, query, form, path=MACHINE_PATH)
        async with httpx2.AsyncClient(timeout=PATIENCE) as client:
            assert (await client.post(url, content=body, headers=headers)).status_code == 204
        async with asyncio.timeout(PATIENCE):
            while (await Delivery.get(id=alert.deliveries[0].id)).restarted_at is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert [path.rpartition("/")[2] for _, path, _ in carrier.targets] == [f"{CALL}.json"]
