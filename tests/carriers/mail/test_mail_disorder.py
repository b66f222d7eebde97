"""Faults and chance act on e-mails as on texts: each knob does what it says, and the same seed plays the same play."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from carriers.mail.amazon_words import is_signed

from tocsin_carriers.knobs import KnobError, Knobs, alter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from carriers.mail.conftest import Mail

    OpenMail = Callable[..., Awaitable[Mail]]

ANYONE = [f"citoyen.{number}a@exemple.test" for number in range(40)]


def picture(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What is drawn, without what differs between runs."""
    return {
        line["draw"]: (
            [line[key] for key in ("final", "outcome", "silent", "answer")],
            [[callback[key] for key in ("word", "kind", "after")] for callback in line["callbacks"]],
        )
        for line in lines
    }


async def play(mail: Mail, addresses: list[str]) -> dict[str, Any]:
    await asyncio.gather(*(mail.send(address) for address in addresses))
    await mail.settle()
    return picture(await mail.emails())


async def test_the_same_seed_gives_the_same_picture_whatever_the_order_of_requests(open_mail: OpenMail) -> None:
    disorder = {"duplicates": 0.3, "silent": 0.2, "shuffle": True, "bad_signature": 0.2, "error_after_accept": 0.2}
    chance = {"opens": 0.5, "complaints": 0.3, "deliveries_slow": 0.3, "bounces_late": 0.5}
    knobs = {**disorder, **chance, "seed": 7, "speed": 500_000.0}
    addresses = [*ANYONE, *(f"bounce+{number}@exemple.test" for number in range(10))]
    first = await play(await open_mail(**knobs), addresses)
    second = await play(await open_mail(**knobs), addresses[::-1])
    other = await play(await open_mail(**{**knobs, "seed": 8}), addresses)
    assert first == second
    assert first != other


async def test_an_open_may_come_long_after_and_nobody_has_to_wait_for_it(open_mail: OpenMail) -> None:
    mail = await open_mail(opens=1.0, complaints=1.0, speed=100.0)
    await mail.send_to(ANYONE[0])
    state = await mail.settle()
    assert (state["owed"], state["owedLater"]) == (0, 2)
    assert sorted(mail.subscriber.words()) == ["Delivery", "Send"]
    await mail.simulation.turn(speed=1_000_000.0)
    await mail.subscriber.until(lambda: len(mail.subscriber.events) == 4)
    assert sorted(mail.subscriber.words()) == ["Complaint:abuse", "Delivery", "Open", "Send"]


async def test_a_duplicate_repeats_the_message_to_the_byte(open_mail: OpenMail) -> None:
    mail = await open_mail(duplicates=1.0, republished=0.0)
    await mail.send_to("delivered@exemple.test")
    state = await mail.settle()
    bodies = [delivered.body for delivered in mail.subscriber.events]
    assert (len(bodies), len(set(bodies)), state["duplicates"]) == (4, 2, 2)


async def test_a_republished_duplicate_has_the_same_content_under_another_id(open_mail: OpenMail) -> None:
    mail = await open_mail(duplicates=1.0, republished=1.0)
    await mail.send_to("delivered@exemple.test")
    await mail.settle()
    events = mail.subscriber.events
    assert len({delivered.fields["MessageId"] for delivered in events}) == 4
    assert len({delivered.fields["Message"] for delivered in events}) == 2


async def test_both_kinds_of_duplicates_come_by_default(open_mail: OpenMail) -> None:
    mail = await open_mail(duplicates=1.0)
    await asyncio.gather(*(mail.send(f"delivered+{number}@exemple.test") for number in range(10)))
    await mail.settle()
    ids = {delivered.fields["MessageId"] for delivered in mail.subscriber.events}
    assert len(mail.subscriber.events) == 40
    assert 20 < len(ids) < 40


@pytest.mark.parametrize(
    ("statuses", "knobs", "expected"),
    [
        ([500, 503, 204], {}, [500, 503, 204]),
        ([429, 204], {}, [429, 204]),
        ([500] * 9, {}, [500] * 4),
        ([500] * 9, {"event_retries": 5}, [500] * 6),
        ([500] * 9, {"event_retries": 0}, [500]),
        ([403], {}, [403]),
        ([404], {}, [404]),
        ([302], {}, [302]),
        ([200], {}, [200]),
    ],
    ids=str,
)
async def test_only_5xx_429_and_silence_are_tried_again_and_the_same_message_is(
    open_mail: OpenMail, statuses: list[int], knobs: dict[str, Any], expected: list[int]
) -> None:
    mail = await open_mail(**knobs)
    mail.subscriber.statuses = list(statuses)
    await mail.send_to("never@exemple.test")
    state = await mail.settle()
    (line,) = await mail.emails()
    assert line["callbacks"][0]["statuses"] == expected
    good = expected[-1] < 300
    assert (line["acknowledged"], line["lostWords"]) == ((1, []) if good else (0, ["Send"]))
    assert (state["lost"], state["retries"]) == (0 if good else 1, len(expected) - 1)
    assert len({delivered.body for delivered in mail.subscriber.events}) == 1


async def test_retries_are_twenty_simulated_seconds_apart_unless_set_otherwise(open_mail: OpenMail) -> None:
    mail = await open_mail(speed=1.0, event_retry_seconds=0.0)
    mail.subscriber.statuses = [500, 500]
    await mail.send_to("never@exemple.test")
    assert (await mail.settle())["retries"] == 2
    await mail.simulation.turn(event_retry_seconds=20.0)
    mail.subscriber.statuses = [500]
    await mail.send_to("never@exemple.test")
    await mail.subscriber.until(lambda: len(mail.subscriber.events) == 4)
    state = (await mail.client.get(f"{mail.url}/simulator/settled?timeout=1")).json()
    assert (state["settled"], state["retries"]) == (False, 2)
    await mail.simulation.turn(speed=1_000.0)
    assert (await mail.settle())["retries"] == 3


async def test_a_receiver_that_does_not_listen_is_tried_four_times_and_lost(open_mail: OpenMail) -> None:
    mail = await open_mail(confirming="later")
    told = await mail.order("subscribe", url="http://127.0.0.1:1/")
    assert (told["state"], told["statuses"]) == ("lost", ["ct"] * 4)


async def test_a_forged_event_is_followed_by_nobody_who_checks_the_key(open_mail: OpenMail) -> None:
    mail = await open_mail(bad_signature=1.0)
    await mail.send_to("virus@exemple.test")
    state = await mail.settle()
    certificate = (await mail.client.get(mail.subscriber.events[0].fields["SigningCertURL"])).content
    by_signature = {is_signed(each.fields, certificate): each.word for each in mail.subscriber.events}
    assert by_signature == {True: "Reject", False: "Complaint:abuse"}
    assert (state["forged"], state["forgedAccepted"]) == (1, 1)


async def test_a_lost_answer_cuts_the_connection_and_the_e_mail_goes_out_all_the_same(open_mail: OpenMail) -> None:
    mail = await open_mail(lost_answers=1.0)
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        await mail.send("delivered@exemple.test")
    state = await mail.settle()
    (line,) = await mail.emails()
    assert (line["answered"], line["answer"], line["acknowledged"]) == (False, "cut", 2)
    assert state["unanswered"] == 1


async def test_a_hanging_answer_never_comes(open_mail: OpenMail) -> None:
    mail = await open_mail(hanging_answers=1.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(mail.send("delivered@exemple.test"), 0.5)
    await mail.settle()
    assert (await mail.emails())[0]["answer"] == "hanging"


async def test_an_error_after_acceptance_leaves_an_e_mail(open_mail: OpenMail) -> None:
    mail = await open_mail(error_after_accept=1.0)
    answer = await mail.send("delivered@exemple.test")
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (500, "InternalServiceErrorException")
    await mail.settle()
    (line,) = await mail.emails()
    assert (line["answered"], line["answer"], line["acknowledged"]) == (False, "error", 2)


async def test_the_first_event_may_arrive_before_the_answer(open_mail: OpenMail) -> None:
    mail = await open_mail(early=1.0, speed=0.1)
    answer = await mail.send("delivered@exemple.test")
    assert answer.status_code == 200
    assert mail.subscriber.words() == ["Send"]
    assert mail.subscriber.events[0].event["mail"]["messageId"] == answer.json()["MessageId"]


async def test_nothing_is_early_and_nobody_waits_for_it_while_nothing_is_confirmed(open_mail: OpenMail) -> None:
    mail = await open_mail(early=1.0, confirming="later")
    answer = await asyncio.wait_for(mail.send("delivered@exemple.test"), 30)
    assert answer.status_code == 200


async def test_slow_answers_lose_the_race(open_mail: OpenMail) -> None:
    mail = await open_mail(slow_answers=3_600.0)
    assert (await mail.send("never@exemple.test")).status_code == 200
    assert mail.subscriber.words() == ["Send"]


async def test_a_silent_e_mail_tells_nobody_and_is_true_all_the_same(open_mail: OpenMail) -> None:
    mail = await open_mail(silent=1.0)
    await mail.send_to("bounce@exemple.test")
    await mail.settle()
    (line,) = await mail.emails()
    assert (line["silent"], line["final"], line["scheduled"]) == (True, "Bounce:Permanent:General", 0)
    assert mail.subscriber.events == []


async def test_shuffling_changes_the_order_of_arrival(open_mail: OpenMail) -> None:
    mail = await open_mail(shuffle=True)
    for _ in range(20):
        await mail.send("delivered@exemple.test")
    await mail.settle()
    orders = {tuple(callback["word"] for callback in line["callbacks"]) for line in await mail.emails()}
    assert orders == {("Send", "Delivery"), ("Delivery", "Send")}


async def test_delay_makes_every_event_later(open_mail: OpenMail) -> None:
    afters = []
    for share in (0.0, 1.0):
        mail = await open_mail(delayed=share)
        await mail.send_to("never@exemple.test")
        await mail.settle()
        afters.append((await mail.emails())[0]["callbacks"][0]["after"])
    assert 1.0 <= afters[1] - afters[0] <= 30.0


async def test_events_may_be_signed_before_they_are_due(open_mail: OpenMail) -> None:
    mail = await open_mail(sign_ahead=True, duplicates=1.0, speed=0.001)
    mail.subscriber.statuses = [500]
    await asyncio.gather(*(mail.send(f"delivered+{number}@exemple.test") for number in range(20)))
    await mail.until(lambda state: state["toSign"] == 0)
    assert mail.subscriber.events == []
    certificate = (await mail.client.get(mail.subscriber.received[0].fields["SigningCertURL"])).content
    await mail.simulation.turn(speed=100_000.0)
    state = await mail.settle()
    assert (len(mail.subscriber.events), state["retries"]) == (81, 1)
    assert all(is_signed(delivered.fields, certificate) for delivered in mail.subscriber.events)


async def test_what_was_signed_for_one_subscriber_is_signed_anew_for_the_next(open_mail: OpenMail) -> None:
    mail = await open_mail(sign_ahead=True, speed=0.001)
    await mail.send_to("never@exemple.test")
    await mail.until(lambda state: state["toSign"] == 0)
    await mail.order("subscribe", url=f"{mail.subscriber.url}/moved")
    await mail.until(lambda state: state["state"] == "confirmed")
    await mail.simulation.turn(speed=100_000.0)
    await mail.settle()
    arn = (await mail.subscription())["subscriptionArn"]
    assert [each.headers["x-amz-sns-subscription-arn"] for each in mail.subscriber.events] == [arn]


async def test_no_instant_of_an_event_lies_in_the_future(open_mail: OpenMail) -> None:
    mail = await open_mail(shuffle=True, speed=1_000.0)
    await asyncio.gather(*(mail.send(f"opened+{number}@exemple.test") for number in range(10)))
    await mail.settle()
    for delivered in mail.subscriber.events:
        event, published = delivered.event, delivered.fields["Timestamp"]
        happened = [part["timestamp"] for part in event.values() if isinstance(part, dict) and "timestamp" in part]
        assert max(happened) <= published


async def test_an_outage_of_the_receiver_loses_what_outlasts_the_retries_and_the_ledger_says_what(
    open_mail: OpenMail,
) -> None:
    mail = await open_mail(duplicates=0.3)
    mail.subscriber.statuses = [503] * 60
    await asyncio.gather(*(mail.send(address) for address in ANYONE))
    state = await mail.settle()
    lines = await mail.emails()
    delivered = {(each.event["mail"]["messageId"], each.word) for each in mail.subscriber.events}
    assert {(line["sid"], callback["word"]) for line in lines for callback in line["callbacks"]} == delivered
    assert state["sent"] + state["retries"] == len(mail.subscriber.received)
    assert state["acknowledged"] + state["lost"] == state["sent"] == sum(line["scheduled"] for line in lines) + 2
    for line in lines:
        kept = {callback["word"] for callback in line["callbacks"] if callback["state"] == "acknowledged"}
        assert kept | set(line["lostWords"]) == {"Send", "Delivery"}
        assert kept.isdisjoint(line["lostWords"])


@pytest.mark.parametrize("changes", [{"email_refusal": "Else"}, {"email_refusal": 1}, {"event_retries": -1}])
def test_a_choice_is_one_of_those_offered(changes: dict[str, Any]) -> None:
    with pytest.raises(KnobError, match=next(iter(changes))):
        alter(Knobs(), changes)
