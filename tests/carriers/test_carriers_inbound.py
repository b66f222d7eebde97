"""Citizens' own texts: posted and signed as Twilio does, and consent that Twilio then enforces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from carriers.conftest import Simulation

CITIZEN = "+14185550142"


async def write(simulation: Simulation, body: str, **fields: str) -> dict[str, Any]:
    order = {"from": CITIZEN, "body": body, "url": f"{simulation.receiver.url}/inbound", **fields}
    answer = await simulation.client.post(f"{simulation.url}/simulator/inbound", json=order)
    written: dict[str, Any] = {"http": answer.status_code, **answer.json()}
    return written


async def test_an_inbound_text_is_posted_signed_with_blank_places(simulation: Simulation) -> None:
    written = await write(simulation, "Bonjour à tous")
    assert (written["state"], written["statuses"]) == ("acknowledged", [204])
    (received,) = simulation.receiver.received
    assert (received.form["Body"], received.form["From"], received.form["FromCity"]) == (
        "Bonjour à tous",
        CITIZEN,
        "",
    )
    assert "OptOutType" not in received.form
    validator, signature = RequestValidator("a token of the tests"), received.headers["x-twilio-signature"]
    assert validator.validate(simulation.receiver.url + "/inbound", received.form, signature)


async def test_stop_blocks_and_start_unblocks(simulation: Simulation) -> None:
    await write(simulation, " stop ")
    assert simulation.receiver.received[-1].form["OptOutType"] == "STOP"
    assert (await simulation.send(CITIZEN)).json()["code"] == 21610
    await write(simulation, "START")
    assert (await simulation.send(CITIZEN)).status_code == 201


async def test_stop_in_a_sentence_is_no_stop(simulation: Simulation) -> None:
    await write(simulation, "Stop please")
    assert (await simulation.send(CITIZEN)).status_code == 201


async def test_a_stop_to_one_sender_leaves_the_others(simulation: Simulation) -> None:
    await write(simulation, "STOP", to="+14185550101")
    assert (await simulation.send(CITIZEN, From="+14185550101")).json()["code"] == 21610
    assert (await simulation.send(CITIZEN, From="+14185550100")).status_code == 201


async def test_start_frees_a_number_that_is_opted_out_by_its_suffix(simulation: Simulation) -> None:
    assert (await simulation.send("+14185550106")).json()["code"] == 21610
    await write(simulation, "START", **{"from": "+14185550106"})
    assert (await simulation.send("+14185550106")).status_code == 201


async def test_an_inbound_text_that_is_refused_by_the_receiver_is_reported(simulation: Simulation) -> None:
    simulation.receiver.statuses = [403]
    written = await write(simulation, "STOP")
    assert (written["state"], written["statuses"]) == ("lost", [403])


@pytest.mark.parametrize(
    "fields",
    [
        {"from": "12"},
        {"url": "https://exemple.test/"},
        {"url": ""},
        {"colour": "red"},
        {"url": "http://127.0.0.1/#rc=x"},
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(simulation: Simulation, fields: dict[str, str]) -> None:
    written = await write(simulation, "STOP", **fields)
    assert written["http"] == 400
    assert written["error"]
    assert (await simulation.settle())["inbound"] == 0
