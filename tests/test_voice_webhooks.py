"""Promises to whoever is on the telephone, over real HTTP: an answer whatever the database does, and no key lost."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit
from xml.etree import ElementTree

import asyncpg
import httpx2
import pytest
from stage.cast import (
    Alert,
    call_to_confirm,
    count_rows,
)
from stage.house import open_house, sign
from stage.polling import PATIENCE

from tocsin.embedded import EmbeddedPostgres
from tocsin.identifiers import expose
from tocsin.records.communications import Communication, CommunicationContent, Delivery, Recipient, Tally
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus
from tocsin.words import Locale
from tocsin_providers.twilio_voice_conversation import GATHER_PATH, MESSAGE_PATH
from tocsin_providers.twilio_voice_script import WORDINGS
from tocsin_providers.twilio_voice_webhooks import MACHINE_PATH, STATUS_PATH

S = DeliveryStatus
CALL = "CA" + "5d0f" * 8
FRENCH = WORDINGS[Locale.FR]


@pytest.fixture
async def settings(database_url: str) -> AsyncIterator[Settings]:
    async with open_house(database_url) as chosen:
        yield chosen


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=30) as opened:
        yield opened


@pytest.fixture
async def alert(settings: Settings) -> Alert:
    return await call_to_confirm(2)


def about(alert: Alert) -> str:
    return f"delivery={expose('delivery', alert.deliveries[0].id)}"


def form(settings: Settings, **fields: str) -> dict[str, str]:
    return {"AccountSid": settings.twilio_account_sid, "CallSid": CALL, "To": "+14185550142", **fields}


async def post(client: httpx2.AsyncClient, settings: Settings, path: str, query: str, **fields: str) -> httpx2.Response:
    url, body, headers = sign(settings, query, form(settings, **fields), path=path)
    return await client.post(url, content=body, headers=headers)


def parse(response: httpx2.Response) -> ElementTree.Element:
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    return ElementTree.fromstring(response.content)


def hear(document: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in document.iter("Say")]


async def follow(client: httpx2.AsyncClient, settings: Settings, document: ElementTree.Element) -> httpx2.Response:
    """Go where a detour leads."""
    parts = urlsplit(document.findtext("Redirect") or "")
    return await post(client, settings, parts.path, parts.query, CallStatus="in-progress")


async def read_status(alert: Alert) -> DeliveryStatus | None:
    return (await Delivery.get(id=alert.deliveries[0].id)).status


async def test_progress_and_answerer_are_kept_before_204(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    response = await post(client, settings, STATUS_PATH, about(alert), CallStatus="ringing", SequenceNumber="1")
    assert (response.status_code, await read_status(alert)) == (204, S.CALL_RINGING)
    response = await post(client, settings, MACHINE_PATH, about(alert), AnsweredBy="fax")
    assert (response.status_code, await read_status(alert)) == (204, S.CALL_FAX)


async def test_the_key_1_is_kept_before_it_is_thanked_for(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    document = parse(await post(client, settings, GATHER_PATH, f"{about(alert)}&locale=fr&asked=1", Digits="1"))
    assert hear(document) == [FRENCH.thanks]
    assert await read_status(alert) is S.CALL_CONFIRMED
    assert (await Tally.get(communication_id=alert.id)).contacted == 1


async def test_another_key_is_asked_again_and_moves_the_call_on(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    document = parse(await post(client, settings, GATHER_PATH, f"{about(alert)}&locale=en&asked=1", Digits="7"))
    assert hear(document) == [WORDINGS[Locale.EN].question]
    assert await read_status(alert) is S.CALL_IN_PROGRESS


async def test_a_forged_key_confirms_nothing(client: httpx2.AsyncClient, settings: Settings, alert: Alert) -> None:
    url, body, headers = sign(settings, about(alert), form(settings, Digits="2"), path=GATHER_PATH)
    assert (await client.post(url, content=body.replace(b"Digits=2", b"Digits=1"), headers=headers)).status_code == 403
    assert await count_rows("delivery_event") == 0


async def test_while_the_database_is_away_the_key_goes_round_until_it_is_kept(
    postgres: EmbeddedPostgres, database_url: str, client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    keeper = await asyncpg.connect(postgres.url("postgres"))
    await keeper.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    await keeper.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    detour = parse(await post(client, settings, GATHER_PATH, f"{about(alert)}&locale=fr&asked=1", Digits="1"))
    assert hear(detour) == [FRENCH.moment]
    detour = parse(await follow(client, settings, detour))
    assert hear(detour) == [FRENCH.moment]
    away = parse(await post(client, settings, MESSAGE_PATH, f"{about(alert)}&locale=fr&asked=1"))
    assert hear(away) == [FRENCH.moment]
    await keeper.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
    await keeper.close()
    async with asyncio.timeout(PATIENCE):
        while detour.find("Redirect") is not None:
            detour = parse(await follow(client, settings, detour))
    assert hear(detour) == [FRENCH.thanks]
    assert await read_status(alert) is S.CALL_CONFIRMED
    assert await count_rows("delivery_event") == 1


async def test_while_the_database_is_slow_he_waits_three_seconds_at_most(
    database_url: str, client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    keeper = await asyncpg.connect(database_url)
    async with keeper.transaction():
        await keeper.execute("SELECT 1 FROM tally WHERE communication_id = $1 FOR UPDATE", alert.id)
        begun = asyncio.get_running_loop().time()
        detour = parse(await post(client, settings, GATHER_PATH, f"{about(alert)}&locale=fr&asked=1", Digits="1"))
        assert asyncio.get_running_loop().time() - begun < 12, "before the carrier loses patience"
        assert hear(detour) == [FRENCH.moment]
    await keeper.close()
    async with asyncio.timeout(PATIENCE):
        while detour.find("Redirect") is not None:
            detour = parse(await follow(client, settings, detour))
    assert hear(detour) == [FRENCH.thanks]
    assert await read_status(alert) is S.CALL_CONFIRMED
    assert await count_rows("delivery_event") == 1


async def test_what_the_database_refuses_is_answered_too(
    database_url: str, client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    keeper = await asyncpg.connect(database_url)
    await keeper.execute("ALTER TABLE delivery_event ADD CONSTRAINT refused CHECK (provider_word <> 'digit 1')")
    await keeper.close()
    query = f"{about(alert)}&locale=fr&asked=1&waited=40&digits=1"
    document = parse(await post(client, settings, GATHER_PATH, query))
    assert hear(document) == [FRENCH.apology]


async def test_a_long_message_is_spoken_in_the_citizens_language(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    text = "Leave the house & take <nothing>. " * 60
    communication = await Communication.get(id=alert.id)
    await CommunicationContent.create(communication=communication, locale=Locale.EN, call_text=text)
    await Recipient.filter(communication_id=alert.id).update(locale=Locale.EN)
    document = parse(await post(client, settings, MESSAGE_PATH, f"{about(alert)}&locale=en&asked=1"))
    assert "".join(hear(document)) == (text + WORDINGS[Locale.EN].question) * 2
    assert document.find("Gather") is not None
    assert await read_status(alert) is S.CALL_IN_PROGRESS
    mailbox = parse(await post(client, settings, MESSAGE_PATH, f"{about(alert)}&locale=en&asked=1&beep=1"))
    assert "".join(hear(mailbox)) == text * 2
    assert mailbox.find("Gather") is None


@pytest.mark.parametrize("query", ["", "delivery=delivery-" + "0" * 32, "delivery=nothing"])
async def test_a_call_that_has_nothing_to_say_ends(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert, query: str
) -> None:
    document = parse(await post(client, settings, MESSAGE_PATH, query))
    assert [element.tag for element in document.iter()] == ["Response", "Say", "Hangup"]
    assert await count_rows("parked_event") == 1


async def test_another_accounts_message_is_not_told(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    await Delivery.all().update(account="AC" + "2" * 32)
    document = parse(await post(client, settings, MESSAGE_PATH, about(alert)))
    assert hear(document) == [FRENCH.goodbye]
