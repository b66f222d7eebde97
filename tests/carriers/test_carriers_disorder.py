"""Chance and faults: the same seed gives the same picture, and each fault does what it says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin_carriers.disorder import draw_key, spread
from tocsin_carriers.knobs import KnobError, Knobs, alter
from tocsin_carriers.ledger import Kind
from tocsin_carriers.messaging_outcomes import outcome_of
from tocsin_carriers.messaging_timeline import Beginning, draw_text, timeline

if TYPE_CHECKING:
    from carriers.conftest import OpenSimulation, Simulation

NUMBERS = [f"+1418555{number:04}" for number in range(1000, 1060)]
seeds = st.integers(0, 2**63)


def picture(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What is drawn, without what differs between runs: sids and arrival at the REST interface."""
    drawn = ("draw", "final", "finalErrorCode", "silent", "answer")
    callbacks = ("word", "errorCode", "kind", "after")
    return {
        line["delivery"]: (
            [line[key] for key in drawn],
            [[callback[key] for key in callbacks] for callback in line["callbacks"]],
        )
        for line in lines
    }


async def play(simulation: Simulation, numbers: list[str]) -> dict[str, Any]:
    await asyncio.gather(*(simulation.send(number) for number in numbers))
    await simulation.settle()
    return picture(await simulation.ledger())


async def test_the_same_seed_gives_the_same_picture_whatever_the_order_of_requests(
    open_simulation: OpenSimulation,
) -> None:
    disorder = {
        "duplicates": 0.3,
        "receipts_never": 0.3,
        "receipts_slow": 0.3,
        "silent": 0.2,
        "shuffle": True,
    }
    knobs = {**disorder, "error_after_accept": 0.2, "seed": 7, "speed": 500_000.0}
    first = await play(await open_simulation(**knobs), NUMBERS)
    second = await play(await open_simulation(**knobs), NUMBERS[::-1])
    other = await play(await open_simulation(**{**knobs, "seed": 8}), NUMBERS)
    assert first == second
    assert first != other


async def test_a_reset_starts_the_same_play_again(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(duplicates=0.5)
    first = await play(simulation, NUMBERS[:10])
    sids = {line["sid"] for line in await simulation.ledger()}
    state = (await simulation.client.post(f"{simulation.url}/simulator/reset")).json()
    assert (state["messages"], state["owed"], state["sent"]) == (0, 0, 0)
    assert await play(simulation, NUMBERS[:10]) == first
    assert not sids & {line["sid"] for line in await simulation.ledger()}


@given(seeds, st.sampled_from(NUMBERS), st.floats(0, 1), st.booleans())
def test_a_knob_never_changes_the_draws_that_follow(seed: int, number: str, share: float, shuffle: bool) -> None:
    draws = draw_text(draw_key(seed, "text", number, 0))
    plain, wild = Knobs(receipts_never=0.0, receipts_slow=0.0), Knobs(duplicates=share, shuffle=shuffle)
    happenings = timeline(outcome_of("+14185550108"), draws, plain, Beginning(word="accepted"))
    instants = [happening.at for happening in happenings[1:]]
    assert instants == sorted(instants)
    genuine = [
        arrival for arrival in spread(instants, draws.callbacks, wild, early=False) if arrival.kind is Kind.GENUINE
    ]
    calm = spread(instants, draws.callbacks, Knobs(duplicates=0.0), early=False)
    assert sorted(arrival.after for arrival in genuine) == sorted(arrival.after for arrival in calm)
    assert sorted(arrival.position for arrival in genuine) == list(range(len(instants)))


def test_the_shares_come_true_over_many_messages() -> None:
    knobs, outcome = Knobs(), outcome_of("+14185550142")
    plays = [
        timeline(outcome, draw_text(draw_key(1, "text", str(n), 0)), knobs, Beginning(word="queued"))
        for n in range(4000)
    ]
    without = sum(play[-1].word == "sent" for play in plays) / len(plays)
    slow = sum(play[-1].at > 600 for play in plays) / len(plays)
    assert 0.04 < without < 0.06
    assert 0.02 < slow < 0.04


async def test_a_receipt_may_never_come_except_where_the_suffix_promises_it(
    open_simulation: OpenSimulation,
) -> None:
    simulation = await open_simulation(receipts_never=1.0)
    await simulation.send("+14185550142")
    await simulation.send("+14185550101")
    await simulation.settle()
    assert [line["final"] for line in await simulation.ledger()] == ["sent", "delivered"]


async def test_a_lost_answer_cuts_the_connection_and_the_message_goes_out_all_the_same(
    open_simulation: OpenSimulation,
) -> None:
    simulation = await open_simulation(lost_answers=1.0)
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        await simulation.send("+14185550101")
    state = await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["answered"], line["answer"], line["final"]) == (False, "cut", "delivered")
    assert (state["unanswered"], state["acknowledged"]) == (1, 2)


async def test_a_hanging_answer_never_comes(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(hanging_answers=1.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(simulation.send("+14185550101"), 0.2)
    assert (await simulation.settle())["acknowledged"] == 2
    (line,) = await simulation.ledger()
    assert (line["answered"], line["answer"]) == (False, "hanging")


async def test_an_error_after_acceptance_leaves_a_message(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(error_after_accept=1.0)
    answer = await simulation.send("+14185550101")
    assert (answer.status_code, answer.json()["code"]) == (500, 20500)
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["answered"], line["answer"], line["acknowledged"]) == (False, "error", 2)


async def test_early_callbacks_arrive_before_the_answer(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(early=1.0, speed=1.0)
    answer = await simulation.send("+14185550101")
    assert answer.status_code == 201
    assert simulation.receiver.words() == ["sent"]
    assert simulation.receiver.received[0].form["MessageSid"] == answer.json()["sid"]


async def test_slow_answers_wait_simulated_seconds_and_lose_the_race(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(slow_answers=3_600.0)
    answer = await simulation.send("+14185550105")
    assert answer.status_code == 201
    assert simulation.receiver.words() == ["failed"]


async def test_rejections_come_in_bursts_that_say_when_to_retry(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(rejected_429=1.0, rejected_429_burst=3)
    refused = await simulation.send("+14185550101")
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, 20429, "1")
    await simulation.turn(rejected_429=0.0)
    statuses = [(await simulation.send("+14185550101")).status_code for _ in range(4)]
    assert statuses == [429, 429, 201, 201]
    assert (await simulation.settle())["messages"] == 2


async def test_a_silent_message_calls_nobody_and_is_true_all_the_same(
    open_simulation: OpenSimulation,
) -> None:
    simulation = await open_simulation(silent=1.0)
    await simulation.send("+14185550101")
    state = await simulation.settle()
    (line,) = await simulation.ledger()
    assert (line["silent"], line["final"], line["scheduled"], state["sent"]) == (True, "delivered", 0, 0)


async def test_shuffling_changes_the_order_of_arrival(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(shuffle=True)
    for _ in range(20):
        await simulation.send("+14185550101")
    await simulation.settle()
    orders = {tuple(callback["word"] for callback in line["callbacks"]) for line in await simulation.ledger()}
    assert orders == {("sent", "delivered"), ("delivered", "sent")}


async def test_a_new_speed_hurries_what_is_already_planned(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(speed=0.001)
    await simulation.send("+14185550101")
    assert (await simulation.turn(speed=1_000_000.0)).json()["speed"] == 1_000_000.0
    assert (await simulation.settle())["acknowledged"] == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"speeed": 1},
        {"speed": 0},
        {"silent": 1.5},
        {"shuffle": 1},
        {"seed": 1.5},
        {"early": True},
        {"silent": "x"},
    ],
)
async def test_a_knob_that_makes_no_sense_is_refused_whole(simulation: Simulation, changes: dict[str, Any]) -> None:
    with pytest.raises(KnobError, match=next(iter(changes))):
        alter(Knobs(), changes)
    answer = await simulation.client.post(f"{simulation.url}/simulator/knobs", json={"duplicates": 0.5, **changes})
    assert answer.status_code == 400
    assert next(iter(changes)) in answer.json()["error"]
    assert (await simulation.client.get(f"{simulation.url}/simulator/knobs")).json()["duplicates"] == 0.0


async def test_the_counts_are_those_of_the_ledger(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(duplicates=0.3, speed=200_000.0)
    simulation.receiver.statuses = [500, 204, 503] * 20
    numbers = [f"+14185551{number:03}" for number in range(60)]
    await asyncio.gather(*(simulation.send(number, "#rc=1&rp=5xx") for number in numbers))
    state = await simulation.settle()
    lines = await simulation.ledger()
    for count in ("sent", "acknowledged"):
        assert state[count] == sum(line[count] for line in lines)
    assert state["messages"] == len(lines)
    assert state["sent"] + state["retries"] == len(simulation.receiver.received)
    assert state["acknowledged"] + state["lost"] == state["sent"] == sum(line["scheduled"] for line in lines)
