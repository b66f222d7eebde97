"""Asking Twilio about a call, taking it back, and beginning its message again, over a socket."""

from dataclasses import replace
from datetime import timedelta

import pytest
from providers.carrier_socket import Carrier, compose, refusal
from providers.voice_calls import ACCOUNT, CALL, HAND_OVER, NOW, resource, speak_to

from tocsin.events import Certainty, Event, Finding, Inquiry, Restart
from tocsin.statuses import DeliveryStatus
from tocsin.words import AnsweredBy
from tocsin_providers.twilio_voice_words import ANSWERERS, WORDS

OTHER = "CA" + "7" * 32
INQUIRY = Inquiry(HAND_OVER, since=NOW, bound=frozenset({OTHER}))
S = DeliveryStatus


async def look_up(body: object, status: int = 200) -> tuple[Finding, Carrier]:
    carrier = Carrier(compose(status, body))
    return await speak_to(carrier, lambda voice: voice.look_up(INQUIRY, NOW)), carrier


async def test_a_lost_call_is_searched_by_number_and_sender_and_found_though_it_is_only_queued() -> None:
    finding, carrier = await look_up({"calls": [resource(start_time=None)]})
    query = {"To": [HAND_OVER.address], "From": ["+14185550100"], "PageSize": ["100"]}
    assert carrier.targets == [("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", query)]
    assert (finding.certainty, finding.event and finding.event.carrier_id) == (Certainty.FOUND, CALL)
    assert finding.event is not None
    assert finding.event.status is S.CALL_QUEUED


@pytest.mark.parametrize(
    "row",
    [
        resource(sid=OTHER),
        resource(to="+14185550143"),
        resource(**{"from": "+14185550199"}),
        resource(date_created="Mon, 23 Nov 2026 22:40:01 +0000"),
    ],
    ids=["bound to another delivery", "another number", "another sender", "before the hand-over"],
)
async def test_a_call_that_is_another_is_not_taken_for_it(row: dict[str, object]) -> None:
    finding, _ = await look_up({"calls": [row]})
    assert finding == Finding(Certainty.ABSENT)


@pytest.mark.parametrize("rows", [[resource(), resource(sid="CA" + "8" * 32)], [resource(status=None)]])
async def test_several_that_could_be_it_are_not_guessed_between(rows: list[dict[str, object]]) -> None:
    finding, _ = await look_up({"calls": rows})
    assert (finding.certainty, finding.event) == (Certainty.UNCLEAR, None)


@pytest.mark.parametrize(("status", "body"), [(500, {}), (200, {}), (200, "<html>"), (401, {"code": 20003})])
async def test_a_search_without_an_answer_decides_nothing(status: int, body: object) -> None:
    finding, _ = await look_up(body, status)
    assert finding.certainty is Certainty.UNCLEAR


async def fetch(body: object, status: int = 200) -> list[Event]:
    carrier = Carrier(compose(status, body))
    events = await speak_to(carrier, lambda voice: voice.fetch(HAND_OVER, CALL))
    assert carrier.targets == [("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json", {})]
    return list(events)


@pytest.mark.parametrize("word", [*WORDS, "teleported"])
async def test_a_silent_call_is_where_its_resource_says(word: str) -> None:
    (event,) = await fetch(resource(status=word, duration="12", end_time="Mon, 23 Nov 2026 22:45:00 +0000"))
    over = word in {"completed", "busy", "failed", "no-answer", "canceled"}
    assert (event.status, event.event_key, event.ended) == (WORDS.get(word), f"twilio_voice:{CALL}:rest:{word}", over)
    assert event.duration == (12 if word == "completed" else None)
    assert event.occurred_at == (NOW + timedelta(minutes=4) if over else None)


@pytest.mark.parametrize("word", ANSWERERS)
async def test_a_resource_that_says_who_answered_gives_both(word: str) -> None:
    first, second = await fetch(resource(status="completed", answered_by=word))
    assert (first.status, first.answered_by) == (S.CALL_COMPLETED, None)
    assert (second.status, second.event_key) == (ANSWERERS[word].status, f"twilio_voice:{CALL}:answered:{word}")
    assert isinstance(second.answered_by, AnsweredBy)


@pytest.mark.parametrize(("status", "body"), [(404, {"code": 20404}), (500, ""), (200, []), (200, {"sid": CALL})])
async def test_a_resource_that_cannot_be_read_tells_nothing(status: int, body: object) -> None:
    assert await fetch(body, status) == []


@pytest.mark.parametrize(
    ("status", "body", "withdrawn"),
    [
        (200, resource(status="canceled"), True),
        (200, resource(status="queued"), True),
        (200, resource(status="in-progress"), False),
        (200, resource(status="completed"), False),
        (200, resource(status=["canceled"]), False),
        (400, {"code": 21220}, False),
        (404, {"code": 20404}, False),
        (503, "", False),
    ],
)
async def test_a_queued_call_can_be_withdrawn_and_an_answered_one_cannot(
    status: int, body: object, withdrawn: bool
) -> None:
    carrier = Carrier(compose(status, body))
    assert await speak_to(carrier, lambda voice: voice.withdraw(CALL)) is withdrawn
    assert carrier.targets == [("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json", {})]
    assert carrier.forms == [{"Status": ["canceled"]}]


async def test_a_withdrawal_without_an_answer_is_none() -> None:
    assert await speak_to(Carrier(b""), lambda voice: voice.withdraw(CALL)) is False


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (compose(200, resource(status="in-progress")), Restart.BEGUN),
        (refusal(404, 20404), Restart.OVER),
        (refusal(404, None), Restart.OVER),
        (refusal(400, 21220), Restart.OVER),
        (refusal(400, 20001), Restart.REFUSED),
        (refusal(401, 20003), Restart.REFUSED),
        (refusal(429, 20429), Restart.REFUSED),
        (refusal(503, None), Restart.REFUSED),
        (b"", Restart.REFUSED),
    ],
)
async def test_a_message_is_begun_again_for_a_mailbox(answer: bytes, result: Restart) -> None:
    carrier = Carrier(answer)
    asked = replace(HAND_OVER, confirmation_required=True)
    assert await speak_to(carrier, lambda voice: voice.restart(asked, CALL)) is result
    (form,) = carrier.forms
    assert list(form) == ["Twiml"]
    assert form["Twiml"][0].count("Évacuez la zone A &amp; B.") == 2
    assert "Gather" not in form["Twiml"][0]
