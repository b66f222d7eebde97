"""Callbacks as they arrive: their words by suffix, fields, signature, retries, duplicates, order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tocsin_carriers.messaging_outcomes import OUTCOMES

if TYPE_CHECKING:
    from carriers.conftest import OpenSimulation, Simulation

TOKEN = "a token of the tests"
SERVICE = "MG" + "a" * 32
RETRYING = "#rc=5&rp=ct,rt,5xx"


def test_every_suffix_of_the_table_is_promised_here() -> None:
    assert sorted(OUTCOMES) == [f"0{digit}" for digit in range(1, 10)]


@pytest.mark.parametrize(
    ("suffix", "words", "codes"),
    [
        ("01", ["sent", "delivered"], []),
        ("02", ["sent", "delivered"], []),
        ("03", ["sent", "undelivered"], ["30006"]),
        ("04", ["sent", "delivered"], []),
        ("05", ["failed"], ["30005"]),
        ("07", ["sent", "undelivered"], ["30003"]),
        ("08", ["sent", "undelivered", "delivered"], ["30003"]),
        ("09", ["failed"], ["30008"]),
        ("42", ["sent", "delivered"], []),
    ],
)
async def test_the_suffix_decides_what_is_reported(
    simulation: Simulation, suffix: str, words: list[str], codes: list[str]
) -> None:
    sid = (await simulation.send(f"+141855501{suffix}")).json()["sid"]
    await simulation.settle()
    received = simulation.receiver.received
    assert sorted(simulation.receiver.words()) == sorted(words)
    assert [callback.form["ErrorCode"] for callback in received if "ErrorCode" in callback.form] == codes
    assert {callback.form["MessageSid"] for callback in received} == {sid}
    (line,) = await simulation.ledger()
    assert (line["sid"], line["suffix"], line["final"]) == (sid, suffix, words[-1])
    assert (line["scheduled"], line["acknowledged"], line["lost"]) == (len(words), len(words), False)


async def test_the_resource_ends_in_the_true_word(simulation: Simulation) -> None:
    message = (await simulation.send("+14185550107")).json()
    await simulation.settle()
    fetched = await simulation.client.get(simulation.url + message["uri"], auth=("AC" + "1" * 32, TOKEN))
    assert (fetched.json()["status"], fetched.json()["error_code"]) == ("undelivered", 30003)
    assert fetched.json()["error_message"]


async def test_a_callback_has_twilios_fields_and_headers_and_never_the_fragment(
    simulation: Simulation,
) -> None:
    await simulation.send("+14185550107", RETRYING, MessagingServiceSid=SERVICE)
    await simulation.settle()
    queued, sent, undelivered = sorted(simulation.receiver.received, key=lambda received: len(received.form))
    assert {queued.word, sent.word} == {"queued", "sent"}
    assert sorted(undelivered.form) == sorted(
        [
            "AccountSid",
            "ApiVersion",
            "ErrorCode",
            "From",
            "MessageSid",
            "MessageStatus",
            "MessagingServiceSid",
            "RawDlrDoneDate",
            "SmsSid",
            "SmsStatus",
            "To",
        ]
    )
    assert undelivered.target == "/status?delivery=d0107"
    assert undelivered.headers["user-agent"] == "TwilioProxy/1.1"
    assert len(undelivered.form["RawDlrDoneDate"]) == 10
    assert all(simulation.receiver.is_signed(received) for received in simulation.receiver.received)
    tokens = {received.headers["i-twilio-idempotency-token"] for received in simulation.receiver.received}
    assert len(tokens) == 3


@pytest.mark.parametrize("target", ["/a%20b?c=%7e&d=|x|", "/a//b/../c?x=1&x=2&y=", "/?delivery=a%2Bb", ""])
async def test_an_odd_url_is_called_and_signed_byte_for_byte(simulation: Simulation, target: str) -> None:
    await simulation.send("+14185550105", StatusCallback=simulation.receiver.url + target)
    await simulation.settle()
    (received,) = simulation.receiver.received
    assert received.target == (target or "/")
    validator, signature = RequestValidator(TOKEN), received.headers["x-twilio-signature"]
    assert validator.validate(simulation.receiver.url + target, received.form, signature)


async def test_a_500_is_lost_unless_the_fragment_asks_for_retries(simulation: Simulation) -> None:
    simulation.receiver.statuses = [500]
    await simulation.send("+14185550105")
    state = await simulation.settle()
    assert (state["lost"], state["retries"]) == (1, 0)
    (line,) = await simulation.ledger()
    assert (line["lost"], line["lostWords"], line["callbacks"][0]["statuses"]) == (True, ["failed"], [500])


async def test_a_retry_carries_the_same_token_and_ends_with_the_first_2xx(simulation: Simulation) -> None:
    simulation.receiver.statuses = [500, 503]
    await simulation.send("+14185550105", RETRYING)
    state = await simulation.settle()
    assert (state["sent"], state["acknowledged"], state["retries"], state["lost"]) == (1, 1, 2, 0)
    tokens = [received.headers["i-twilio-idempotency-token"] for received in simulation.receiver.received]
    assert len(tokens) == 3
    assert len(set(tokens)) == 1
    (line,) = await simulation.ledger()
    assert line["callbacks"][0]["statuses"] == [500, 503, 204]


@pytest.mark.parametrize(
    ("fragment", "statuses", "requests"),
    [
        ("#rc=2&rp=5xx", [500] * 9, 3),
        ("#rc=0&rp=all", [500] * 9, 1),
        ("#rc=5&rp=4xx", [500] * 9, 1),
        ("#rc=5&rp=4xx", [403] * 9, 6),
        ("#rc=5&rp=all", [403, 500, 429], 4),
        ("#rc=5&rp=5xx", [302], 1),
        ("#rc=1&rp=rt&rt=100", [0, 204], 2),
        ("#rc=1&rp=5xx&rt=100", [0, 204], 1),
    ],
)
async def test_the_fragment_decides_what_is_retried_and_how_often(
    simulation: Simulation, fragment: str, statuses: list[int], requests: int
) -> None:
    simulation.receiver.statuses = list(statuses)
    await simulation.send("+14185550105", fragment)
    await simulation.settle()
    assert len(simulation.receiver.received) == requests


async def test_a_receiver_that_does_not_listen_is_tried_twice(simulation: Simulation) -> None:
    await simulation.send("+14185550105", StatusCallback="http://127.0.0.1:1/status")
    state = await simulation.settle()
    assert (state["lost"], state["retries"]) == (1, 1)
    (line,) = await simulation.ledger()
    assert line["callbacks"][0]["statuses"] == ["ct", "ct"]


async def test_back_off_counts_against_the_fifteen_seconds(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation()
    simulation.receiver.statuses = [500] * 9
    await simulation.send("+14185550105", "#rc=5&rp=5xx&tt=1000")
    await simulation.settle()
    assert len(simulation.receiver.received) == 3


async def test_duplicates_repeat_the_token_and_are_counted(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(duplicates=1.0)
    await simulation.send("+14185550101")
    state = await simulation.settle()
    assert (state["duplicates"], state["sent"], state["acknowledged"]) == (2, 4, 4)
    assert sorted(simulation.receiver.words()) == ["delivered", "delivered", "sent", "sent"]
    assert len({received.headers["i-twilio-idempotency-token"] for received in simulation.receiver.received}) == 2


async def test_a_forged_callback_lies_and_is_not_signed_by_the_account(
    open_simulation: OpenSimulation,
) -> None:
    simulation = await open_simulation(bad_signature=1.0)
    await simulation.send("+14185550105")
    state = await simulation.settle()
    forged = [received for received in simulation.receiver.received if not simulation.receiver.is_signed(received)]
    assert [received.word for received in forged] == ["delivered"]
    assert (state["forged"], state["forgedAccepted"], state["sent"]) == (1, 1, 1)


async def test_the_word_sending_comes_only_when_asked_for(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation(sending_word=True)
    await simulation.send("+14185550101")
    await simulation.settle()
    assert sorted(simulation.receiver.words()) == ["delivered", "sending", "sent"]


async def test_a_text_that_outlives_its_validity_fails(open_simulation: OpenSimulation) -> None:
    simulation = await open_simulation()
    for number in range(30):
        await simulation.send(f"+1418555{number:02}42", ValidityPeriod="1")
    await simulation.settle()
    lines = await simulation.ledger()
    expired = [line for line in lines if line["final"] == "failed"]
    assert 0 < len(expired) < len(lines)
    assert {(line["outcome"], line["finalErrorCode"]) for line in expired} == {("expired", 30001)}


async def test_no_callback_is_owed_without_a_callback_url(simulation: Simulation) -> None:
    await simulation.send("+14185550101", StatusCallback="")
    state = await simulation.settle()
    assert (state["messages"], state["sent"]) == (1, 0)
