"""Chance and faults around calls: the same seed gives the same picture, and each fault does what it says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from carriers.conftest import Reply
from carriers.documents import ask, say

if TYPE_CHECKING:
    from carriers.conftest import OpenSimulation, Simulation

NUMBERS = [f"+1418555{number:04}" for number in range(2000, 2018)]
PRESSES = "+14185550111"


def picture(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What is drawn. When a call ends depends on how fast this machine answers, too."""
    drawn = ("draw", "final", "sipResponseCode", "answeredBy", "digits", "says", "silent", "answer")
    callbacks = ("word", "detail", "kind")
    return {
        line["delivery"]: (
            [line[key] for key in drawn],
            sorted(
                [str(callback[key]) for key in callbacks] + [callback["after"] * (callback["word"] != line["final"])]
                for callback in line["callbacks"]
            ),
        )
        for line in lines
    }


async def play(simulation: Simulation, numbers: list[str]) -> dict[str, Any]:
    simulation.receiver.replies["/gather"] = [Reply(say("Thank you."))]
    document = ask(f"{simulation.receiver.url}/gather")
    await asyncio.gather(*(simulation.call(number, document) for number in numbers))
    await simulation.settle()
    return picture(await simulation.ledger())


async def test_the_same_seed_gives_the_same_calls_whatever_the_order_of_requests(
    open_simulation: OpenSimulation,
) -> None:
    disorder = {"duplicates": 0.3, "silent": 0.2, "delayed": 0.3}
    knobs = {**disorder, "error_after_accept": 0.2, "seed": 7, "calls_per_second": 100_000.0, "speed": 2_000.0}
    first = await play(await open_simulation(**knobs), NUMBERS)
    second = await play(await open_simulation(**knobs), NUMBERS[::-1])
    other = await play(await open_simulation(**{**knobs, "seed": 8}), NUMBERS)
    assert first == second
    assert first != other


async def test_duplicates_repeat_the_token_of_every_post_the_key_included(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(duplicates=1.0)
    receiver = simulation.receiver
    receiver.replies["/gather"] = [Reply(say("Thank you."))]
    await simulation.call(PRESSES, ask(f"{receiver.url}/gather"))
    state = await simulation.settle()
    assert (state["duplicates"], state["sent"], state["acknowledged"]) == (6, 12, 12)
    assert [each.form["Digits"] for each in receiver.at("/gather")] == ["1", "1"]
    assert len({each.headers["i-twilio-idempotency-token"] for each in receiver.received}) == 6
    (line,) = await simulation.ledger()
    assert (line["digits"], line["says"]) == ("1", 3)


async def test_forged_posts_lie_and_are_not_signed_by_the_account(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(bad_signature=1.0)
    receiver = simulation.receiver
    receiver.replies["/gather"] = [Reply(say("Thank you."))]
    await simulation.call(PRESSES, ask(f"{receiver.url}/gather"))
    state = await simulation.settle()
    forged = [each for each in receiver.received if not receiver.is_signed(each)]
    assert {each.form["Digits"] for each in forged if each.path == "/gather"} == {"2"}
    assert {each.form["AnsweredBy"] for each in forged if each.path == "/detection"} == {"fax"}
    assert {each.word for each in forged if each.path == "/status"} == {"no-answer"}
    assert (state["forged"], state["forgedAccepted"], state["sent"]) == (6, 6, 6)


async def test_shuffled_reports_come_in_a_drawn_order(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(shuffle=True)
    for _ in range(20):
        await simulation.call("+14185550112", MachineDetection="")
    await simulation.settle()
    orders = {tuple(each["word"] for each in line["callbacks"]) for line in await simulation.ledger()}
    assert len(orders) > 5
    assert {tuple(sorted(order)) for order in orders} == {("completed", "in-progress", "initiated", "ringing")}
    for line in await simulation.ledger():
        instants = [each["after"] for each in line["callbacks"]]
        assert instants == sorted(instants)


async def test_an_early_report_arrives_before_the_answer(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(early=1.0, speed=1.0)
    answer = await simulation.call("+14185550112")
    assert answer.status_code == 201
    assert simulation.receiver.words() == ["initiated"]
    assert simulation.receiver.received[0].form["CallSid"] == answer.json()["sid"]
    await simulation.turn(speed=20_000.0)
    await simulation.settle()
    statuses = [each.word for each in simulation.receiver.at("/status")]
    assert sorted(statuses) == ["completed", "in-progress", "initiated", "ringing"]


async def test_a_call_whose_first_report_is_its_end_cannot_be_early(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(early=1.0, speed=0.001)
    answer = await simulation.call("+14185550112", fields={"StatusCallbackEvent": ""})
    assert (answer.status_code, simulation.receiver.received) == (201, [])


async def test_a_silent_call_reports_nothing_though_its_dialogue_goes_on(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(silent=1.0)
    receiver = simulation.receiver
    receiver.replies["/gather"] = [Reply(say("Thank you."))]
    sid = (await simulation.call(PRESSES, ask(f"{receiver.url}/gather"))).json()["sid"]
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert [each.path for each in receiver.received] == ["/gather"]
    assert (line["silent"], line["final"], line["digits"]) == (True, "completed", "1")
    assert (await simulation.fetch(sid))["answered_by"] == "human"


async def test_a_lost_answer_cuts_the_connection_and_the_call_is_made(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(lost_answers=1.0)
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        await simulation.call("+14185550112")
    state = await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["answered"], line["answer"], line["final"]) == (False, "cut", "completed")
    assert (state["unanswered"], state["acknowledged"]) == (1, 5)


async def test_a_hanging_answer_never_comes(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(hanging_answers=1.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(simulation.call("+14185550101"), 0.2)
    assert (await simulation.settle())["acknowledged"] == 2


async def test_an_error_after_acceptance_leaves_a_call(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(error_after_accept=1.0)
    answer = await simulation.call("+14185550101")
    assert (answer.status_code, answer.json()["code"]) == (500, 20500)
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["answered"], line["answer"], line["acknowledged"]) == (False, "error", 2)


async def test_slow_answers_lose_the_race(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(slow_answers=3_600.0)
    answer = await simulation.call("+14185550101")
    assert (answer.status_code, answer.json()["status"]) == (201, "busy")
    assert sorted(simulation.receiver.words()) == ["busy", "initiated"]


async def test_rejections_come_in_bursts(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(rejected_429=1.0, rejected_429_burst=2)
    refused = await simulation.call("+14185550101")
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, 20429, "1")
    await simulation.turn(rejected_429=0.0)
    assert [(await simulation.call("+14185550101")).status_code for _ in range(2)] == [429, 201]


async def test_nothing_is_settled_while_a_call_goes_on(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=0.001)
    await simulation.call("+14185550112", fields={"StatusCallback": "", "AsyncAmdStatusCallback": ""})
    state = (await simulation.client.get(f"{simulation.url}/simulator/settled?timeout=0")).json()
    assert (state["settled"], state["running"], state["owed"]) == (False, 1, 1)


async def test_a_reset_forgets_calls_that_go_on(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=0.001)
    sid = (await simulation.call("+14185550112")).json()["sid"]
    state = (await simulation.client.post(f"{simulation.url}/simulator/reset")).json()
    assert (state["messages"], state["owed"], state["running"]) == (0, 0, 0)
    assert (await simulation.change(sid, Status="canceled")).status_code == 404
    await simulation.turn(speed=20_000.0)
    assert (await simulation.settle())["sent"] == 0


async def test_each_carrier_is_counted_alone_and_all_together(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(duplicates=0.3, bad_signature=0.2)
    simulation.receiver.replies["/gather"] = [Reply(say("Thank you."))]
    simulation.receiver.statuses = [500, 204, 503] * 20
    document = ask(f"{simulation.receiver.url}/gather")
    await asyncio.gather(*(simulation.call(number, document) for number in NUMBERS))
    await asyncio.gather(*(simulation.send(number, "#rc=1&rp=5xx") for number in NUMBERS[:10]))
    state = await simulation.settle()
    lines = await simulation.ledger()
    assert sorted(state["byCarrier"]) == ["twilio_messaging", "twilio_voice"]
    for name, counts in state["byCarrier"].items():
        mine = [line for line in lines if line["carrier"] == name]
        assert counts["messages"] == len(mine)
        assert counts["sent"] == sum(line["sent"] for line in mine)
        assert counts["acknowledged"] == sum(line["acknowledged"] for line in mine)
        assert counts["acknowledged"] + counts["lost"] == counts["sent"] == sum(line["scheduled"] for line in mine)
    for name in counts:
        assert state[name] == sum(each[name] for each in state["byCarrier"].values())
    assert state["sent"] + state["retries"] + state["forged"] <= len(simulation.receiver.received)
