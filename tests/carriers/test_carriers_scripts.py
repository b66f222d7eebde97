"""Scripts: what goes to a number stops at a word, is silent from then on and stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from carriers.documents import ask

if TYPE_CHECKING:
    from carriers.conftest import OpenSimulation, Simulation

PERSON = "+14185550111"
SERVICE = "MG" + "a" * 32


async def script(simulation: Simulation, method: str = "POST", **content: Any) -> int:
    answer = await simulation.client.request(method, f"{simulation.url}/simulator/script", json=content or None)
    return answer.status_code


@pytest.mark.parametrize(
    ("word", "words", "status"),
    [
        ("queued", [], "queued"),
        ("initiated", ["initiated"], "queued"),
        ("ringing", ["initiated", "ringing"], "ringing"),
        ("in-progress", ["in-progress", "initiated", "ringing"], "in-progress"),
    ],
)
async def test_a_call_stops_at_each_pending_word_for_ever(
    simulation: Simulation, word: str, words: list[str], status: str
) -> None:
    assert await script(simulation, to=PERSON, stopAfter=word) == 200
    sid = (await simulation.call(PERSON, ask(f"{simulation.receiver.url}/gather"))).json()["sid"]
    state = await simulation.settle()
    (line,) = await simulation.ledger()
    assert sorted(simulation.receiver.words()) == words
    assert (line["final"], line["digits"], line["answeredBy"], state["owed"]) == (word, "", None, 0)
    assert (await simulation.fetch(sid))["status"] == status


@pytest.mark.parametrize(
    ("word", "service", "words"),
    [
        ("accepted", SERVICE, []),
        ("queued", SERVICE, ["queued"]),
        ("queued", "", []),
        ("sending", "", ["sending"]),
        ("sent", "", ["sent"]),
    ],
)
async def test_a_text_stops_at_each_pending_word_for_ever(
    simulation: Simulation, word: str, service: str, words: list[str]
) -> None:
    await script(simulation, to=PERSON, stopAfter=word)
    fields = {"From": "", "MessagingServiceSid": service} if service else {}
    text = (await simulation.send(PERSON, fields=fields)).json()
    await simulation.settle()
    (line,) = await simulation.ledger()
    assert (simulation.receiver.words(), line["final"]) == (words, word)
    auth = ("AC" + "1" * 32, "a token of the tests")
    assert (await simulation.client.get(simulation.url + text["uri"], auth=auth)).json()["status"] == word


async def test_a_stopped_call_can_still_be_ended_over_rest_but_reports_nothing(simulation: Simulation) -> None:
    await script(simulation, to=PERSON, stopAfter="in-progress")
    sid = (await simulation.call(PERSON)).json()["sid"]
    await simulation.settle()
    assert (await simulation.change(sid, Twiml="<Response/>")).json()["status"] == "in-progress"
    assert (await simulation.change(sid, Status="completed")).json()["status"] == "completed"
    assert (await simulation.settle())["running"] == 0
    assert "completed" not in simulation.receiver.words()


async def test_a_word_that_never_comes_stops_nothing(simulation: Simulation) -> None:
    await script(simulation, to="+14185550101", stopAfter="ringing")
    await simulation.call("+14185550101")
    await simulation.settle()
    assert sorted(simulation.receiver.words()) == ["busy", "initiated"]


async def test_a_script_holds_for_one_address_until_it_is_taken_back(simulation: Simulation) -> None:
    await script(simulation, to=PERSON, stopAfter="queued")
    await script(simulation, to="+14185550102", stopAfter="initiated")
    await simulation.send("+14185550101")
    assert await script(simulation, "DELETE", to=PERSON) == 204
    await simulation.send(PERSON)
    await simulation.call("+14185550102")
    await simulation.settle()
    assert [line["final"] for line in await simulation.ledger()] == ["delivered", "delivered", "initiated"]
    assert await script(simulation, "DELETE") == 204
    await simulation.call("+14185550102")
    await simulation.settle()
    assert (await simulation.ledger())[-1]["final"] == "no-answer"


async def test_a_reset_takes_all_scripts_back(simulation: Simulation) -> None:
    await script(simulation, to=PERSON, stopAfter="queued")
    await simulation.client.post(f"{simulation.url}/simulator/reset")
    await simulation.send(PERSON)
    await simulation.settle()
    assert [line["final"] for line in await simulation.ledger()] == ["delivered"]


@pytest.mark.parametrize("shuffle", [False, True])
async def test_disorder_does_not_undo_a_script(open_simulation: OpenSimulation, shuffle: bool) -> None:
    simulation = await open_simulation(shuffle=shuffle, duplicates=1.0, early=1.0)
    await script(simulation, to=PERSON, stopAfter="ringing")
    await simulation.call(PERSON)
    await simulation.settle()
    assert sorted(simulation.receiver.words()) == ["initiated", "initiated", "ringing", "ringing"]


@pytest.mark.parametrize(
    "content",
    [
        {"to": PERSON, "stopAfter": "rung"},
        {"to": PERSON},
        {"to": "", "stopAfter": "ringing"},
        {"to": 1, "stopAfter": "ringing"},
        {"to": PERSON, "stopAfter": "ringing", "colour": "red"},
        {},
    ],
)
async def test_a_script_that_makes_no_sense_is_refused(simulation: Simulation, content: dict[str, Any]) -> None:
    assert await script(simulation, **content) == 400
    assert await script(simulation, "DELETE", colour="red") == 400
