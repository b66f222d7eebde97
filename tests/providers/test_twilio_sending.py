"""Every way in which Twilio can take, refuse or lose a text, said by a server on a socket."""

import asyncio
import logging
import socket
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl
from uuid import UUID

import httpx2
import pytest
from providers.carrier_socket import Carrier, compose, listen, refusal

from tocsin.events import Answer, Consent, Event, HandOver, Verdict
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel
from tocsin_providers import twilio_rest
from tocsin_providers.twilio_answers import (
    ACCOUNT_CODES,
    DEAD_CODES,
    PASSING_CODES,
    RECIPIENT_CODES,
    SUPPRESSED_CODES,
)
from tocsin_providers.twilio_messaging import WORDS, TwilioMessaging

ACCOUNT = "AC" + "1" * 32
SID = "SM" + "0b7e" * 8
DELIVERY = UUID("0198c0de-0000-7000-8000-000000000001")
PUBLIC_ID = f"delivery-{DELIVERY.hex}"
HAND_OVER = HandOver(DELIVERY, PUBLIC_ID, "+14185550142", "Évacuez la zone A & B = maintenant")
NOW = datetime(2026, 11, 23, 22, 41, tzinfo=UTC)


def configure(client: httpx2.AsyncClient, port: int, **overrides: object) -> TwilioMessaging:
    given_settings: dict[str, object] = {
        "public_url": "https://alerts.exemple.test",
        "twilio_base_url": f"http://127.0.0.1:{port}",
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": "secret-token",
        "twilio_from": "+14185550100",
        "twilio_messaging_service_sid": None,
        "twilio_validity_seconds": 1800,
    }
    return TwilioMessaging(read_settings(**{**given_settings, **overrides}), client)


async def send(carrier: Carrier, **overrides: object) -> Answer:
    async with listen(carrier) as port, httpx2.AsyncClient(trust_env=False) as client:
        return await configure(client, port, **overrides).send(HAND_OVER, NOW)


async def test_a_text_is_posted_as_twilio_wants_it() -> None:
    carrier = Carrier(compose(201, {"sid": SID, "status": "queued"}))
    await send(carrier)
    (request,) = carrier.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == f"POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1"
    assert f"authorization: Basic {b64encode(f'{ACCOUNT}:secret-token'.encode()).decode()}" in [
        line[:15].lower() + line[15:] for line in lines
    ]
    assert dict(parse_qsl(body.decode(), strict_parsing=True)) == {
        "To": "+14185550142",
        "Body": HAND_OVER.text,
        "From": "+14185550100",
        "StatusCallback": f"https://alerts.exemple.test/webhooks/twilio/messaging?delivery={PUBLIC_ID}#rc=5&rp=ct,rt,5xx",
        "ValidityPeriod": "1800",
    }


async def test_a_messaging_service_takes_the_place_of_the_number() -> None:
    carrier = Carrier(compose(201, {"sid": SID, "status": "accepted"}))
    await send(carrier, twilio_messaging_service_sid="MG" + "2" * 32)
    form = dict(parse_qsl(carrier.requests[0].partition(b"\r\n\r\n")[2].decode()))
    assert form["MessagingServiceSid"] == "MG" + "2" * 32
    assert "From" not in form


@pytest.mark.parametrize("word", [*WORDS, "teleported"])
async def test_a_message_that_was_made_is_an_event(word: str) -> None:
    answer = await send(Carrier(compose(201, {"sid": SID, "status": word, "error_code": None})))
    event = Event(
        event_key=f"twilio_messaging:{SID}:rest:{word}",
        provider="twilio_messaging",
        account=ACCOUNT,
        delivery_id=DELIVERY,
        provider_word=word,
        status=WORDS.get(word),
        carrier_id=SID,
    )
    assert answer == Answer(Verdict.ANSWERED, event)


async def test_a_message_that_failed_at_once_keeps_its_code() -> None:
    answer = await send(Carrier(compose(201, {"sid": SID, "status": "failed", "error_code": 30005})))
    assert answer.event is not None
    assert (answer.event.status, answer.event.error_code) == (DeliveryStatus.SMS_FAILED, "30005")
    assert answer.event.dead


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[" * 5000,
        "null",
        [],
        {"sid": SID},
        {"status": "queued"},
        {"sid": "CA" + "1" * 32, "status": "queued"},
        {"sid": SID, "status": "\x00"},
        {"sid": SID, "status": "\ud800"},
        {"sid": SID, "status": ["queued"]},
        {"sid": SID, "status": True},
        {"sid": SID, "status": "q" * 65},
    ],
    ids=lambda body: repr(body)[:40],
)
async def test_a_success_that_cannot_be_read_is_unknown(body: object) -> None:
    answer = await send(Carrier(compose(201, body)))
    assert (answer.verdict, answer.event) == (Verdict.UNKNOWN, None)


async def test_a_body_that_is_not_what_its_encoding_says_is_unknown() -> None:
    answer = await send(Carrier(compose(201, {"sid": SID, "status": "queued"}, Content_Encoding="gzip")))
    assert answer == Answer(Verdict.UNKNOWN, reason="Twilio's answer was lost (DecodingError).")


async def test_a_connection_closed_after_reading_is_unknown_and_not_tried_again() -> None:
    carrier = Carrier(b"")
    answer = await send(carrier)
    assert answer == Answer(Verdict.UNKNOWN, reason="Twilio's answer was lost (RemoteProtocolError).")
    assert len(carrier.requests) == 1


async def test_half_an_answer_is_unknown() -> None:
    whole = compose(201, {"sid": SID, "status": "queued"})
    assert (await send(Carrier(whole[:-5]))).verdict is Verdict.UNKNOWN


async def test_no_answer_in_time_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio_rest, "TIMEOUT", httpx2.Timeout(0.1))
    answer = await send(Carrier(b"", silent=True))
    assert answer == Answer(Verdict.UNKNOWN, reason="Twilio's answer was lost (ReadTimeout).")


async def test_an_answer_that_never_ends_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio_rest, "DEADLINE", 0.1)
    answer = await send(Carrier(b"", silent=True))
    assert answer == Answer(Verdict.UNKNOWN, reason="Twilio's answer was lost (TimeoutError).")


def test_a_carrier_has_five_seconds_to_connect_and_fifteen_to_answer() -> None:
    assert (twilio_rest.TIMEOUT.connect, twilio_rest.TIMEOUT.read) == (5.0, 15.0)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@pytest.mark.parametrize("code", [None, 20503, 21610])
async def test_a_server_error_is_unknown_whatever_its_code(status: int, code: int | None) -> None:
    answer = await send(Carrier(refusal(status, code)))
    assert (answer.verdict, answer.event) == (Verdict.UNKNOWN, None)


async def test_nobody_listening_is_tried_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await configure(client, unused.getsockname()[1]).send(HAND_OVER, NOW)
    assert answer == Answer(Verdict.TRY_AGAIN, reason="Twilio could not be reached (ConnectError).")


async def test_a_server_without_tls_is_tried_again_since_nothing_was_sent() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"no TLS here")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, httpx2.AsyncClient(trust_env=False) as client:
        answer = await configure(client, 1, twilio_base_url=f"https://127.0.0.1:{port}").send(HAND_OVER, NOW)
    assert answer == Answer(Verdict.TRY_AGAIN, reason="Twilio could not be reached (ConnectError).")


async def test_too_many_requests_wait_as_long_as_asked() -> None:
    answer = await send(Carrier(compose(429, {"code": 20429}, Retry_After="7")))
    assert answer == Answer(Verdict.TRY_AGAIN, retry_after=7.0, reason="Twilio answered HTTP 429, code 20429.")


async def test_too_many_requests_without_a_word_are_tried_again() -> None:
    assert (await send(Carrier(compose(429)))).verdict is Verdict.TRY_AGAIN


@pytest.mark.parametrize("code", sorted(PASSING_CODES))
async def test_a_full_queue_is_tried_again(code: str) -> None:
    answer = await send(Carrier(refusal(400, int(code))))
    assert (answer.verdict, answer.event, answer.retry_after) == (Verdict.TRY_AGAIN, None, None)


@pytest.mark.parametrize("code", [*sorted(RECIPIENT_CODES), "21617", "29999"])
async def test_a_number_that_is_refused_fails_this_delivery_for_good(code: str) -> None:
    answer = await send(Carrier(refusal(400, int(code))))
    event = Event(
        event_key=f"twilio_messaging:{PUBLIC_ID}:rest:{code}",
        provider="twilio_messaging",
        account=ACCOUNT,
        delivery_id=DELIVERY,
        provider_word="refused",
        status=DeliveryStatus.SMS_FAILED,
        error_code=code,
        dead=code in DEAD_CODES[Channel.SMS],
    )
    assert replace(answer, consents=()) == Answer(
        Verdict.ANSWERED, event, reason=f"Twilio answered HTTP 400, code {code}."
    )
    stop = Consent(event.event_key, Channel.SMS, "+14185550100", HAND_OVER.address, stopped=True)
    assert list(answer.consents) == [stop] * (code in SUPPRESSED_CODES)


@pytest.mark.parametrize(
    ("status", "code"), [(401, 20003), (403, 20005), (403, None), (401, None), (404, None), (404, 20404), (307, None)]
)
async def test_an_account_that_is_refused_pauses_the_lane(status: int, code: int | None) -> None:
    answer = await send(Carrier(refusal(status, code)))
    reason = f"Twilio answered HTTP {status}, code {code or 'none'}."
    assert answer == Answer(Verdict.ACCOUNT_REFUSED, reason=reason)


@pytest.mark.parametrize("code", sorted(ACCOUNT_CODES))
async def test_a_wrong_configuration_blames_no_number(code: str) -> None:
    answer = await send(Carrier(refusal(400, code)))
    assert (answer.verdict, answer.event) == (Verdict.ACCOUNT_REFUSED, None)


async def test_an_error_page_of_a_proxy_blames_no_number() -> None:
    answer = await send(Carrier(compose(400, "<html>Bad gateway configuration</html>")))
    assert (answer.verdict, answer.event) == (Verdict.ACCOUNT_REFUSED, None)


@pytest.mark.parametrize(
    "carried", [refusal(400, 21211), refusal(400, 21610), refusal(401, 20003), refusal(500, None), b""]
)
async def test_nothing_personal_reaches_an_answer_or_a_log(caplog: pytest.LogCaptureFixture, carried: bytes) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = await send(Carrier(carried))
    said = f"{answer!r} {caplog.text}"
    for private in ("5550142", "vacuez", "secret-token", "Messages.json"):
        assert private not in said
