"""SES over REST: sending, and each refusal by its name, as Amazon's own client understands them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from carriers.mail.amazon_words import KEY_ID, SECRET, open_amazon
from carriers.mail.conftest import compose

from tocsin_carriers.knobs import EMAIL_REFUSALS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from carriers.mail.conftest import Mail

    OpenMail = Callable[..., Awaitable[Mail]]

ACCOUNT = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
CITIZEN = "delivered@exemple.test"


async def send_by_client(mail: Mail, **account: str) -> dict[str, Any]:
    client = open_amazon("sesv2", mail.url, **account)
    answer: dict[str, Any] = await asyncio.to_thread(lambda: client.send_email(**compose(CITIZEN)))
    return answer


async def test_amazons_client_sends_an_e_mail_with_a_signature_that_is_computed(open_mail: OpenMail) -> None:
    mail = await open_mail(ACCOUNT)
    answer = await send_by_client(mail)
    await mail.settle()
    (line,) = await mail.emails()
    assert line["sid"] == answer["MessageId"]
    assert (line["answered"], line["answer"], line["delivery"]) == (True, "delivered", "delivery-01JDAB3K")


@pytest.mark.parametrize(
    ("account", "name"),
    [
        ({"secret": "another"}, "InvalidSignatureException"),
        ({"region": "us-east-1"}, "InvalidSignatureException"),
    ],
)
async def test_amazons_client_is_refused_with_another_secret_or_region(
    open_mail: OpenMail, account: dict[str, str], name: str
) -> None:
    mail = await open_mail(ACCOUNT)
    with pytest.raises(ClientError) as raised:
        await send_by_client(mail, **account)
    assert (raised.value.response["Error"]["Code"], await mail.emails()) == (name, [])


async def test_an_unknown_key_is_refused(open_mail: OpenMail) -> None:
    mail = await open_mail({"aws_access_key_id": "AKIDOTHER"}, confirming="later")
    answer = await mail.send(CITIZEN)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, "UnrecognizedClientException")


@pytest.mark.parametrize("refusal", [refusal for refusal in EMAIL_REFUSALS if refusal != "none"])
async def test_amazons_client_knows_every_refusal_by_name(open_mail: OpenMail, refusal: str) -> None:
    mail = await open_mail(email_refusal=refusal)
    with pytest.raises(ClientError) as raised:
        await send_by_client(mail)
    error = raised.value.response
    assert error["Error"]["Code"] == refusal
    assert error["Error"]["Message"]
    assert error["ResponseMetadata"]["HTTPStatusCode"] == (429 if refusal == "TooManyRequestsException" else 400)
    state = await mail.settle()
    assert (state["messages"], state["refused"]) == (0, {refusal: 1})


async def test_what_the_client_may_answer_is_all_in_the_table(mail: Mail) -> None:
    operation = open_amazon("sesv2", mail.url).meta.service_model.operation_model("SendEmail")
    assert {shape.name for shape in operation.error_shapes} == {*EMAIL_REFUSALS, "NotFoundException"} - {"none"}


async def test_too_many_requests_come_in_bursts_and_say_why(open_mail: OpenMail) -> None:
    mail = await open_mail(rejected_429=1.0, rejected_429_burst=3)
    refused = await mail.send(CITIZEN)
    assert (refused.status_code, refused.headers["x-amzn-errortype"]) == (429, "TooManyRequestsException")
    assert refused.json()["message"] == "Maximum sending rate exceeded."
    await mail.simulation.turn(rejected_429=0.0)
    assert [(await mail.send(CITIZEN)).status_code for _ in range(4)] == [429, 429, 200, 200]


SIMPLE: dict[str, Any] = {"Subject": {"Data": "Avis"}, "Body": {"Html": {"Data": "<p>Avis</p>"}}}


@pytest.mark.parametrize(
    "changes",
    [
        {"FromEmailAddress": None},
        {"FromEmailAddress": "nobody"},
        {"ConfigurationSetName": None},
        {"EmailTags": None},
        {"EmailTags": []},
        {"EmailTags": [{"Name": "delivery", "Value": "a b"}]},
        {"EmailTags": [{"Name": "delivery", "Value": "é"}]},
        {"EmailTags": [{"Name": "delivery", "Value": "a" * 257}]},
        {"EmailTags": [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}]},
        {"EmailTags": [{"Name": f"n{number}", "Value": "1"} for number in range(51)]},
        {"EmailTags": ["delivery"]},
        {"Destination": None},
        {"Destination": {"ToAddresses": []}},
        {"Destination": {"ToAddresses": ["a@exemple.test", "b@exemple.test"]}},
        {"Destination": {"ToAddresses": ["a@exemple.test"], "BccAddresses": ["b@exemple.test"]}},
        {"Destination": {"ToAddresses": ["a"]}},
        {"Destination": {"ToAddresses": ["a@forêt.test"]}},
        {"Destination": {"ToAddresses": ["a b@exemple.test"]}},
        {"Content": None},
        {"Content": {"Raw": {"Data": "QQ=="}}},
        {"Content": {"Template": {"TemplateName": "avis"}}},
        {"Content": {"Simple": SIMPLE | {"Subject": {"Data": ""}}}},
        {"Content": {"Simple": SIMPLE | {"Body": {}}}},
        {"Content": {"Simple": SIMPLE | {"Body": {"Text": {"Data": ""}}}}},
        {"Content": {"Simple": SIMPLE | {"Headers": [{"Name": "X-A"}]}}},
    ],
    ids=str,
)
async def test_a_request_that_makes_no_sense_is_refused_and_leaves_no_e_mail(
    mail: Mail, changes: dict[str, Any]
) -> None:
    answer = await mail.send("a@exemple.test", **changes)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "BadRequestException")
    assert answer.json()["message"]
    assert await mail.emails() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"a"', b"\xff"])
async def test_a_body_that_is_no_object_is_refused(mail: Mail, body: bytes) -> None:
    answer = await mail.post(body)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "BadRequestException")


async def test_the_richest_request_is_taken(mail: Mail) -> None:
    content = {"Simple": SIMPLE | {"Headers": [{"Name": "X-Ville", "Value": "Sainte-Rive"}]}}
    tags = [{"Name": f"n{number}", "Value": "1"} for number in range(50)]
    answer = await mail.send("Aline <a+b@exemple.test>", Content=content, EmailTags=tags)
    assert (answer.status_code, sorted(answer.json())) == (200, ["MessageId"])
    await mail.settle()
    assert (await mail.emails())[0]["delivery"] is None
    assert {"name": "X-Ville", "value": "Sainte-Rive"} in mail.subscriber.events[0].event["mail"]["headers"]


async def test_a_configuration_set_that_is_not_there_is_not_found(open_mail: OpenMail) -> None:
    mail = await open_mail({"configuration_sets": frozenset({"alertes"})})
    assert (await mail.send(CITIZEN)).status_code == 200
    answer = await mail.send(CITIZEN, ConfigurationSetName="autres")
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (404, "NotFoundException")
    assert "autres" in answer.json()["message"]


@pytest.mark.parametrize("sender", ["alertes@ville.test", "ville.test"])
async def test_only_verified_senders_may_send(open_mail: OpenMail, sender: str) -> None:
    mail = await open_mail({"email_senders": frozenset({sender})})
    assert (await mail.send(CITIZEN)).status_code == 200
    answer = await mail.send(CITIZEN, FromEmailAddress="alertes@autre.test")
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "MessageRejected")
    assert "not verified" in answer.json()["message"]


async def test_a_full_ledger_refuses_and_says_what_to_do(open_mail: OpenMail) -> None:
    mail = await open_mail({"ledger_limit": 3})
    assert [(await mail.send(CITIZEN)).status_code for _ in range(2)] == [200, 503]
    answer = await mail.send(CITIZEN)
    assert answer.headers["x-amzn-errortype"] == "ServiceUnavailableException"
    assert "reset" in answer.json()["message"]
    assert (await mail.order("subscribe", url=mail.subscriber.url))["http"] == 400
    await mail.settle()
    await mail.client.post(f"{mail.url}/simulator/reset")
    assert (await mail.send(CITIZEN)).status_code == 200


async def test_every_e_mail_has_an_id_of_its_own_and_every_answer_a_request_id(mail: Mail) -> None:
    answers = [await mail.send(CITIZEN) for _ in range(3)]
    ids = {answer.json()["MessageId"] for answer in answers} | {
        answer.headers["x-amzn-requestid"] for answer in answers
    }
    assert len(ids) == 6
    assert json.loads(answers[0].content)["MessageId"].endswith("-000000")
