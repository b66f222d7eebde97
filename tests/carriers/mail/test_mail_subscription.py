"""The handshake: invitation, confirmation by API or by following a URL, waiting, welcome and farewell."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from carriers.mail.amazon_words import KEY_ID, SECRET, TOPIC, open_amazon, sign_with_botocore
from carriers.mail.conftest import confirm, subscribing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from carriers.conftest import OpenSimulation
    from carriers.mail.conftest import Mail

    OpenMail = Callable[..., Awaitable[Mail]]

WELCOME = "Successfully validated SNS topic for Amazon SES event publishing."
ACCOUNT = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}


async def invite(mail: Mail) -> dict[str, str]:
    """The fields of an invitation that nobody has confirmed yet."""
    told = await mail.subscribe("none")
    assert (told["state"], told["subscription"]) == ("acknowledged", "pending")
    return mail.subscriber.of_type("SubscriptionConfirmation")[-1].fields


async def test_an_invitation_says_how_to_confirm_and_names_no_subscription_yet(open_mail: OpenMail) -> None:
    mail = await open_mail(confirming="later")
    fields = await invite(mail)
    headers = mail.subscriber.received[0].headers
    assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert "x-amz-sns-subscription-arn" not in headers
    assert {"Subject", "UnsubscribeURL"}.isdisjoint(fields)
    assert TOPIC in fields["Message"]
    url = urlsplit(fields["SubscribeURL"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{mail.url}/"
    assert parse_qs(url.query) == {
        "Action": ["ConfirmSubscription"],
        "TopicArn": [TOPIC],
        "Token": [fields["Token"]],
    }


async def test_amazons_client_confirms_and_is_welcomed_in_plain_text(open_mail: OpenMail) -> None:
    mail = await open_mail(ACCOUNT, confirming="later")
    fields = await invite(mail)
    client = open_amazon("sns", mail.url)
    answer = await asyncio.to_thread(
        lambda: client.confirm_subscription(
            TopicArn=fields["TopicArn"], Token=fields["Token"], AuthenticateOnUnsubscribe="true"
        )
    )
    await mail.settle()
    state = await mail.subscription()
    assert (state["state"], state["subscriptionArn"]) == ("confirmed", answer["SubscriptionArn"])
    assert (state["confirmedByApi"], state["confirmedByUrl"], state["authenticateOnUnsubscribe"]) == (1, 0, True)
    (welcome,) = mail.subscriber.of_type("Notification")
    assert welcome.fields["Message"] == WELCOME
    assert "Subject" not in welcome.fields


async def test_the_answer_to_a_confirmation_is_amazons_xml(open_mail: OpenMail) -> None:
    mail = await open_mail(confirming="later")
    fields = await invite(mail)
    answer = await confirm(mail.client, mail.url, fields)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    root = ElementTree.fromstring(answer.content)
    namespace = "{http://sns.amazonaws.com/doc/2010-03-31/}"
    assert root.tag == f"{namespace}ConfirmSubscriptionResponse"
    arn = root.findtext(f"{namespace}ConfirmSubscriptionResult/{namespace}SubscriptionArn")
    assert arn == (await mail.subscription())["subscriptionArn"]
    assert root.findtext(f"{namespace}ResponseMetadata/{namespace}RequestId")


async def test_the_api_may_be_asked_by_get_too_and_that_is_no_following_of_the_url(open_mail: OpenMail) -> None:
    mail = await open_mail(ACCOUNT, confirming="later")
    fields = await invite(mail)
    form = {"Action": "ConfirmSubscription", "TopicArn": TOPIC, "Token": fields["Token"]}
    url = f"{mail.url}/?{urlencode(form | {'AuthenticateOnUnsubscribe': 'true'})}"
    headers = sign_with_botocore("GET", url, {}, b"", service="sns")
    assert (await mail.client.get(url, headers=headers)).status_code == 200
    state = await mail.subscription()
    assert (state["confirmedByApi"], state["confirmedByUrl"], state["authenticateOnUnsubscribe"]) == (1, 0, True)


async def test_following_the_subscribe_url_works_and_is_seen(open_mail: OpenMail) -> None:
    mail = await open_mail(confirming="url")
    state = await mail.subscription()
    assert (state["state"], state["confirmedByUrl"], state["confirmedByApi"]) == ("confirmed", 1, 0)
    assert state["authenticateOnUnsubscribe"] is False


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"Token": "0" * 128}, 400, "InvalidParameter"),
        ({"Token": None}, 400, "InvalidParameter"),
        ({"TopicArn": "arn:aws:sns:ca-central-1:123456789012:other"}, 404, "NotFound"),
        ({"Action": "Publish"}, 400, "InvalidAction"),
        ({"Action": None}, 400, "InvalidAction"),
    ],
    ids=str,
)
async def test_a_confirmation_that_makes_no_sense_is_refused_in_amazons_xml(
    open_mail: OpenMail, changes: dict[str, str | None], status: int, code: str
) -> None:
    mail = await open_mail(confirming="later")
    answer = await confirm(mail.client, mail.url, await invite(mail), **changes)
    assert answer.status_code == status
    namespace = "{http://sns.amazonaws.com/doc/2010-03-31/}"
    assert ElementTree.fromstring(answer.content).findtext(f"{namespace}Error/{namespace}Code") == code
    assert (await mail.subscription())["state"] == "pending"


async def test_amazons_client_knows_the_refusal_of_a_token(open_mail: OpenMail) -> None:
    mail = await open_mail(confirming="later")
    client = open_amazon("sns", mail.url)
    with pytest.raises(ClientError) as raised:
        await asyncio.to_thread(lambda: client.confirm_subscription(TopicArn=TOPIC, Token="0"))
    assert raised.value.response["Error"]["Code"] == "InvalidParameter"


async def test_protecting_a_subscription_needs_a_signature_and_plain_confirming_does_not(open_mail: OpenMail) -> None:
    mail = await open_mail(ACCOUNT, confirming="later")
    fields = await invite(mail)
    form = {"Action": "ConfirmSubscription", "TopicArn": TOPIC, "Token": fields["Token"]}
    refused = await mail.client.post(f"{mail.url}/", data=form | {"AuthenticateOnUnsubscribe": "true"})
    assert refused.status_code == 403
    assert "MissingAuthenticationToken<" in refused.text
    assert (await mail.subscription())["state"] == "pending"
    assert (await mail.client.post(f"{mail.url}/", data=form)).status_code == 200
    state = await mail.subscription()
    assert (state["confirmedByApi"], state["confirmedByUrl"]) == (1, 0)


async def test_events_wait_for_the_confirmation_and_come_after_it(open_mail: OpenMail) -> None:
    mail = await open_mail(confirming="later")
    await mail.send_to("delivered@exemple.test", "bounce@exemple.test")
    await mail.until(lambda state: state["waiting"] == 4)
    assert mail.subscriber.received == []
    await mail.subscribe()
    state = await mail.settle()
    assert sorted(mail.subscriber.words()) == ["Bounce:Permanent:General", "Delivery", "Send", "Send"]
    assert ((await mail.subscription())["waiting"], state["lost"]) == (0, 0)


async def test_only_so_many_events_wait_and_the_others_are_lost(open_mail: OpenMail) -> None:
    mail = await open_mail({"waiting_limit": 3}, confirming="later")
    await mail.send_to(*(f"delivered+{number}@exemple.test" for number in range(4)))
    await mail.until(lambda state: state["lost"] == 5)
    await mail.subscribe()
    state = await mail.settle()
    assert (len(mail.subscriber.events), state["lost"]) == (3, 5)
    assert sum(len(line["lostWords"]) for line in await mail.emails()) == 5


async def test_a_reset_forgets_what_waits_and_keeps_the_subscription(open_mail: OpenMail) -> None:
    mail = await open_mail(confirming="later")
    await mail.send_to("never@exemple.test")
    await mail.until(lambda state: state["waiting"] == 1)
    await mail.subscribe("none")
    await mail.client.post(f"{mail.url}/simulator/reset")
    state = await mail.subscription()
    assert (state["waiting"], state["state"]) == (0, "pending")


async def test_a_farewell_is_said_and_events_wait_again_until_it_is_taken_back(mail: Mail) -> None:
    told = await mail.order("unsubscribe")
    assert (told["word"], told["state"], told["subscription"]) == ("UnsubscribeConfirmation", "acknowledged", "none")
    (farewell,) = mail.subscriber.of_type("UnsubscribeConfirmation")
    assert "x-amz-sns-subscription-arn" in farewell.headers
    await mail.send_to("never@exemple.test")
    await mail.until(lambda state: state["waiting"] == 1)
    assert mail.subscriber.events == []
    await confirm(mail.client, mail.url, farewell.fields)
    await mail.settle()
    assert mail.subscriber.words() == ["Send"]


async def test_confirming_twice_is_as_good_as_once(mail: Mail) -> None:
    fields = mail.subscriber.of_type("SubscriptionConfirmation")[0].fields
    again = await confirm(mail.client, mail.url, fields)
    await mail.settle()
    assert again.status_code == 200
    assert (await mail.subscription())["confirmedByApi"] == 2
    assert len(mail.subscriber.of_type("Notification")) == 1


async def test_a_handshake_is_in_the_ledger_apart_from_e_mails(mail: Mail) -> None:
    state = await mail.settle()
    assert (state["messages"], state["handshakes"], state["sent"]) == (0, 2, 2)
    lines = await mail.simulation.ledger()
    assert [(line["carrier"], line["direction"], line["delivery"]) for line in lines] == [
        ("amazon_sns", "handshake", None),
        ("amazon_sns", "handshake", None),
    ]


async def test_whoever_is_named_at_the_start_is_invited_at_once(open_simulation: OpenSimulation) -> None:
    async with subscribing() as subscriber:
        await open_simulation({"events_url": subscriber.url})
        await subscriber.until(lambda: subscriber.of_type("SubscriptionConfirmation"))


@pytest.mark.parametrize("order", [{}, {"url": "https://exemple.test/"}, {"url": "x"}, {"address": "x"}])
async def test_a_subscription_that_cannot_be_is_refused(mail: Mail, order: dict[str, str]) -> None:
    told = await mail.order("subscribe", **order)
    assert told["http"] == 400
    assert told["error"]
    assert (await mail.subscription())["state"] == "confirmed"


async def test_nobody_can_be_unsubscribed_or_deceived_who_is_not_there(open_mail: OpenMail) -> None:
    mail = await open_mail(confirming="later")
    await mail.send_to("never@exemple.test")
    for name, order in (
        ("unsubscribe", {}),
        ("forge", {"kind": "wrong_key"}),
        ("forge", {"kind": "foreign_topic", "type": "SubscriptionConfirmation"}),
    ):
        assert (await mail.order(name, **order))["http"] == 400
