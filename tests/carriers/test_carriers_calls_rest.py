"""Calls over REST: creating, each refusal with its code, fetching, listing, and changing one that runs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from carriers.documents import say
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from carriers.conftest import OpenSimulation, Simulation

ACCOUNT = "AC" + "1" * 32
TOKEN = "a token of the tests"
KEYS = [
    *("account_sid", "annotation", "answered_by", "api_version", "caller_name", "date_created", "date_updated"),
    *("direction", "duration", "end_time", "forwarded_from", "from", "from_formatted", "group_sid"),
    *("parent_call_sid", "phone_number_sid", "price", "price_unit", "queue_time", "sid", "start_time", "status"),
    *("subresource_uris", "to", "to_formatted", "trunk_sid", "uri"),
]
FOREVER = say("Stay on the line.", hold=7_200)


async def test_twilios_sdk_creates_fetches_changes_and_lists_a_call(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=0.001)
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = simulation.url

    def work() -> None:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        created = client.calls.create(
            to="+14185550142",
            from_="+14185550100",
            twiml=FOREVER,
            status_callback=f"{simulation.receiver.url}/status",
            status_callback_event=["initiated", "answered"],
        )
        assert client.calls(str(created.sid)).fetch().status == "queued"
        assert [call.sid for call in client.calls.list(to="+14185550142", start_time_after=yesterday)] == [created.sid]
        assert client.calls(str(created.sid)).update(status="canceled").status == "canceled"
        with pytest.raises(TwilioRestException) as raised:
            client.calls(str(created.sid)).update(twiml=FOREVER)
        assert (raised.value.code, raised.value.status) == (21220, 400)

    await asyncio.to_thread(work)
    session = getattr(client.http_client, "session", None)
    if session is not None:
        session.close()


async def test_a_created_call_has_twilios_keys(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=0.001)
    answer = await simulation.call("+14185550142")
    call = answer.json()
    assert answer.status_code == 201
    assert sorted(call) == KEYS
    assert (call["status"], call["direction"], call["queue_time"]) == ("queued", "outbound-api", "0")
    assert (call["to_formatted"], call["start_time"], call["duration"]) == ("(418) 555-0142", None, None)
    assert call["sid"].startswith("CA")
    assert len(call["sid"]) == 34


async def test_an_ended_call_tells_when_and_how_long(simulation: Simulation) -> None:
    sid = (await simulation.call("+14185550112", say("A drill.", hold=20))).json()["sid"]
    await simulation.settle()
    call = await simulation.fetch(sid)
    assert (call["status"], int(call["duration"])) == ("completed", 21)
    assert call["start_time"]
    assert call["end_time"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21201),
        ({"To": "4185550142"}, 21211),
        ({"From": ""}, 21213),
        ({"From": "+1"}, 21212),
        ({"From": "+14185550199"}, 21210),
        ({"Twiml": ""}, 21205),
        ({"Twiml": "a" * 4001}, 32018),
        ({"Url": "https://exemple.test/twiml"}, 21205),
        ({"FallbackUrl": "http://10.0.0.1/"}, 21205),
        ({"StatusCallback": "https://exemple.test/status"}, 21609),
        ({"AsyncAmdStatusCallback": "nonsense"}, 21502),
        ({"StatusCallback": "http://127.0.0.1/#rc=6"}, 11243),
        ({"AsyncAmdStatusCallback": "http://127.0.0.1/#rp=3xx"}, 11243),
        ({"Url": "http://127.0.0.1/#ct=1"}, 11243),
        ({"StatusCallbackEvent": "in-progress"}, 20001),
        ({"StatusCallbackMethod": "GET"}, 20001),
        ({"Timeout": "601"}, 20001),
        ({"Timeout": "x"}, 20001),
        ({"TimeLimit": "0"}, 20001),
        ({"MachineDetection": "yes"}, 20001),
        ({"MachineDetectionTimeout": "2"}, 20001),
    ],
)
async def test_a_bad_request_gets_twilios_code(
    open_simulation: OpenSimulation, fields: dict[str, str], code: int
) -> None:
    simulation = await open_simulation({"senders": frozenset({"+14185550100"})})
    answer = await simulation.call("+14185550142", fields=fields)
    error = answer.json()
    assert answer.status_code == 400
    assert sorted(error) == ["code", "message", "more_info", "status"]
    assert (error["code"], error["status"]) == (code, 400)
    state = await simulation.settle()
    assert (state["messages"], state["refused"]) == (0, {str(code): 1})


async def test_twiml_of_the_longest_length_is_taken(simulation: Simulation) -> None:
    document = "<Response><Say>" + "a" * (4_000 - 32) + "</Say></Response>"
    assert len(document) == 4_000
    assert (await simulation.call("+14185550112", document)).status_code == 201


@pytest.mark.parametrize("auth", [None, (ACCOUNT, "wrong"), ("AC" + "2" * 32, TOKEN)])
async def test_wrong_credentials_are_refused(simulation: Simulation, auth: tuple[str, str] | None) -> None:
    for url in (simulation.calls_url, simulation.calls_url.replace(".json", "/CA" + "0" * 32 + ".json")):
        for method in ("GET", "POST"):
            answer = await simulation.client.request(method, url, auth=auth)
            assert (answer.status_code, answer.json()["code"]) == (401, 20003)


async def test_an_unknown_call_is_not_found(simulation: Simulation) -> None:
    answer = await simulation.change("CA" + "0" * 32, Status="completed")
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


async def test_the_list_filters_by_number_caller_status_and_start(simulation: Simulation) -> None:
    await simulation.call("+14185550101", From="+14185550190")
    wanted = (await simulation.call("+14185550112")).json()["sid"]
    await simulation.settle()
    today = datetime.now(UTC).date()

    async def sids(**query: str) -> list[str]:
        answer = await simulation.client.get(simulation.calls_url, params=query, auth=(ACCOUNT, TOKEN))
        return [call["sid"] for call in answer.json()["calls"]]

    assert await sids(To="+14185550112") == [wanted]
    assert await sids(From="+14185550100") == [wanted]
    assert await sids(Status="completed") == [wanted]
    assert await sids(Status="ringing") == []
    assert len(await sids(**{"StartTime>": (today - timedelta(days=1)).isoformat()})) == 2
    assert await sids(**{"StartTime>": (today + timedelta(days=2)).isoformat()}) == []
    assert await sids(**{"StartTime<": (today - timedelta(days=1)).isoformat()}) == []


async def test_the_list_comes_in_pages_newest_first(simulation: Simulation) -> None:
    sids = [(await simulation.call("+14185550101")).json()["sid"] for _ in range(5)]
    listed, url = [], f"{simulation.calls_url}?PageSize=2"
    while url:
        page = (await simulation.client.get(url, auth=(ACCOUNT, TOKEN))).json()
        listed += [call["sid"] for call in page["calls"]]
        url = page["next_page_uri"] and simulation.url + page["next_page_uri"]
    assert listed == sids[::-1]


@pytest.mark.parametrize("status", ["canceled", "completed"])
async def test_a_queued_call_is_cancelled_and_says_so(open_simulation: OpenSimulation, status: str) -> None:
    simulation = await open_simulation(speed=0.001)
    sid = (await simulation.call("+14185550142")).json()["sid"]
    answer = await simulation.change(sid, Status=status)
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    await simulation.turn(speed=20_000.0)
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert (simulation.receiver.words(), line["final"], line["outcome"]) == (["canceled"], "canceled", "canceled")


async def test_a_ringing_call_is_cancelled(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=10.0)
    sid = (await simulation.call("+14185550102", Timeout="600")).json()["sid"]
    await simulation.receiver.until(lambda: "ringing" in simulation.receiver.words())
    assert (await simulation.change(sid, Twiml=FOREVER)).json()["code"] == 21220
    assert (await simulation.change(sid, Status="canceled")).json()["status"] == "canceled"
    await simulation.settle()
    assert sorted(simulation.receiver.words()) == ["canceled", "initiated", "ringing"]
    assert (await simulation.change(sid, Status="canceled")).json()["code"] == 21220


async def test_a_running_call_is_ended_and_cannot_be_cancelled(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=100.0)
    sid = (await simulation.call("+14185550112", FOREVER)).json()["sid"]
    await simulation.receiver.until(lambda: "in-progress" in simulation.receiver.words())
    assert (await simulation.change(sid, Status="canceled")).json()["status"] == "in-progress"
    assert (await simulation.change(sid, Status="completed")).json()["status"] == "completed"
    await simulation.settle()
    assert simulation.receiver.words().count("completed") == 1


@pytest.mark.parametrize(
    "fields", [{"Status": "ringing"}, {"Status": "ringing", "Twiml": FOREVER}, {"Colour": "red"}, {}]
)
async def test_a_change_that_makes_no_sense_is_refused(open_simulation: OpenSimulation, fields: dict[str, str]) -> None:
    simulation = await open_simulation(speed=0.001)
    sid = (await simulation.call("+14185550112")).json()["sid"]
    assert (await simulation.change(sid, **fields)).json()["code"] == 20001


@pytest.mark.parametrize("fields", [{"Status": "completed"}, {"Status": "canceled"}, {"Twiml": FOREVER}])
async def test_an_ended_call_cannot_be_changed(simulation: Simulation, fields: dict[str, str]) -> None:
    sid = (await simulation.call("+14185550112")).json()["sid"]
    await simulation.settle()
    answer = await simulation.change(sid, **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, 21220)


async def test_a_message_is_begun_again_after_the_beep(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=100.0)
    sid = (await simulation.call("+14185550104", say("One.", "Two.", hold=7_200))).json()["sid"]
    await simulation.receiver.until(lambda: simulation.receiver.at("/detection"))
    assert (await simulation.change(sid, Twiml=say("Eins.", "Zwei.", language="de-DE"))).status_code == 200
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["begunAgain"], line["says"], line["languages"]) == (True, 4, ["de-DE", "en-CA"])
    assert line["final"] == "completed"


async def test_a_running_call_is_sent_to_another_address(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=100.0)
    receiver = simulation.receiver
    sid = (await simulation.call("+14185550112", FOREVER, MachineDetection="")).json()["sid"]
    await receiver.until(lambda: "in-progress" in receiver.words())
    url = f"{receiver.url}/elsewhere?delivery=d1#rc=1&rp=5xx"
    assert (await simulation.change(sid, Url=url)).status_code == 200
    await receiver.until(lambda: receiver.at("/elsewhere"))
    (line,) = await simulation.ledger()
    assert not line["begunAgain"]
    assert receiver.at("/elsewhere")[0].form["CallSid"] == sid


async def test_a_change_cuts_short_what_is_being_said(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=20.0)
    sid = (await simulation.call("+14185550112", say("One.", "two " * 900, hold=7_200))).json()["sid"]
    await simulation.receiver.until(lambda: "in-progress" in simulation.receiver.words())
    await simulation.change(sid, Twiml=say("Three.", language="fr-CA"))
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert "fr-CA" in line["languages"]
    assert line["says"] <= 2


async def test_refusals_with_429_hit_changes_too(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=0.001)
    sid = (await simulation.call("+14185550142")).json()["sid"]
    await simulation.turn(rejected_429=1.0, rejected_429_burst=1)
    assert (await simulation.change(sid, Status="canceled")).json()["code"] == 20429
    await simulation.turn(rejected_429=0.0)
    assert (await simulation.change(sid, Status="canceled")).json()["status"] == "canceled"


async def test_a_full_ledger_refuses_calls(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation({"ledger_limit": 1})
    await simulation.call("+14185550101")
    refused = await simulation.call("+14185550101")
    assert (refused.status_code, refused.json()["code"]) == (503, 20503)
