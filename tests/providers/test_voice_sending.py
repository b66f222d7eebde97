"""Every way in which Twilio can take, refuse or lose a call, said by a server on a socket."""

import logging
import socket
from dataclasses import replace

import httpx2
import pytest
from providers.carrier_socket import Carrier, compose, refusal
from providers.voice_calls import (
    ACCOUNT,
    BASE,
    CALL,
    DELIVERY,
    FRAGMENT,
    HAND_OVER,
    NOW,
    PUBLIC_ID,
    configure,
    resource,
    speak_to,
)

from tocsin.events import Answer, Certainty, Event, HandOver, Inquiry, Restart, Verdict
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel, Locale
from tocsin_providers.twilio_answers import ACCOUNT_CODES, DEAD_CODES, PASSING_CODES, RECIPIENT_CODES
from tocsin_providers.twilio_voice_words import WORDS

S = DeliveryStatus
INQUIRY = Inquiry(HAND_OVER, since=NOW, bound=frozenset())


async def send(carrier: Carrier, hand_over: HandOver = HAND_OVER) -> Answer:
    return await speak_to(carrier, lambda voice: voice.send(hand_over, NOW))


async def test_a_call_is_posted_as_twilio_wants_it() -> None:
    carrier = Carrier(compose(201, resource()))
    await send(carrier)
    assert carrier.targets == [("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", {})]
    (form,) = carrier.forms
    twiml = form.pop("Twiml")[0]
    assert twiml.count('<Say language="fr-CA">Évacuez la zone A &amp; B.</Say>') == 2
    assert "Gather" not in twiml
    assert form == {
        "To": ["+14185550142"],
        "From": ["+14185550100"],
        "StatusCallback": [f"{BASE}/status?delivery={PUBLIC_ID}{FRAGMENT}"],
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
        "Timeout": ["25"],
        "TimeLimit": ["900"],
        "MachineDetection": ["DetectMessageEnd"],
        "AsyncAmd": ["true"],
        "AsyncAmdStatusCallback": [f"{BASE}/machine?delivery={PUBLIC_ID}{FRAGMENT}"],
    }


async def test_where_it_has_to_be_confirmed_the_document_asks_for_the_key() -> None:
    carrier = Carrier(compose(201, resource()))
    await send(carrier, replace(HAND_OVER, confirmation_required=True, locale=Locale.EN))
    twiml = carrier.forms[0]["Twiml"][0]
    assert "Press 1" in twiml
    assert f"{BASE}/gather?delivery={PUBLIC_ID}&amp;locale=en&amp;asked=1{FRAGMENT.replace('&', '&amp;')}" in twiml


async def test_a_text_too_long_for_the_request_is_fetched() -> None:
    carrier = Carrier(compose(201, resource()))
    await send(carrier, replace(HAND_OVER, text="é" * 3000))
    assert "Twiml" not in carrier.forms[0]
    assert carrier.forms[0]["Url"] == [f"{BASE}/message?delivery={PUBLIC_ID}&locale=fr&asked=1{FRAGMENT}"]


async def test_a_call_that_was_taken_is_queued() -> None:
    event = Event(
        event_key=f"twilio_voice:{CALL}:rest:queued",
        provider="twilio_voice",
        account=ACCOUNT,
        delivery_id=DELIVERY,
        provider_word="queued",
        status=S.CALL_QUEUED,
        carrier_id=CALL,
    )
    assert await send(Carrier(compose(201, resource()))) == Answer(Verdict.ANSWERED, event)


@pytest.mark.parametrize("word", [*WORDS, "teleported"])
async def test_whatever_word_a_new_call_has_it_is_an_event(word: str) -> None:
    answer = await send(Carrier(compose(201, resource(status=word))))
    assert answer.event is not None
    assert (answer.event.status, answer.event.provider_word) == (WORDS.get(word), word)


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "null", [], {"sid": CALL}, {"status": "queued"}, resource(sid="SM" + "1" * 32), resource(status=[]),
     resource(status="\x00")],
    ids=lambda body: repr(body)[:40],
)  # fmt: skip
async def test_a_success_that_cannot_be_read_is_unknown(body: object) -> None:
    answer = await send(Carrier(compose(201, body)))
    assert (answer.verdict, answer.event) == (Verdict.UNKNOWN, None)


@pytest.mark.parametrize("code", [*sorted(RECIPIENT_CODES), "29999"])
async def test_a_number_that_is_refused_fails_this_call_for_good(code: str) -> None:
    event = Event(
        event_key=f"twilio_voice:{PUBLIC_ID}:rest:{code}",
        provider="twilio_voice",
        account=ACCOUNT,
        delivery_id=DELIVERY,
        provider_word="refused",
        status=S.CALL_FAILED,
        error_code=code,
        ended=True,
        dead=code in DEAD_CODES[Channel.CALL],
    )
    answer = await send(Carrier(refusal(400, int(code))))
    assert answer == Answer(Verdict.ANSWERED, event, reason=f"Twilio answered HTTP 400, code {code}.")


@pytest.mark.parametrize(
    ("code", "verdict", "dead"),
    [
        ("21211", Verdict.ANSWERED, True),
        ("21217", Verdict.ANSWERED, True),
        ("13224", Verdict.ANSWERED, True),
        ("21214", Verdict.ANSWERED, True),
        ("21215", Verdict.ANSWERED, False),
        ("13227", Verdict.ANSWERED, False),
        ("21216", Verdict.ANSWERED, False),
        ("21210", Verdict.ACCOUNT_REFUSED, False),
        ("21212", Verdict.ACCOUNT_REFUSED, False),
        ("21205", Verdict.ACCOUNT_REFUSED, False),
        ("11243", Verdict.ACCOUNT_REFUSED, False),
        ("20003", Verdict.ACCOUNT_REFUSED, False),
        ("22005", Verdict.TRY_AGAIN, False),
        ("10004", Verdict.TRY_AGAIN, False),
        ("20429", Verdict.TRY_AGAIN, False),
    ],
)
async def test_each_code_of_a_refused_call_is_judged_as_documented(code: str, verdict: Verdict, dead: bool) -> None:
    answer = await send(Carrier(refusal(400, int(code))))
    assert (answer.verdict, bool(answer.event and answer.event.dead)) == (verdict, dead)


@pytest.mark.parametrize("code", sorted(ACCOUNT_CODES | PASSING_CODES))
async def test_neither_account_nor_rush_is_blamed_on_a_number(code: str) -> None:
    assert (await send(Carrier(refusal(400, int(code))))).event is None


@pytest.mark.parametrize("status", [500, 503])
async def test_a_lost_answer_is_unknown_and_not_tried_again(status: int) -> None:
    for carrier in (Carrier(refusal(status, 20500)), Carrier(b"")):
        assert (await send(carrier)).verdict is Verdict.UNKNOWN
        assert len(carrier.requests) == 1


async def test_too_many_requests_wait_as_long_as_asked() -> None:
    answer = await send(Carrier(compose(429, {"code": 20429}, Retry_After="7")))
    assert (answer.verdict, answer.retry_after) == (Verdict.TRY_AGAIN, 7.0)


async def test_with_nobody_listening_nothing_is_lost() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with httpx2.AsyncClient(trust_env=False) as client:
            voice = configure(client, unused.getsockname()[1])
            assert (await voice.send(HAND_OVER, NOW)).verdict is Verdict.TRY_AGAIN
            assert await voice.restart(HAND_OVER, CALL) is Restart.REFUSED
            assert (await voice.look_up(INQUIRY, NOW)).certainty is Certainty.UNCLEAR


@pytest.mark.parametrize("carried", [refusal(400, 21211), refusal(401, 20003), refusal(500, None), b""])
async def test_nothing_personal_reaches_an_answer_or_a_log(caplog: pytest.LogCaptureFixture, carried: bytes) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = await send(Carrier(carried))
        finding = await speak_to(Carrier(carried), lambda voice: voice.look_up(INQUIRY, NOW))
    said = f"{answer!r} {finding!r} {caplog.text}"
    for private in ("5550142", "vacuez", "secret-token", "Calls.json"):
        assert private not in said
