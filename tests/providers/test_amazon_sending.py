"""How an e-mail is handed to Amazon, and every way in which it can be taken or lost, said by a server on a socket."""

import asyncio
import json
import logging
import socket
import sys
from datetime import UTC, datetime, timedelta
from subprocess import run

import httpx2
import pytest
from botocore.serialize import create_serializer  # type: ignore[import-untyped]
from botocore.session import Session  # type: ignore[import-untyped]
from botocore.validate import ParamValidator  # type: ignore[import-untyped]
from providers.amazon_events_told import CARRIER_ID, CITIZEN, DELIVERY, TAGGED
from providers.amazon_letters import (
    HAND_OVER,
    POST,
    SECRET,
    TAKEN,
    TEXT,
    UNVERIFIED,
    describe,
    hand,
    post,
    refusal,
    send,
)
from providers.amazon_signing import read_headers, verify
from providers.amazon_stand_in import ACCOUNT, NOW, REGION, SENDER, Amazon, compose, configure, listen

from tocsin.events import Answer, Certainty, Event, Inquiry, Verdict
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel, Locale
from tocsin_providers import amazon_rest
from tocsin_providers.amazon_ses import AmazonSes


async def test_an_e_mail_is_posted_as_amazon_wants_it() -> None:
    head, _, body = (await post()).partition(b"\r\n\r\n")
    assert head.startswith(POST.encode() + b" HTTP/1.1\r\n")
    assert read_headers(head.decode("latin-1"))["content-type"] == "application/json"
    told = json.loads(body)
    page = told["Content"]["Simple"]["Body"].pop("Html")
    assert told == {
        "FromEmailAddress": SENDER,
        "Destination": {"ToAddresses": [CITIZEN]},
        "Content": {
            "Simple": {
                "Subject": {"Data": "Crue : évacuation", "Charset": "UTF-8"},
                "Body": {"Text": {"Data": TEXT, "Charset": "UTF-8"}},
            }
        },
        "ConfigurationSetName": "alertes",
        "EmailTags": [{"Name": "delivery", "Value": TAGGED}],
    }
    assert page["Charset"] == "UTF-8"
    assert "<script>" not in page["Data"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>\nMaintenant 🚨</p>" in page["Data"]
    assert "zone A &amp; B.<br>" in page["Data"]


@pytest.mark.parametrize("locale", Locale)
async def test_the_page_names_its_language(locale: Locale) -> None:
    told = json.loads((await post(describe(locale=locale))).partition(b"\r\n\r\n")[2])
    assert f'<html lang="{locale.value.lower()}">' in told["Content"]["Simple"]["Body"]["Html"]["Data"]


async def test_amazons_own_library_finds_nothing_wrong_with_it() -> None:
    head, _, body = (await post()).partition(b"\r\n\r\n")
    told = json.loads(body)
    operation = Session().get_service_model("sesv2").operation_model("SendEmail")
    assert ParamValidator().validate(told, operation.input_shape).generate_report() == ""
    made = create_serializer("rest-json").serialize_to_request(told, operation)
    assert json.loads(made["body"]) == told
    assert head.startswith(f"{made['method']} {made['url_path']} ".encode())


@pytest.mark.parametrize("token", [None, "the token of a temporary key"])
async def test_an_e_mail_is_signed_for_the_service_and_region(token: str | None) -> None:
    request = await post(aws_session_token=token)
    assert verify(request, SECRET, service="ses", region=REGION) == "AKIDEXAMPLE"
    headers = read_headers(request.decode("latin-1").partition("\r\n\r\n")[0])
    assert headers.get("x-amz-security-token") == token
    moment = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=2)


async def test_an_endpoint_may_have_a_path_of_its_own() -> None:
    amazon = Amazon({f"{POST[:5]}/simulated{POST[5:]}": TAKEN})
    async with listen(amazon), httpx2.AsyncClient(trust_env=False) as client:
        settings = configure(ses_endpoint_url=f"{amazon.url}/simulated/")
        answer = await AmazonSes(settings, client).send(HAND_OVER, NOW)
    assert answer.verdict is Verdict.ANSWERED
    verify(amazon.requests[0], SECRET, service="ses", region=REGION)


async def test_without_an_endpoint_it_goes_to_amazons_own_for_the_region() -> None:
    asked: list[str] = []

    def note(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(200, json={"MessageId": CARRIER_ID})

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(note)) as client:
        await AmazonSes(configure(), client).send(HAND_OVER, NOW)
    assert asked == ["https://email.ca-central-1.amazonaws.com/v2/email/outbound-emails"]


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("lise@québec.test", "lise@xn--qubec-csa.test"),
        ("lise@QUÉBEC.test", "lise@xn--qubec-csa.test"),
        ("lise@exemple.test", "lise@exemple.test"),
        ("lise@Exemple_2.test", "lise@Exemple_2.test"),
        ('"a@b"@québec.test', '"a@b"@xn--qubec-csa.test'),
        ("lise@é..test", "lise@é..test"),
        ("nobody", "nobody"),
        ("é", "é"),
    ],
)
async def test_a_domain_is_written_in_ascii_and_what_has_no_such_form_is_left_to_amazon(
    address: str, written: str
) -> None:
    told = json.loads((await post(describe(address=address))).partition(b"\r\n\r\n")[2])
    assert told["Destination"]["ToAddresses"] == [written]


async def test_an_e_mail_that_was_taken_is_sent() -> None:
    event = Event(
        event_key=f"amazon_ses:{CARRIER_ID}:rest:accepted",
        provider="amazon_ses",
        account=ACCOUNT,
        delivery_id=DELIVERY,
        provider_word="accepted",
        status=DeliveryStatus.EMAIL_SENT,
        carrier_id=CARRIER_ID,
    )
    assert await send(TAKEN) == Answer(Verdict.ANSWERED, event)


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "[" * 5000, "null", [], {}, {"MessageId": None}, {"MessageId": ""}, {"MessageId": "a b"},
     {"MessageId": "x" * 81}, {"MessageId": ["x"]}, {"MessageId": True}, {"MessageId": "\x00"}, {"messageid": CARRIER_ID}],
    ids=lambda body: repr(body)[:40],
)  # fmt: skip
async def test_a_success_without_an_id_is_unknown(body: object) -> None:
    answer = await send(compose(200, body.encode() if isinstance(body, str) else body))
    assert (answer.verdict, answer.event) == (Verdict.UNKNOWN, None)


async def test_a_connection_closed_after_reading_is_unknown() -> None:
    assert await send(b"") == Answer(Verdict.UNKNOWN, reason="Amazon's answer was lost (RemoteProtocolError).")


async def test_half_an_answer_is_unknown() -> None:
    assert (await send(TAKEN[:-5])).verdict is Verdict.UNKNOWN


async def test_no_answer_in_time_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amazon_rest, "TIMEOUT", httpx2.Timeout(0.1))
    assert await send(None) == Answer(Verdict.UNKNOWN, reason="Amazon's answer was lost (ReadTimeout).")


async def test_an_answer_that_never_ends_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amazon_rest, "DEADLINE", 0.1)
    assert await send(None) == Answer(Verdict.UNKNOWN, reason="Amazon's answer was lost (TimeoutError).")


async def test_nobody_listening_is_tried_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await AmazonSes(configure(ses_endpoint_url=url), client).send(HAND_OVER, NOW)
    assert answer == Answer(Verdict.TRY_AGAIN, reason="Amazon could not be reached (ConnectError).")


async def test_a_server_without_tls_is_tried_again_since_nothing_was_sent() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"no TLS here")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, httpx2.AsyncClient(trust_env=False) as client:
        answer = await AmazonSes(configure(ses_endpoint_url=url), client).send(HAND_OVER, NOW)
    assert answer == Answer(Verdict.TRY_AGAIN, reason="Amazon could not be reached (ConnectError).")


async def test_an_e_mail_cannot_be_asked_about_nor_called_back() -> None:
    async with httpx2.AsyncClient() as client:
        ses = AmazonSes(configure(), client)
        inquiry = Inquiry(HAND_OVER, NOW, frozenset())
        assert (await ses.look_up(inquiry, NOW)).certainty is Certainty.UNKNOWABLE
        assert await ses.fetch(HAND_OVER, CARRIER_ID) == []
        assert await ses.withdraw(CARRIER_ID) is False
    assert (ses.name, ses.channel, ses.account, ses.sender) == ("amazon_ses", Channel.EMAIL, ACCOUNT, SENDER)


@pytest.mark.parametrize(
    "answer",
    [TAKEN, refusal(400, "MessageRejected", UNVERIFIED + CITIZEN), refusal(403, "AccessDenied"), compose(500), b""],
)
async def test_nothing_personal_and_no_key_reaches_an_answer_or_a_log(
    caplog: pytest.LogCaptureFixture, answer: bytes
) -> None:
    with caplog.at_level(logging.DEBUG):
        amazon = Amazon({POST: answer})
        said = f"{await hand(amazon, aws_session_token='a-session-token')!r} {caplog.text}"
    for private in ("tremblay", "exemple.test", "vacu", "a-session-token", SECRET):
        assert private not in said


def test_botocore_is_loaded_only_where_e_mail_is_set_up() -> None:
    program = "import sys, tocsin_server.services; sys.exit('botocore' in sys.modules)"
    assert run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
