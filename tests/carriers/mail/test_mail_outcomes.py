"""What becomes of an e-mail: every row of the table, by word and by digits, as events and in the ledger."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tocsin_carriers import emails_outcomes, messaging_outcomes
from tocsin_carriers.emails_email import kind_of
from tocsin_carriers.emails_events import BOUNCES
from tocsin_carriers.emails_outcomes import OUTCOMES, PERSONS, contrary, outcome_of, sort_address
from tocsin_carriers.emails_timeline import MOST_REPORTS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from carriers.mail.conftest import Mail

    OpenMail = Callable[..., Awaitable[Mail]]

REPORTED = [name for name, outcome in OUTCOMES.items() if outcome.refusal is None]
KINDS = {
    "Send",
    "Delivery",
    "DeliveryDelay",
    "Bounce",
    "Complaint",
    "Reject",
    "Open",
    "Click",
    "Rendering Failure",
    "Subscription",
}


def read_table() -> dict[tuple[str, ...], tuple[str, str]]:
    """The rows of the documented table: words to digits and events."""
    rows = re.findall(r"^\| ([a-z, ]+) \| ([0-9, ]*) ?\| (.+) \|$", emails_outcomes.__doc__ or "", re.MULTILINE)
    return {tuple(words.split(", ")): (digits.strip(), events) for words, digits, events in rows if words != "word"}


def test_the_documented_table_is_the_real_one() -> None:
    table = read_table()
    anyone = table.pop(("anyone else",))
    assert anyone[1].startswith(", ".join(outcome_of("aline.tremblay@exemple.test").steps))
    refused = table.pop(("refused",))
    assert (refused[1], OUTCOMES["refused"].refusal) == ("none: REST 400 MessageRejected", "MessageRejected")
    written = {word: events for words, (_, events) in table.items() for word in words}
    assert written == {name: ", ".join(OUTCOMES[name].steps) for name in REPORTED}
    digits = {pair: words[0] for words, (pairs, _) in table.items() for pair in pairs.split(", ") if pair}
    assert digits == PERSONS


def test_the_digits_are_those_of_texts() -> None:
    assert PERSONS.keys() == messaging_outcomes.OUTCOMES.keys()


def test_every_kind_of_event_and_every_bounce_comes_true_somewhere() -> None:
    steps = {step for outcome in OUTCOMES.values() for step in outcome.steps}
    assert {kind_of(step) for step in steps} == KINDS
    assert {step.partition(":")[2] for step in steps if kind_of(step) == "Bounce"} == set(BOUNCES)
    assert {step for step in steps if kind_of(step) == "Complaint"} == {
        "Complaint:abuse",
        "Complaint:not-spam",
        "Complaint:OnAccountSuppressionList",
    }
    assert max(len(outcome.steps) for outcome in OUTCOMES.values()) + 2 <= MOST_REPORTS


@pytest.mark.parametrize("word", REPORTED)
async def test_the_word_before_the_at_sign_decides_what_is_reported(mail: Mail, word: str) -> None:
    (sid,) = await mail.send_to(f"{word}+label@exemple.test")
    state = await mail.settle()
    steps = list(OUTCOMES[word].steps)
    assert sorted(mail.subscriber.words()) == sorted(steps)
    assert {delivered.event["mail"]["messageId"] for delivered in mail.subscriber.events} == {sid}
    (line,) = await mail.emails()
    assert (line["sid"], line["suffix"], line["outcome"], line["final"]) == (sid, word, word, steps[-1])
    assert sorted(callback["word"] for callback in line["callbacks"]) == sorted(steps)
    assert (line["scheduled"], line["acknowledged"], line["lost"]) == (len(steps), len(steps), False)
    assert state["owedLater"] == 0


@pytest.mark.parametrize(("digits", "word"), PERSONS.items())
async def test_the_last_two_digits_decide_where_there_is_no_word(mail: Mail, digits: str, word: str) -> None:
    await mail.send_to(f"Aline.Tremblay.{digits}@exemple.test")
    await mail.settle()
    assert sorted(mail.subscriber.words()) == sorted(OUTCOMES[word].steps)
    assert (await mail.emails())[0]["suffix"] == digits


async def test_who_is_refused_gets_no_e_mail_and_no_event(mail: Mail) -> None:
    answer = await mail.send("refused+1@exemple.test")
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "MessageRejected")
    state = await mail.settle()
    assert (mail.subscriber.events, await mail.emails(), state["refused"]) == ([], [], {"MessageRejected": 1})


@pytest.mark.parametrize(
    ("address", "sorted_as"),
    [
        ("BOUNCE@exemple.test", "bounce"),
        ("bounce+05@exemple.test", "bounce"),
        ("roy05@exemple.test", "05"),
        ("roy05+bounce@exemple.test", "05"),
        ("roy5@exemple.test", ""),
        ("roy42@exemple.test", "42"),
        ("bouncer@exemple.test", ""),
        ("5@exemple.test", ""),
        ("aline.tremblay@exemple05.test", ""),
    ],
)
def test_an_address_is_sorted_by_what_stands_before_the_at_sign(address: str, sorted_as: str) -> None:
    assert sort_address(address) == sorted_as


def test_a_forgery_never_says_the_truth_and_beats_it_where_it_can() -> None:
    ranks = {"Send": 20, "Delivery": 40, "Bounce:Permanent:General": 50, "Open": 60, "Complaint:abuse": 70}
    for outcome in OUTCOMES.values():
        for final in outcome.steps[-1:]:
            assert contrary(final) != final
            assert ranks[contrary(final)] > ranks.get(final, 0) or final == "Complaint:abuse"


async def test_nothing_that_names_a_person_is_in_the_ledger_or_the_state(mail: Mail) -> None:
    await mail.send_to("Aline.Tremblay@exemple.test", "roy05@exemple.test", "bounce+Aline@exemple.test")
    state = await mail.settle()
    told = json.dumps([await mail.simulation.ledger(), state, await mail.subscription()]).lower()
    assert not {name for name in ("aline", "tremblay", "roy", "exemple", "@") if name in told}
    assert [line["suffix"] for line in await mail.emails()] == ["", "05", "bounce"]


async def test_a_line_of_an_e_mail_has_the_keys_of_a_text(mail: Mail) -> None:
    await mail.send_to("delivered@exemple.test")
    await mail.simulation.send("+14185550101")
    await mail.settle()
    lines = {line["carrier"]: line for line in await mail.simulation.ledger()}
    assert set(lines) == {"amazon_sns", "amazon_ses", "twilio_messaging"}
    assert lines["amazon_ses"].keys() == lines["twilio_messaging"].keys()
    assert (lines["amazon_ses"]["direction"], lines["amazon_ses"]["delivery"]) == ("outbound", "delivery-01JDAB3K")
