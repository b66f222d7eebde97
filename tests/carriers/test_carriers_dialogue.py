"""What happens once somebody has answered: documents fetched and played, keys gathered, and all that can be
wrong with a document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from carriers.conftest import Reply
from carriers.documents import ask, dial, redirect, say

from tocsin_carriers.voice_dialogue import MOST_DOCUMENTS

if TYPE_CHECKING:
    from carriers.conftest import OpenSimulation, Simulation

PRESSES, LISTENS = "+14185550111", "+14185550112"
THANKS = say("Thank you.")


async def test_a_key_is_posted_signed_and_its_answer_is_spoken(simulation: Simulation) -> None:
    receiver = simulation.receiver
    receiver.replies["/gather"] = [Reply(THANKS)]
    sid = (await simulation.call(PRESSES, ask(f"{receiver.url}/gather?delivery=d1&round=1"))).json()["sid"]
    state = await simulation.settle()
    (received,) = receiver.at("/gather")
    assert received.target == "/gather?delivery=d1&round=1"
    assert receiver.is_signed(received)
    assert (received.form["Digits"], received.form["CallStatus"], received.form["CallSid"]) == ("1", "in-progress", sid)
    assert received.form["FromCity"] == ""
    assert not {"SequenceNumber", "CallbackSource", "Timestamp"} & set(received.form)
    (line,) = await simulation.ledger()
    assert (line["digits"], line["says"], line["languages"]) == ("1", 3, ["en-CA", "fr-CA"])
    assert (line["twimlErrors"], state["twimlErrors"]) == (0, 0)
    (gather,) = [each for each in line["callbacks"] if each["word"] == "gather"]
    assert (gather["detail"], gather["state"]) == ("1", "acknowledged")


async def test_without_a_key_the_document_goes_on(simulation: Simulation) -> None:
    receiver = simulation.receiver
    document = ask(f"{receiver.url}/gather", then=0).replace("</Response>", "<Say>Goodbye.</Say></Response>")
    await simulation.call(LISTENS, document)
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert receiver.at("/gather") == []
    assert (line["digits"], line["says"], line["languages"]) == ("", 3, ["en-CA", "en-US", "fr-CA"])


async def test_an_empty_result_is_posted_where_the_document_asks_for_it(simulation: Simulation) -> None:
    receiver = simulation.receiver
    receiver.replies["/gather"] = [Reply(THANKS)]
    await simulation.call(LISTENS, ask(f"{receiver.url}/gather", action_on_empty_result=True))
    await simulation.settle()
    assert [each.form["Digits"] for each in receiver.at("/gather")] == [""]


async def test_a_call_takes_as_long_as_what_is_said(simulation: Simulation) -> None:
    await simulation.call(LISTENS, say("word " * 100, hold=10))
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert line["duration"] == pytest.approx(499 / 14 + 10, abs=1)


async def test_a_document_is_fetched_signed_from_its_address(simulation: Simulation) -> None:
    receiver = simulation.receiver
    receiver.replies["/start"] = [Reply(ask("gather?round=2"))]
    receiver.replies["/gather"] = [Reply(THANKS)]
    await simulation.call(PRESSES, "", Url=f"{receiver.url}/start?delivery=d1#rc=2&rp=5xx")
    await simulation.settle()
    assert [each.target for each in receiver.at("/start")] == ["/start?delivery=d1"]
    assert [each.target for each in receiver.at("/gather")] == ["/gather?round=2"]
    assert all(receiver.is_signed(each) for each in receiver.received)
    (line,) = await simulation.ledger()
    assert (line["delivery"], line["digits"], line["twimlErrors"]) == ("d0111", "1", 0)


async def test_the_address_goes_before_the_document(simulation: Simulation) -> None:
    simulation.receiver.replies["/start"] = [Reply(say("Bonjour.", language="fr-CA"))]
    await simulation.call(LISTENS, THANKS, Url=f"{simulation.receiver.url}/start")
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert line["languages"] == ["fr-CA"]


async def test_a_gather_without_action_posts_to_the_document_itself(simulation: Simulation) -> None:
    receiver = simulation.receiver
    receiver.replies["/start"] = [Reply('<Response><Gather numDigits="1"/></Response>'), Reply(THANKS)]
    await simulation.call(PRESSES, "", Url=f"{receiver.url}/start")
    await simulation.settle()
    assert [each.form.get("Digits") for each in receiver.at("/start")] == [None, "1"]


async def test_a_redirect_leads_to_the_next_document(simulation: Simulation) -> None:
    receiver = simulation.receiver
    again = f"{receiver.url}/gather?digit=1"
    receiver.replies["/gather"] = [Reply(redirect(again, pause=1)), Reply(redirect(again, pause=1)), Reply(THANKS)]
    await simulation.call(PRESSES, ask(f"{receiver.url}/gather"))
    await simulation.settle()
    assert [each.form.get("Digits") for each in receiver.at("/gather")] == ["1", None, None]
    (line,) = await simulation.ledger()
    assert (line["digits"], line["says"], line["twimlErrors"]) == ("1", 3, 0)


async def test_documents_without_end_are_ended(simulation: Simulation) -> None:
    receiver = simulation.receiver
    receiver.replies["/again"] = [Reply(redirect("/again"))]
    await simulation.call(LISTENS, "", Url=f"{receiver.url}/again")
    state = await simulation.settle()
    (line,) = await simulation.ledger()
    assert len(receiver.at("/again")) == MOST_DOCUMENTS
    assert (line["final"], line["twimlErrorCodes"], state["twimlErrors"]) == ("completed", [11215], 1)


@pytest.mark.parametrize(("fields", "duration"), [({}, 14_400), ({"TimeLimit": "900"}, 900)])
async def test_a_call_without_end_is_ended(simulation: Simulation, fields: dict[str, str], duration: int) -> None:
    await simulation.call(LISTENS, say("Wait.", hold=900_000), fields=fields)
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["final"], line["duration"]) == ("completed", duration)


@pytest.mark.parametrize(
    ("document", "code", "verbs"),
    [
        ("no XML at all", 12100, []),
        ("<Response><Say>Bonjour</Response>", 12100, []),
        ("<Answer><Say>Bonjour</Say></Answer>", 12200, []),
        ('<!DOCTYPE a [<!ENTITY b "c">]><Response><Say>&b;</Say></Response>', 12100, []),
        (dial("+14185550199"), 12200, ["Dial"]),
        ("<Response><Record/></Response>", 12200, ["Record"]),
        ("<Response><Marie/></Response>", 12200, ["unknown"]),
        ("<Response><Gather><Redirect>/</Redirect></Gather></Response>", 12200, ["Redirect"]),
        ("<Response><Redirect>http://exemple.test/</Redirect></Response>", 11100, []),
        ("<Response><Redirect>/relative</Redirect></Response>", 11100, []),
        ('<Response><Redirect method="GET">http://127.0.0.1/</Redirect></Response>', 12200, []),
        ("<Response><Say></Say></Response>", 13520, []),
    ],
)
async def test_a_document_that_cannot_be_executed_ends_the_call_and_is_counted(
    simulation: Simulation, document: str, code: int, verbs: list[str]
) -> None:
    await simulation.call(LISTENS, document)
    state = await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["final"], line["twimlErrors"], line["twimlErrorCodes"]) == ("completed", 1, [code])
    assert (line["refusedVerbs"], line["says"], state["twimlErrors"]) == (verbs, 0, 1)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply("", content_type="text/xml"), 12100),
        (Reply(THANKS, content_type="text/html"), 12300),
        (Reply("<Response><Say>" + "a" * 65_536 + "</Say></Response>"), 11750),
        (Reply(dial("+14185550199")), 12200),
    ],
)
async def test_a_bad_answer_to_a_key_ends_the_call_and_is_counted(
    simulation: Simulation, reply: Reply, code: int
) -> None:
    simulation.receiver.replies["/gather"] = [reply]
    await simulation.call(PRESSES, ask(f"{simulation.receiver.url}/gather"))
    state = await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["final"], line["twimlErrorCodes"], state["twimlErrors"]) == ("completed", [code], 1)


async def test_a_key_whose_post_fails_is_lost_and_ends_the_call(simulation: Simulation) -> None:
    simulation.receiver.replies["/gather"] = [Reply("", 500)]
    await simulation.call(PRESSES, ask(f"{simulation.receiver.url}/gather"))
    state = await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["final"], line["digits"], line["lostWords"]) == ("completed", "1", ["gather"])
    assert (state["lost"], state["twimlErrors"]) == (1, 0)


async def test_the_fragment_of_the_action_decides_what_is_retried(simulation: Simulation) -> None:
    simulation.receiver.replies["/gather"] = [Reply("", 503), Reply("", 503), Reply(THANKS)]
    await simulation.call(PRESSES, ask(f"{simulation.receiver.url}/gather?delivery=d1#rc=5&rp=5xx"))
    state = await simulation.settle()
    received = simulation.receiver.at("/gather")
    assert {each.target for each in received} == {"/gather?delivery=d1"}
    assert len({each.headers["i-twilio-idempotency-token"] for each in received}) == 1
    assert (len(received), state["lost"], state["retries"]) == (3, 0, 2)


async def test_an_answer_that_does_not_come_in_time_is_none(simulation: Simulation) -> None:
    simulation.receiver.statuses = [0]
    fields = {"Url": f"{simulation.receiver.url}/start#rt=100&rc=0", "StatusCallback": "", "MachineDetection": ""}
    await simulation.call(LISTENS, "", fields=fields)
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["final"], line["callbacks"][0]["statuses"]) == ("completed", ["rt"])


@pytest.mark.parametrize(
    ("reply", "code"),
    [(Reply("", 500), "11200"), (Reply("no XML"), "12100"), (Reply(dial("+14185550199")), "12200")],
)
async def test_the_fallback_is_asked_with_the_reason(simulation: Simulation, reply: Reply, code: str) -> None:
    receiver = simulation.receiver
    receiver.replies |= {"/start": [reply], "/fallback": [Reply(say("Bonjour.", language="fr-CA"))]}
    await simulation.call(LISTENS, "", Url=f"{receiver.url}/start", FallbackUrl=f"{receiver.url}/fallback")
    await simulation.settle()
    (received,) = receiver.at("/fallback")
    assert (received.form["ErrorCode"], received.form["ErrorUrl"]) == (code, f"{receiver.url}/start")
    assert receiver.is_signed(received)
    (line,) = await simulation.ledger()
    assert (line["final"], line["languages"]) == ("completed", ["fr-CA"])


async def test_a_fallback_that_fails_too_ends_the_call(simulation: Simulation) -> None:
    receiver = simulation.receiver
    receiver.replies |= {"/start": [Reply("", 500)], "/fallback": [Reply("", 500)]}
    await simulation.call(LISTENS, "", Url=f"{receiver.url}/start", FallbackUrl=f"{receiver.url}/fallback")
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert (len(receiver.at("/fallback")), line["final"]) == (1, "completed")


async def test_synchronous_detection_waits_and_tells_the_document(simulation: Simulation) -> None:
    receiver = simulation.receiver
    receiver.replies["/start"] = [Reply(THANKS)]
    await simulation.call("+14185550104", "", Url=f"{receiver.url}/start", AsyncAmd="")
    await simulation.settle()
    (fetched,) = receiver.at("/start")
    assert fetched.form["AnsweredBy"].startswith("machine_end_")
    assert int(fetched.form["MachineDetectionDuration"]) >= 6_000
    (end,) = [each for each in receiver.at("/status") if each.word == "completed"]
    assert end.form["AnsweredBy"] == fetched.form["AnsweredBy"]
    assert receiver.at("/detection") == []


async def test_a_human_who_hangs_up_before_the_message_hears_nothing(simulation: Simulation) -> None:
    await simulation.call("+14185550113", ask(f"{simulation.receiver.url}/gather"))
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["says"], line["digits"], line["answeredBy"], line["final"]) == (0, "", None, "completed")
    assert simulation.receiver.at("/detection") == []


async def test_no_telephone_number_and_nothing_said_is_in_the_ledger(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(bad_signature=1.0, duplicates=1.0)
    receiver = simulation.receiver
    receiver.replies["/gather"] = [Reply(dial("+14185550199"))]
    await simulation.call(PRESSES, ask(f"{receiver.url}/gather"))
    await simulation.settle()
    text = (await simulation.client.get(f"{simulation.url}/simulator/ledger")).text
    assert '"digits":"1"' in text
    assert not [secret for secret in ("+1418", "1418555", "exercice", "drill", "moment") if secret in text]
