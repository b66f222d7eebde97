"""The topic's messages as they arrive: form, headers, signature by Amazon's documentation, and each forgery."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from carriers.mail.amazon_words import TOPIC, is_signed
from cryptography.x509 import load_pem_x509_certificate

from tocsin_carriers.sns_envelope import FORGERIES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from carriers.mail.conftest import Delivered, Mail

    OpenMail = Callable[..., Awaitable[Mail]]

NOTIFICATION = [
    "Type",
    "MessageId",
    "TopicArn",
    "Subject",
    "Message",
    "Timestamp",
    "SignatureVersion",
    "Signature",
    "SigningCertURL",
    "UnsubscribeURL",
]


async def fetch_certificate(mail: Mail, fields: dict[str, str]) -> bytes:
    answer = await mail.client.get(fields["SigningCertURL"])
    assert answer.status_code == 200
    return answer.content


async def tell_one(mail: Mail) -> Delivered:
    await mail.send_to("never@exemple.test")
    await mail.settle()
    return mail.subscriber.events[0]


def age_of(delivered: Delivered) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(delivered.fields["Timestamp"])


async def test_an_event_is_posted_as_plain_text_with_amazons_headers_and_fields(mail: Mail) -> None:
    delivered = await tell_one(mail)
    headers, fields = delivered.headers, delivered.fields
    assert headers["content-type"] == "text/plain; charset=UTF-8"
    assert headers["user-agent"] == "Amazon Simple Notification Service Agent"
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert (headers["x-amz-sns-message-id"], headers["x-amz-sns-topic-arn"]) == (fields["MessageId"], TOPIC)
    assert headers["x-amz-sns-subscription-arn"].startswith(f"{TOPIC}:")
    assert list(fields) == NOTIFICATION
    assert all(isinstance(value, str) for value in fields.values())
    assert (fields["Type"], fields["TopicArn"], fields["SignatureVersion"]) == ("Notification", TOPIC, "2")
    assert len(fields["MessageId"]) == 36
    assert len(fields["Timestamp"]) == len("2026-11-23T22:41:09.120Z")
    assert abs(age_of(delivered)) < timedelta(minutes=1)
    assert headers["x-amz-sns-subscription-arn"] in fields["UnsubscribeURL"]


async def test_every_type_of_message_is_signed_as_documented_and_no_change_is(mail: Mail) -> None:
    await tell_one(mail)
    await mail.order("unsubscribe")
    types = {delivered.fields["Type"] for delivered in mail.subscriber.received}
    assert types == {"Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"}
    welcome = [d for d in mail.subscriber.received if d.fields["Type"] == "Notification" and not d.is_event]
    assert "Subject" not in welcome[0].fields
    for delivered in mail.subscriber.received:
        fields = delivered.fields
        pem = await fetch_certificate(mail, fields)
        assert is_signed(fields, pem)
        for name in set(fields) - {"Signature", "SignatureVersion", "SigningCertURL", "UnsubscribeURL", "Type"}:
            assert not is_signed(fields | {name: fields[name] + "x"}, pem), name


async def test_the_certificate_is_its_own_an_rsa_key_of_2048_bits_and_valid_today(mail: Mail) -> None:
    delivered = await tell_one(mail)
    url = urlsplit(delivered.fields["SigningCertURL"])
    assert f"{url.scheme}://{url.netloc}" == mail.url
    assert url.path.startswith("/SimpleNotificationService-")
    assert url.path.endswith(".pem")
    certificate = load_pem_x509_certificate(await fetch_certificate(mail, delivered.fields))
    assert certificate.public_key().key_size == 2048  # type: ignore[union-attr]
    assert certificate.not_valid_before_utc < datetime.now(UTC) < certificate.not_valid_after_utc
    assert (await mail.subscription())["certificateFetches"] == {"own": 1, "foreign": 0}
    missing = await mail.client.get(f"{mail.url}/SimpleNotificationService-0123.pem")
    assert missing.status_code == 404


async def test_accents_and_quotes_survive_the_text_within_the_text(mail: Mail) -> None:
    await mail.send("never@exemple.test", FromEmailAddress='"Sécurité « civile » \\o/" <alertes@ville.test>')
    await mail.settle()
    (delivered,) = mail.subscriber.events
    assert delivered.event["mail"]["source"] == '"Sécurité « civile » \\o/" <alertes@ville.test>'
    assert "Crue à Sainte-Rive".encode() in delivered.body
    assert is_signed(delivered.fields, await fetch_certificate(mail, delivered.fields))


# what each forgery gets wrong, and what it must get right so that nothing else gives it away
def test_every_forgery_is_described_here() -> None:
    assert set(FORGERIES) == {
        "wrong_key",
        "signature_version_1",
        "foreign_topic",
        "foreign_certificate",
        "old_timestamp",
    }


async def forge(mail: Mail, kind: str, **fields: str) -> tuple[Delivered, dict[str, Any]]:
    told = await mail.order("forge", kind=kind, **fields)
    assert told["http"] == 200, told
    return mail.subscriber.received[-1], told


@pytest.mark.parametrize("kind", FORGERIES)
async def test_a_forgery_is_wrong_in_one_thing_and_says_the_contrary(mail: Mail, kind: str) -> None:
    genuine = await tell_one(mail)
    mail.subscriber.statuses = [403]
    forged, told = await forge(mail, kind)
    assert (told["state"], told["statuses"], told["word"]) == ("lost", [403], "Complaint:abuse")
    assert len(mail.subscriber.events) == 2
    assert forged.event["mail"]["messageId"] == genuine.event["mail"]["messageId"]
    fields, own = forged.fields, genuine.fields
    pem, own_pem = await fetch_certificate(mail, fields), await fetch_certificate(mail, own)
    found = {
        "wrong_key": not is_signed(fields, pem) and pem == own_pem,
        "signature_version_1": is_signed(fields, own_pem) and fields["SignatureVersion"] == "1",
        "foreign_topic": is_signed(fields, own_pem) and fields["TopicArn"] != TOPIC,
        "foreign_certificate": is_signed(fields, pem) and pem != own_pem and not is_signed(fields, own_pem),
        "old_timestamp": is_signed(fields, own_pem) and age_of(forged) > timedelta(minutes=75),
    }
    assert [name for name, is_it in found.items() if is_it] == [kind]
    origins = {urlsplit(each["SigningCertURL"]).netloc for each in (fields, own)}
    assert len(origins) == (2 if kind == "foreign_certificate" else 1)
    state = await mail.settle()
    assert (state["forged"], state["forgedAccepted"]) == (1, 0)


async def test_a_forgery_that_is_believed_is_counted(mail: Mail) -> None:
    await tell_one(mail)
    _, told = await forge(mail, "wrong_key")
    state = await mail.settle()
    assert (told["state"], state["forgedAccepted"]) == ("acknowledged", 1)
    (line,) = await mail.emails()
    assert [callback["kind"] for callback in line["callbacks"]] == ["genuine", "forged"]
    assert (line["scheduled"], line["acknowledged"]) == (1, 1)


async def test_a_forgery_may_be_about_an_older_e_mail(mail: Mail) -> None:
    first, _ = await mail.send_to("bounce@exemple.test", "opened@exemple.test")
    await mail.settle()
    forged, told = await forge(mail, "wrong_key", sid=first)
    assert (forged.event["mail"]["messageId"], told["word"]) == (first, "Complaint:abuse")


async def test_a_forged_invitation_is_signed_but_for_another_topic_and_its_token_betrays_who_follows(
    mail: Mail,
) -> None:
    mail.subscriber.confirming = "none"
    invitation, told = await forge(mail, "foreign_topic", type="SubscriptionConfirmation")
    assert (told["word"], invitation.fields["TopicArn"] != TOPIC) == ("SubscriptionConfirmation", True)
    assert is_signed(invitation.fields, await fetch_certificate(mail, invitation.fields))
    assert (await mail.subscription())["forgedConfirmed"] == 0
    await mail.client.get(invitation.fields["SubscribeURL"])
    state = await mail.subscription()
    assert (state["forgedConfirmed"], state["confirmedByUrl"], state["confirmedByApi"]) == (1, 0, 1)


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"kind": "unknown"},
        {"kind": "wrong_key", "type": "UnsubscribeConfirmation"},
        {"kind": "wrong_key", "sid": "unknown"},
        {"kind": "wrong_key", "colour": "red"},
        {"kind": "wrong_key"},
    ],
    ids=json.dumps,
)
async def test_an_order_for_a_forgery_that_makes_no_sense_is_refused(mail: Mail, order: dict[str, str]) -> None:
    told = await mail.order("forge", **order)
    assert told["http"] == 400
    assert told["error"]
