"""Twilio's REST wire: creating, each refusal with its code, fetching, listing, cancelling, redacting."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from carriers.conftest import OpenSimulation, Simulation

ACCOUNT = "AC" + "1" * 32
TOKEN = "a token of the tests"
SERVICE = "MG" + "a" * 32
KEYS = [
    "account_sid",
    "api_version",
    "body",
    "date_created",
    "date_sent",
    "date_updated",
    "direction",
    "error_code",
    "error_message",
    "from",
    "messaging_service_sid",
    "num_media",
    "num_segments",
    "price",
    "price_unit",
    "sid",
    "status",
    "subresource_uris",
    "to",
    "uri",
]


def open_sdk(simulation: Simulation) -> Client:
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = simulation.url
    return client


def close_sdk(client: Client) -> None:
    session = getattr(client.http_client, "session", None)
    if session is not None:
        session.close()


async def test_twilios_sdk_creates_fetches_and_lists_a_message(simulation: Simulation) -> None:
    client = open_sdk(simulation)

    def work() -> tuple[str | None, str | None, list[str | None]]:
        created = client.messages.create(to="+14185550142", from_="+14185550100", body="Avis")
        fetched = client.messages(str(created.sid)).fetch()
        listed = client.messages.list(to="+14185550142", date_sent_after=datetime(2020, 1, 1, tzinfo=UTC))
        assert created.date_created is not None
        return created.sid, fetched.sid, [message.sid for message in listed]

    sid, fetched, listed = await asyncio.to_thread(work)
    close_sdk(client)
    assert fetched == sid
    assert listed == [sid]


async def test_twilios_sdk_pages_through_a_long_list_without_loss_or_repetition(
    simulation: Simulation,
) -> None:
    sids = [(await simulation.send("+14185550142", StatusCallback="")).json()["sid"] for _ in range(7)]
    client = open_sdk(simulation)
    listed = await asyncio.to_thread(lambda: [message.sid for message in client.messages.list(page_size=2)])
    close_sdk(client)
    assert listed == sids[::-1]


async def test_twilios_sdk_understands_an_error_body(simulation: Simulation) -> None:
    client = open_sdk(simulation)
    with pytest.raises(TwilioRestException) as raised:
        await asyncio.to_thread(lambda: client.messages.create(to="1", from_="+14185550100", body="Avis"))
    close_sdk(client)
    assert (raised.value.code, raised.value.status) == (21211, 400)


async def test_a_created_message_has_twilios_keys(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=1.0)
    answer = await simulation.send("+14185550142")
    message = answer.json()
    assert answer.status_code == 201
    assert sorted(message) == KEYS
    assert (message["status"], message["direction"], message["price"]) == ("queued", "outbound-api", None)
    assert message["sid"].startswith("SM")
    assert len(message["sid"]) == 34


async def test_a_messaging_service_accepts_first_and_chooses_the_sender_later(
    open_simulation: OpenSimulation,
) -> None:
    simulation = await open_simulation(speed=1.0)
    message = (await simulation.send("+14185550142", From="", MessagingServiceSid=SERVICE)).json()
    assert (message["status"], message["from"], message["num_segments"]) == ("accepted", None, "0")
    assert message["messaging_service_sid"] == SERVICE


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "4185550142"}, 21211),
        ({"To": "+14185550142 "}, 21211),
        ({"From": ""}, 21603),
        ({"From": "+1"}, 21212),
        ({"From": "+14185550199"}, 21606),
        ({"MessagingServiceSid": "MG1"}, 21701),
        ({"Body": ""}, 21602),
        ({"Body": "a" * 1601}, 21617),
        ({"StatusCallback": "https://exemple.test/status"}, 21609),
        ({"StatusCallback": "http://10.0.0.1/status"}, 21609),
        ({"StatusCallback": "http://127.0.0.1.exemple.test/"}, 21609),
        ({"StatusCallback": "nonsense"}, 21609),
        ({"StatusCallback": "http://127.0.0.1/#rc=6"}, 11243),
        ({"ValidityPeriod": "36001"}, 21624),
        ({"To": "+14185550106"}, 21610),
        ({"ScheduleType": "fixed", "SendAt": "2026-01-01T00:00:00Z"}, 35118),
    ],
)
async def test_a_bad_request_gets_twilios_code(
    open_simulation: OpenSimulation, fields: dict[str, str], code: int
) -> None:
    simulation = await open_simulation({"senders": frozenset({"+14185550100"})})
    answer = await simulation.send("+14185550142", fields=fields)
    error = answer.json()
    assert answer.status_code == 400
    assert sorted(error) == ["code", "message", "more_info", "status"]
    assert (error["code"], error["status"]) == (code, 400)
    state = await simulation.settle()
    assert (state["messages"], state["refused"]) == (0, {str(code): 1})


@pytest.mark.parametrize("auth", [None, (ACCOUNT, "wrong"), ("AC" + "2" * 32, TOKEN)])
async def test_wrong_credentials_are_refused(simulation: Simulation, auth: tuple[str, str] | None) -> None:
    answer = await simulation.client.get(simulation.messages_url, auth=auth)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


async def test_another_account_and_an_unknown_message_are_not_found(simulation: Simulation) -> None:
    other = simulation.messages_url.replace(ACCOUNT, "AC" + "2" * 32)
    unknown = simulation.messages_url.replace(".json", "/SM" + "0" * 32 + ".json")
    for url in (other, unknown):
        answer = await simulation.client.get(url, auth=(ACCOUNT, TOKEN))
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)


async def test_the_list_filters_by_number_sender_and_date(simulation: Simulation) -> None:
    await simulation.send("+14185550141", From="+14185550101")
    wanted = (await simulation.send("+14185550142")).json()["sid"]
    await simulation.settle()
    today, tomorrow = datetime.now(UTC).date(), datetime.now(UTC).date() + timedelta(days=2)

    async def sids(**query: str) -> list[str]:
        answer = await simulation.client.get(simulation.messages_url, params=query, auth=(ACCOUNT, TOKEN))
        return [message["sid"] for message in answer.json()["messages"]]

    assert await sids(To="+14185550142") == [wanted]
    assert await sids(From="+14185550100") == [wanted]
    assert len(await sids(**{"DateSent>": (today - timedelta(days=1)).isoformat()})) == 2
    assert await sids(**{"DateSent>": tomorrow.isoformat()}) == []
    assert await sids(**{"DateSent<": (today - timedelta(days=1)).isoformat()}) == []


async def test_a_scheduled_message_can_be_cancelled_once_and_says_so(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=1.0)
    send_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    scheduling = {"MessagingServiceSid": SERVICE, "ScheduleType": "fixed", "SendAt": send_at}
    message = (await simulation.send("+14185550142", fields=scheduling)).json()
    assert message["status"] == "scheduled"
    url = simulation.url + message["uri"]
    cancelled = await simulation.client.post(url, data={"Status": "canceled"}, auth=(ACCOUNT, TOKEN))
    assert cancelled.json()["status"] == "canceled"
    state = await simulation.settle()
    assert (simulation.receiver.words(), state["dropped"]) == (["canceled"], 3)
    again = await simulation.client.post(url, data={"Status": "canceled"}, auth=(ACCOUNT, TOKEN))
    assert again.json()["code"] == 30409


async def test_a_body_can_be_redacted_and_not_replaced(simulation: Simulation) -> None:
    url = simulation.url + (await simulation.send("+14185550142")).json()["uri"]
    redacted = await simulation.client.post(url, data={"Body": ""}, auth=(ACCOUNT, TOKEN))
    assert redacted.json()["body"] == ""
    replaced = await simulation.client.post(url, data={"Body": "else"}, auth=(ACCOUNT, TOKEN))
    assert replaced.json()["code"] == 20001


async def test_a_full_ledger_refuses_and_says_what_to_do(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation({"ledger_limit": 1})
    await simulation.send("+14185550142")
    refused = await simulation.send("+14185550143")
    assert (refused.status_code, refused.json()["code"]) == (503, 20503)
    assert "reset" in refused.json()["message"]
    await simulation.settle()
    await simulation.client.post(f"{simulation.url}/simulator/reset")
    assert (await simulation.send("+14185550143")).status_code == 201
