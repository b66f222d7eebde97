"""Calls as they are reported: what becomes of each number, the fields of the reports, detection."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
from carriers.documents import ask, say

from tocsin_carriers.voice_outcomes import OUTCOMES

if TYPE_CHECKING:
    from carriers.conftest import OpenSimulation, Receiver, Simulation

ANSWERED = ["initiated", "ringing", "in-progress", "completed"]
PLACES = [
    f"{side}{part}" for side in ("Called", "Caller", "From", "To") for part in ("City", "Country", "State", "Zip")
]
STANDING = ["AccountSid", "ApiVersion", "CallSid", "CallStatus", "Called", "Caller", "Direction", "From", "To", *PLACES]


def statuses(receiver: Receiver) -> list[str]:
    """In the order of their numbers, which is that of the truth."""
    return [each.word for each in sorted(receiver.at("/status"), key=lambda each: int(each.form["SequenceNumber"]))]


def test_every_suffix_of_the_table_is_promised_here() -> None:
    promised = ["01", "02", "03", "04", "05", "07", "09", *(str(number) for number in range(11, 20))]
    assert sorted(OUTCOMES) == promised


@pytest.mark.parametrize(
    ("suffix", "words", "sip", "verdict", "digits"),
    [
        ("01", ["initiated", "busy"], "486", None, ""),
        ("02", ["initiated", "ringing", "no-answer"], "487", None, ""),
        ("03", ANSWERED, "200", "fax", ""),
        ("04", ANSWERED, "200", "machine_end_", ""),
        ("05", ["initiated", "failed"], "404", None, ""),
        ("07", ["initiated", "failed"], "480", None, ""),
        ("09", ["initiated", "failed"], "503", None, ""),
        ("11", ANSWERED, "200", "human", "1"),
        ("12", ANSWERED, "200", "human", ""),
        ("13", ANSWERED, "200", None, ""),
        ("14", ANSWERED, "200", "machine_end_", "1"),
        ("15", ANSWERED, "200", "unknown", ""),
        ("16", ["initiated", "ringing", "canceled"], "487", None, ""),
        ("17", ANSWERED, "200", "human", "2"),
        ("06", ANSWERED, "200", "human", "1"),
        ("42", ANSWERED, "200", "human", "1"),
    ],
)
async def test_the_suffix_decides_what_becomes_of_a_call(
    open_simulation: OpenSimulation, suffix: str, words: list[str], sip: str, verdict: str | None, digits: str
) -> None:
    simulation = await open_simulation(presses=1.0)
    receiver = simulation.receiver
    sid = (await simulation.call(f"+141855501{suffix}", ask(f"{receiver.url}/gather"))).json()["sid"]
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert statuses(receiver) == words
    assert next(each for each in receiver.at("/status") if each.word == words[-1]).form["SipResponseCode"] == sip
    assert [each.form["Digits"] for each in receiver.at("/gather")] == ([digits] if digits else [])
    assert (line["sid"], line["suffix"], line["final"], line["sipResponseCode"]) == (sid, suffix, words[-1], int(sip))
    assert line["digits"] == digits
    assert [each.form["AnsweredBy"].startswith(verdict) for each in receiver.at("/detection") if verdict] == (
        [True] if verdict else []
    )
    assert (line["answeredBy"] or "").startswith(verdict or "")
    resource = await simulation.fetch(sid)
    assert (resource["status"], resource["answered_by"]) == (words[-1], line["answeredBy"])


@pytest.mark.parametrize(("suffix", "code"), [("18", 21214), ("19", 21215)])
async def test_some_numbers_are_refused(simulation: Simulation, suffix: str, code: int) -> None:
    answer = await simulation.call(f"+141855501{suffix}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert (await simulation.settle())["messages"] == 0


async def test_a_report_has_twilios_fields_blank_places_included_and_is_signed(simulation: Simulation) -> None:
    sid = (await simulation.call("+14185550112", say("A drill.", hold=61))).json()["sid"]
    await simulation.settle()
    received = sorted(simulation.receiver.at("/status"), key=lambda each: int(each.form["SequenceNumber"]))
    assert all(simulation.receiver.is_signed(each) for each in simulation.receiver.received)
    for each in received[:-1]:
        assert sorted(each.form) == sorted([*STANDING, "CallbackSource", "SequenceNumber", "Timestamp"])
        assert {each.form[place] for place in PLACES} == {""}
        assert (each.form["CallSid"], each.form["CallbackSource"]) == (sid, "call-progress-events")
        assert (each.form["To"], each.form["Called"]) == ("+14185550112", "+14185550112")
        assert (each.form["From"], each.form["Caller"]) == ("+14185550100", "+14185550100")
    end = received[-1].form
    extra = ["CallbackSource", "SequenceNumber", "Timestamp", "CallDuration", "Duration", "SipResponseCode"]
    assert sorted(end) == sorted([*STANDING, *extra])
    assert 61 < int(end["CallDuration"]) < 70
    assert int(end["Duration"]) == math.ceil(int(end["CallDuration"]) / 60)
    moments = [parsedate_to_datetime(each.form["Timestamp"]) for each in received]
    assert moments == sorted(moments)
    assert all(moment.utcoffset() is not None for moment in moments)
    assert len({each.headers["i-twilio-idempotency-token"] for each in simulation.receiver.received}) == 5


async def test_without_events_only_the_end_is_reported(simulation: Simulation) -> None:
    await simulation.call("+14185550112", fields={"StatusCallbackEvent": ""})
    await simulation.call("+14185550101", fields={"StatusCallbackEvent": ""})
    await simulation.settle()
    received = simulation.receiver.at("/status")
    assert sorted(each.word for each in received) == ["busy", "completed"]
    assert {each.form["SequenceNumber"] for each in received} == {"0"}


async def test_only_the_events_asked_for_are_reported(simulation: Simulation) -> None:
    await simulation.call("+14185550112", fields={"StatusCallbackEvent": ["answered", "initiated"]})
    await simulation.settle()
    assert statuses(simulation.receiver) == ["initiated", "in-progress"]


async def test_without_an_address_nothing_is_reported(simulation: Simulation) -> None:
    await simulation.call("+14185550112", fields={"StatusCallback": "", "AsyncAmdStatusCallback": ""})
    state = await simulation.settle()
    (line,) = await simulation.ledger()
    assert (state["messages"], state["sent"], line["final"], line["answeredBy"]) == (1, 0, "completed", "human")


async def test_a_retry_carries_the_same_token(simulation: Simulation) -> None:
    simulation.receiver.statuses = [500, 503]
    callback = f"{simulation.receiver.url}/status?delivery=d1#rc=5&rp=ct,rt,5xx"
    await simulation.call("+14185550101", fields={"StatusCallback": callback, "StatusCallbackEvent": "completed"})
    state = await simulation.settle()
    assert (state["sent"], state["acknowledged"], state["retries"], state["lost"]) == (1, 1, 2, 0)
    received = simulation.receiver.received
    assert len({each.headers["i-twilio-idempotency-token"] for each in received}) == 1
    assert {each.target for each in received} == {"/status?delivery=d1"}


async def test_a_500_is_lost_without_a_fragment(simulation: Simulation) -> None:
    simulation.receiver.statuses = [500]
    await simulation.call("+14185550101", fields={"StatusCallbackEvent": ""})
    state = await simulation.settle()
    (line,) = await simulation.ledger()
    assert (state["lost"], state["retries"], line["lostWords"]) == (1, 0, ["busy"])


@pytest.mark.parametrize(("presses", "least", "most"), [(0.0, 0, 0), (0.5, 20, 40), (1.0, 60, 60)])
async def test_anyone_else_presses_with_the_probability_of_the_knob(
    open_simulation: OpenSimulation, presses: float, least: int, most: int
) -> None:
    simulation = await open_simulation(presses=presses)
    unreported = {"StatusCallback": "", "MachineDetection": ""}
    for number in range(60):
        document = ask(f"{simulation.receiver.url}/gather", then=0)
        await simulation.call(f"+1418555{number:02}42", document, fields=unreported)
    await simulation.settle()
    pressed = [line["digits"] for line in await simulation.ledger()]
    assert least <= pressed.count("1") <= most
    assert len(simulation.receiver.at("/gather")) == pressed.count("1")


async def test_whoever_would_pick_up_too_late_does_not_answer(simulation: Simulation) -> None:
    await simulation.call("+14185550104", Timeout="15")
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["final"], line["outcome"], line["sipResponseCode"]) == ("no-answer", "no answer", 487)


async def test_calls_wait_their_turn_at_the_accounts_rate(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=0.001, calls_per_second=0.5)
    waits = [int((await simulation.call(f"+141855501{number}")).json()["queue_time"]) for number in range(42, 47)]
    assert waits == pytest.approx([0, 2000, 4000, 6000, 8000], abs=100)


async def test_a_queue_of_more_than_a_day_takes_no_more(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=0.001, calls_per_second=0.0001)
    codes = [(await simulation.call("+14185550142")).status_code for _ in range(10)]
    assert codes == [201] * 9 + [400]
    assert (await simulation.call("+14185550142")).json()["code"] == 22005


async def test_detection_says_who_and_how_long_and_nothing_else(simulation: Simulation) -> None:
    sid = (await simulation.call("+14185550104", say("A drill.", hold=30))).json()["sid"]
    await simulation.settle()
    (received,) = simulation.receiver.at("/detection")
    assert sorted(received.form) == ["AccountSid", "AnsweredBy", "CallSid", "MachineDetectionDuration"]
    assert received.form["CallSid"] == sid
    assert 6_000 <= int(received.form["MachineDetectionDuration"]) <= 25_000
    assert simulation.receiver.is_signed(received)
    assert received.target == "/detection?delivery=d0104"


@pytest.mark.parametrize(
    ("suffix", "fields", "verdict"),
    [
        ("04", {"MachineDetection": "Enable"}, "machine_start"),
        ("14", {"MachineDetection": "Enable"}, "machine_start"),
        ("04", {"MachineDetectionTimeout": "5"}, "unknown"),
        ("12", {"MachineDetection": "Enable"}, "human"),
    ],
)
async def test_detection_follows_its_mode_and_its_time(
    simulation: Simulation, suffix: str, fields: dict[str, str], verdict: str
) -> None:
    await simulation.call(f"+141855501{suffix}", say("A drill.", hold=30), fields=fields)
    await simulation.settle()
    assert [each.form["AnsweredBy"] for each in simulation.receiver.at("/detection")] == [verdict]


async def test_without_detection_nobody_is_detected(simulation: Simulation) -> None:
    sid = (await simulation.call("+14185550104", say("A drill.", hold=30), MachineDetection="")).json()["sid"]
    await simulation.settle()
    assert simulation.receiver.at("/detection") == []
    assert (await simulation.fetch(sid))["answered_by"] is None


async def test_a_call_that_ends_before_the_verdict_has_none(simulation: Simulation) -> None:
    sid = (await simulation.call("+14185550104", say("Short."))).json()["sid"]
    await simulation.settle()
    assert simulation.receiver.at("/detection") == []
    assert (await simulation.fetch(sid))["answered_by"] is None


async def test_a_verdict_may_arrive_after_the_end(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(delayed=1.0)
    for number in range(20):
        await simulation.call(f"+1418555{number:02}12", say("A drill.", hold=3))
    await simulation.settle()
    late = 0
    for line in await simulation.ledger():
        words = [each["word"] for each in sorted(line["callbacks"], key=lambda each: each["after"])]
        late += words.index("detection") > words.index("completed")
    assert 0 < late < 20
