"""A subscription is confirmed at the topic's own host with our key, whatever address the request holds, or not at all."""

from urllib.parse import parse_qsl

import pytest
from botocore.serialize import create_serializer  # type: ignore[import-untyped]
from botocore.session import Session  # type: ignore[import-untyped]
from providers.amazon_events_told import tell
from providers.amazon_signing import read_headers, verify
from providers.amazon_stand_in import (
    CERTIFICATE_URL,
    GIVEN,
    ORIGIN,
    PEM,
    REGION,
    TOPIC,
    Amazon,
    compose,
    enclose,
    invite,
    make_certificate,
    open_stage,
    recorded_connections,
    seal,
)
from structlog.testing import capture_logs

from tocsin_providers import amazon_rest
from tocsin_providers.webhook import ForgedWebhook, Report, UnreadableWebhook

SECRET = str(GIVEN["aws_secret_access_key"])
CONFIRMED = b"<ConfirmSubscriptionResponse><ConfirmSubscriptionResult/></ConfirmSubscriptionResponse>"
DENIED = b"<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code></Error></ErrorResponse>"
EVIL = "https://evil.test/?Action=ConfirmSubscription&Token=2336412f37"


def answering(answer: bytes | None) -> Amazon:
    return Amazon({f"GET {PEM}": compose(200, make_certificate()), "POST /": answer})


async def test_a_subscription_is_confirmed_with_our_key() -> None:
    async with open_stage(answering(compose(200, CONFIRMED))) as stage:
        with capture_logs() as logs:
            assert await stage.read(seal(invite())) == Report()
        assert stage.detour.asked == [CERTIFICATE_URL, f"{ORIGIN}/"]
        request = stage.amazon.requests[-1]
        assert verify(request, SECRET, service="sns", region=REGION) == "AKIDEXAMPLE"
        assert read_headers(request.decode("latin-1").partition("\r\n\r\n")[0])["host"] == f"sns.{REGION}.amazonaws.com"
    assert [(line["event"], line["topic"]) for line in logs] == [("subscription confirmed", TOPIC)]


async def test_the_form_is_the_one_that_amazons_own_library_makes() -> None:
    async with open_stage(answering(compose(200, CONFIRMED))) as stage:
        await stage.read(seal(invite()))
        (body,) = stage.amazon.bodies("POST / ")
    form = dict(parse_qsl(body.decode("ascii"), strict_parsing=True))
    assert form["AuthenticateOnUnsubscribe"] == "true"
    model = Session().get_service_model("sns")
    wanted = {name: form[name] for name in ("TopicArn", "Token", "AuthenticateOnUnsubscribe")}
    operation = model.operation_model("ConfirmSubscription")
    assert create_serializer("query").serialize_to_request(wanted, operation)["body"] == form


@pytest.mark.parametrize("url", [EVIL, "http://169.254.169.254/latest", "file:///etc/passwd", "nonsense"])
async def test_the_address_in_the_request_is_never_followed(url: str) -> None:
    async with open_stage(answering(compose(200, CONFIRMED))) as stage:
        with recorded_connections() as connections:
            await stage.read(seal(invite(SubscribeURL=url)))
        assert set(connections) <= {"127.0.0.1", ("127.0.0.1", stage.amazon.port)}
        assert stage.detour.asked == [CERTIFICATE_URL, f"{ORIGIN}/"]


async def test_a_simulators_host_takes_the_place_of_amazons() -> None:
    async with open_stage(answering(compose(200, CONFIRMED)), sns_endpoint_url="http://127.0.0.1:9002") as stage:
        await stage.read(seal(invite()))
    assert stage.detour.asked == [CERTIFICATE_URL, "http://127.0.0.1:9002/"]


async def test_a_temporary_keys_token_goes_with_it_and_is_signed() -> None:
    async with open_stage(answering(compose(200, CONFIRMED)), aws_session_token="a token") as stage:
        await stage.read(seal(invite()))
        request = stage.amazon.requests[-1]
    assert read_headers(request.decode("latin-1").partition("\r\n\r\n")[0])["x-amz-security-token"] == "a token"
    assert b"x-amz-security-token" in request.partition(b"SignedHeaders=")[2]
    verify(request, SECRET, service="sns", region=REGION)


@pytest.mark.parametrize(
    "answer",
    [
        compose(403, DENIED), compose(400, DENIED), compose(404), compose(429), compose(500), compose(503, b"<html>"),
        compose(302, Location=EVIL), compose(307, Location=EVIL), b"", b"nonsense\r\n\r\n",
    ],
    ids=lambda answer: answer[:20].decode(),
)  # fmt: skip
async def test_what_cannot_be_confirmed_now_makes_amazon_ask_again(answer: bytes) -> None:
    async with open_stage(answering(answer)) as stage:
        with recorded_connections() as connections, pytest.raises(UnreadableWebhook) as refused:
            await stage.read(seal(invite()))
        assert refused.value.status == 503
        assert stage.detour.asked == [CERTIFICATE_URL, f"{ORIGIN}/"]
        assert set(connections) <= {"127.0.0.1", ("127.0.0.1", stage.amazon.port)}


async def test_a_refusal_is_told_with_amazons_code() -> None:
    async with open_stage(answering(compose(403, DENIED))) as stage:
        with capture_logs() as logs, pytest.raises(UnreadableWebhook):
            await stage.read(seal(invite()))
    (line,) = logs
    assert (line["log_level"], line["topic"], line["status"], line["code"]) == (
        "error",
        TOPIC,
        403,
        "AuthorizationError",
    )


async def test_no_answer_in_time_makes_amazon_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amazon_rest, "DEADLINE", 0.1)
    async with open_stage(answering(None)) as stage:
        with pytest.raises(UnreadableWebhook):
            await stage.read(seal(invite()))


async def test_asked_twice_it_is_confirmed_twice_which_changes_nothing() -> None:
    async with open_stage(answering(compose(200, CONFIRMED))) as stage:
        await stage.read(seal(invite()))
        await stage.read(seal(invite()))
        assert len(stage.amazon.bodies("POST / ")) == 2


async def test_without_a_signature_that_fits_nothing_is_confirmed() -> None:
    async with open_stage(answering(compose(200, CONFIRMED))) as stage:
        for forged in (seal(invite()) | {"Token": "another"}, seal(invite()) | {"SubscribeURL": EVIL}):
            with pytest.raises(ForgedWebhook):
                await stage.read(forged)
        assert stage.detour.asked == [CERTIFICATE_URL]


async def test_a_notification_that_calls_itself_a_subscription_confirms_nothing() -> None:
    sealed = seal(enclose(tell("Send")))
    async with open_stage(answering(compose(200, CONFIRMED))) as stage:
        with pytest.raises(ForgedWebhook):
            await stage.read({**sealed, "Type": "SubscriptionConfirmation", "Token": "x", "SubscribeURL": EVIL})
        assert stage.amazon.bodies("POST") == []


async def test_the_end_of_a_subscription_is_told_loudly_and_not_undone() -> None:
    async with open_stage(answering(compose(200, CONFIRMED))) as stage:
        with capture_logs() as logs:
            assert await stage.read(seal(invite("UnsubscribeConfirmation"))) == Report()
        assert stage.amazon.bodies("POST") == []
    assert [(line["log_level"], line["topic"]) for line in logs] == [("error", TOPIC)]


async def test_neither_token_nor_address_reaches_a_log() -> None:
    async with open_stage(answering(compose(403, DENIED))) as stage:
        with capture_logs() as logs, pytest.raises(UnreadableWebhook) as refused:
            await stage.read(seal(invite()))
    assert "2336412f37" not in f"{logs} {refused.value}"
