"""Every way in which Amazon can refuse an e-mail, and whose fault that is."""

from typing import Any

import httpx2
import pytest
from botocore.session import Session  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from providers.amazon_events_told import CITIZEN, DELIVERY, TAGGED
from providers.amazon_letters import UNVERIFIED, describe, refusal, send
from providers.amazon_stand_in import ACCOUNT, SENDER, compose

from tocsin.events import Answer, Event, Verdict
from tocsin.statuses import DeliveryStatus
from tocsin_providers.amazon_answers import (
    ACCOUNT_CODES,
    MESSAGE_CODES,
    PASSING_CODES,
    VERDICTS_BY_SENTENCE,
    judge,
    read_code,
)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@pytest.mark.parametrize("code", [None, "InternalFailure", "MessageRejected", "TooManyRequestsException"])
async def test_a_server_error_is_unknown_whatever_its_code(status: int, code: str | None) -> None:
    answer = await send(refusal(status, code))
    assert (answer.verdict, answer.event) == (Verdict.UNKNOWN, None)


async def test_too_many_requests_wait_as_long_as_asked() -> None:
    answer = await send(refusal(429, "TooManyRequestsException", Retry_After="7"))
    reason = "Amazon answered HTTP 429, code TooManyRequestsException."
    assert answer == Answer(Verdict.TRY_AGAIN, retry_after=7.0, reason=reason)


@pytest.mark.parametrize(
    "code", [None, *sorted(PASSING_CODES), *(f"{code}Exception" for code in sorted(PASSING_CODES))]
)
async def test_throttling_is_tried_again(code: str | None) -> None:
    assert (await send(refusal(429, code, "Rate exceeded"))).verdict is Verdict.TRY_AGAIN
    if code:
        assert (await send(refusal(400, code, "Rate exceeded"))).verdict is Verdict.TRY_AGAIN


@pytest.mark.parametrize(("sentence", "verdict"), VERDICTS_BY_SENTENCE.items())
@pytest.mark.parametrize(
    "code", ["TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling"]
)
@pytest.mark.parametrize("status", [400, 429])
async def test_a_rate_passes_and_a_days_quota_does_not(status: int, code: str, sentence: str, verdict: Verdict) -> None:
    answer = await send(refusal(status, code, f"{sentence.capitalize()}."))
    assert (answer.verdict, answer.event) == (verdict, None)


@pytest.mark.parametrize(
    "code", ["BadRequestException", "InvalidParameterValue", "MessageRejected", *sorted(MESSAGE_CODES), "Novel"]
)
async def test_an_e_mail_that_is_refused_is_not_sent(code: str) -> None:
    answer = await send(refusal(400, code, "Email address is not well formed"))
    event = Event(
        event_key=f"amazon_ses:{TAGGED}:rest:{code}",
        provider="amazon_ses",
        account=ACCOUNT,
        delivery_id=DELIVERY,
        provider_word="refused",
        status=DeliveryStatus.EMAIL_NOT_SENT,
        error_code=code,
    )
    assert answer == Answer(Verdict.ANSWERED, event, reason=f"Amazon answered HTTP 400, code {code}.")


@pytest.mark.parametrize("code", [*sorted(ACCOUNT_CODES), *(f"{code}Exception" for code in sorted(ACCOUNT_CODES))])
@pytest.mark.parametrize("status", [400, 403])
async def test_an_account_that_is_refused_pauses_the_lane(status: int, code: str) -> None:
    reason = f"Amazon answered HTTP {status}, code {code}."
    assert await send(refusal(status, code)) == Answer(Verdict.ACCOUNT_REFUSED, reason=reason)


@pytest.mark.parametrize(
    ("status", "code"), [(401, None), (403, None), (404, None), (404, "NotFoundException"), (307, None), (403, "Novel")]
)
async def test_a_status_about_the_account_pauses_the_lane(status: int, code: str | None) -> None:
    assert (await send(refusal(status, code))).verdict is Verdict.ACCOUNT_REFUSED


async def test_an_error_page_of_a_proxy_blames_no_address() -> None:
    answer = await send(compose(400, b"<html>Bad gateway configuration</html>"))
    assert (answer.verdict, answer.event) == (Verdict.ACCOUNT_REFUSED, None)


@pytest.mark.parametrize("code", ["MessageRejected", "BadRequestException"])
@pytest.mark.parametrize(
    ("sentence", "ours"),
    [
        (UNVERIFIED + SENDER, True),
        (UNVERIFIED + SENDER.upper(), True),
        (UNVERIFIED + f"{SENDER}, {CITIZEN}", True),
        (UNVERIFIED + "arn:aws:ses:ca-central-1:123456789012:identity/ville.test", True),
        ("Email address is not verified.", True),
        (UNVERIFIED, True),
        (UNVERIFIED + CITIZEN, False),
        (UNVERIFIED + CITIZEN.upper(), False),
        ("Local address contains control or whitespace", False),
    ],
)
async def test_an_identity_of_ours_that_is_not_verified_blames_no_citizen(code: str, sentence: str, ours: bool) -> None:
    answer = await send(refusal(400, code, sentence))
    assert answer.verdict is (Verdict.ACCOUNT_REFUSED if ours else Verdict.ANSWERED)
    assert (answer.event is None) is ours


async def test_an_e_mail_to_ourselves_from_an_address_that_is_not_verified_is_the_accounts_fault() -> None:
    answer = await send(refusal(400, "MessageRejected", UNVERIFIED + SENDER), describe(address=SENDER))
    assert answer.verdict is Verdict.ACCOUNT_REFUSED


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"x-amzn-errortype": "MessageRejected"}, {}, "MessageRejected"),
        ({"x-amzn-errortype": "MessageRejected:http://internal.amazon.com/coral/"}, {}, "MessageRejected"),
        ({}, {"__type": "com.amazonaws.sesv2#MessageRejected"}, "MessageRejected"),
        ({}, {"code": "MessageRejected"}, "MessageRejected"),
        ({}, {"code": 21610}, None),
        ({}, {"__type": ["MessageRejected"]}, None),
        ({"x-amzn-errortype": "é" * 3}, {}, None),
        ({"x-amzn-errortype": "A" * 65}, {}, None),
        ({}, {}, None),
    ],
)
def test_a_code_is_read_wherever_amazon_puts_it(headers: dict[str, str], body: Any, code: str | None) -> None:
    raw = [(name.encode(), value.encode("utf-8")) for name, value in headers.items()]
    assert read_code(httpx2.Response(400, headers=raw, json=body)) == code


@given(
    status=st.integers(300, 599),
    code=st.none()
    | st.sampled_from(sorted(MESSAGE_CODES | ACCOUNT_CODES | PASSING_CODES))
    | st.from_regex("[A-Za-z]{1,20}"),
    sentence=st.sampled_from(["", *VERDICTS_BY_SENTENCE]) | st.text(max_size=20),
)
def test_a_lost_answer_is_never_mistaken_for_one_that_may_be_repeated(
    status: int, code: str | None, sentence: str
) -> None:
    verdict = judge(status, code, sentence)
    if status >= 500:
        assert verdict is Verdict.UNKNOWN
    if verdict is Verdict.TRY_AGAIN:
        passing = (code or "").removesuffix("Exception") in PASSING_CODES
        assert status == 429 or passing or "maximum sending rate exceeded" in sentence


def test_each_code_is_in_one_table_only() -> None:
    assert len(MESSAGE_CODES | ACCOUNT_CODES | PASSING_CODES) == len(MESSAGE_CODES) + len(ACCOUNT_CODES) + len(
        PASSING_CODES
    )


def test_every_error_that_amazon_documents_for_an_e_mail_is_in_a_table() -> None:
    operation = Session().get_service_model("sesv2").operation_model("SendEmail")
    documented = {shape.name.removesuffix("Exception") for shape in operation.error_shapes}
    assert len(documented) >= 8
    assert documented <= MESSAGE_CODES | ACCOUNT_CODES | PASSING_CODES
