"""Promises of the webhook route, over real HTTP: what is answered when, and that nothing answered 204 is missing."""

import asyncio
import random
from collections.abc import AsyncIterator

import asyncpg
import httpx2
import pytest
from stage.cast import Alert, count_rows, found_town, send_and_assess, settle_citizens
from stage.house import PATH, make_form, open_house, sign
from stage.polling import PATIENCE

from tocsin.embedded import EmbeddedPostgres
from tocsin.identifiers import expose
from tocsin.records.communications import Delivery, Tally
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus


@pytest.fixture
async def settings(database_url: str) -> AsyncIterator[Settings]:
    async with open_house(database_url) as chosen:
        yield chosen


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=PATIENCE) as opened:
        yield opened


@pytest.fixture
async def alert(settings: Settings) -> Alert:
    town = await found_town()
    await settle_citizens(town, 3)
    return await send_and_assess(town)


def about(alert: Alert, index: int = 0) -> str:
    return f"delivery={expose('delivery', alert.deliveries[index].id)}"


async def post(client: httpx2.AsyncClient, settings: Settings, query: str, word: str = "delivered") -> int:
    url, body, headers = sign(settings, query, make_form(word))
    return (await client.post(url, content=body, headers=headers)).status_code


async def test_a_signed_report_is_committed_before_204(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    assert await post(client, settings, about(alert)) == 204
    assert (await Delivery.get(id=alert.deliveries[0].id)).status is DeliveryStatus.SMS_RECEIVED
    assert (await Tally.get(communication_id=alert.id)).contacted == 1


async def test_a_replay_is_answered_204_and_changes_not_a_row(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    await post(client, settings, about(alert))
    before = await Tally.get(communication_id=alert.id).values()
    assert await post(client, settings, about(alert)) == 204
    assert await Tally.get(communication_id=alert.id).values() == before
    assert await count_rows("delivery_event") == 1


@pytest.mark.parametrize("change", ["unsigned", "forged", "altered body", "altered query", "other account"])
async def test_what_its_account_has_not_signed_is_refused(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert, change: str
) -> None:
    form = make_form("delivered", **({"AccountSid": "AC" + "9" * 32} if change == "other account" else {}))
    token = "f" * 32 if change == "forged" else settings.twilio_auth_token
    url, body, headers = sign(settings, about(alert), form, token)
    if change == "unsigned":
        del headers["X-Twilio-Signature"]
    body = body.replace(b"delivered", b"failed") if change == "altered body" else body
    url = url.replace(about(alert), about(alert, 1)) if change == "altered query" else url
    assert (await client.post(url, content=body, headers=headers)).status_code == 403
    assert await count_rows("delivery_event") == 0


async def test_an_oversized_request_is_refused(client: httpx2.AsyncClient, settings: Settings) -> None:
    url, _, headers = sign(settings, "", make_form("delivered"))
    assert (await client.post(url, content=b"x" * 70_000, headers=headers)).status_code == 413


@pytest.mark.parametrize("body", [b"MessageStatus=%ff%fe", b"\xff\xfe\xfd", b"{}"])
async def test_what_is_not_the_providers_form_is_refused(
    client: httpx2.AsyncClient, settings: Settings, body: bytes
) -> None:
    url, _, headers = sign(settings, "", {})
    assert (await client.post(url, content=body, headers=headers)).status_code in (400, 403)


async def test_a_signed_form_without_its_fields_is_400(client: httpx2.AsyncClient, settings: Settings) -> None:
    form = {name: value for name, value in make_form("delivered").items() if name != "MessageSid"}
    url, body, headers = sign(settings, "", form)
    assert (await client.post(url, content=body, headers=headers)).status_code == 400


async def test_an_unknown_word_is_kept_and_moves_nothing(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    assert await post(client, settings, about(alert), "teleported") == 204
    assert await count_rows("delivery_event") == 1
    assert (await Tally.get(communication_id=alert.id)).version == 1


async def test_a_report_about_an_unknown_delivery_is_parked(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    assert await post(client, settings, "delivery=delivery-" + "0" * 32) == 204
    assert await count_rows("parked_event") == 1


async def test_other_paths_and_methods_are_refused(client: httpx2.AsyncClient, settings: Settings) -> None:
    assert (await client.get(settings.public_url + PATH)).status_code == 405
    assert (await client.post(settings.public_url + "/webhooks/nobody")).status_code == 404


async def test_no_mutant_of_a_valid_request_ends_in_a_server_error(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    await check_mutants(client, settings, alert, count=400)


@pytest.mark.proof
async def test_none_of_10_000_mutants_ends_in_a_server_error(
    client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    await check_mutants(client, settings, alert, count=10_000)


async def check_mutants(client: httpx2.AsyncClient, settings: Settings, alert: Alert, *, count: int) -> None:
    """Bend bytes of body and values of fields, half of them signed after bending; nothing may be contacted by the others."""
    chance = random.Random(11)
    answers = set()
    for _ in range(count):
        form = make_form(chance.choice(["delivered", "sent", "\x00", "ÿ" * 100, ""]))
        if chance.random() < 0.5:
            form[chance.choice(list(form))] = "".join(chance.choices("a\x00é=&%\ud7ff🚨", k=chance.randint(0, 60)))
        url, body, headers = sign(settings, about(alert), form)
        if chance.random() < 0.5:
            at = chance.randrange(len(body))
            body = body[:at] + bytes(chance.choices(range(256), k=chance.randint(0, 4))) + body[at + 1 :]
        answers.add((await client.post(url, content=body, headers=headers)).status_code)
    assert answers <= {204, 400, 403}
    assert 403 in answers


async def test_while_the_database_is_away_reports_are_put_off_and_none_acknowledged_is_missing(
    postgres: EmbeddedPostgres, database_url: str, client: httpx2.AsyncClient, settings: Settings, alert: Alert
) -> None:
    """Its connections are ended and new ones refused, as in a restart; then it is let back."""
    name = database_url.partition("?")[0].rpartition("/")[2]
    keeper = await asyncpg.connect(postgres.url("postgres"))
    await keeper.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    await keeper.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    url, body, headers = sign(settings, about(alert), make_form("delivered"))
    away = await client.post(url, content=body, headers=headers)
    assert (away.status_code, away.headers["retry-after"]) == (503, "1")
    await keeper.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
    await keeper.close()
    async with asyncio.timeout(PATIENCE):
        while (await client.post(url, content=body, headers=headers)).status_code != 204:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await Tally.get(communication_id=alert.id)).contacted == 1
