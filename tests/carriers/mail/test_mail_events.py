"""The records that SES publishes: what each kind says, the tags, and the identity's older shape."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from carriers.mail.conftest import Mail

    OpenMail = Callable[..., Awaitable[Mail]]

CITIZEN = "l.tremblay@exemple.test"
BOUNCE = {"bounceType", "bounceSubType", "bouncedRecipients", "timestamp", "feedbackId", "reportingMTA"}
COMPLAINT = {"complainedRecipients", "timestamp", "feedbackId", "complaintSubType"}
REPORT = {"userAgent", "complaintFeedbackType", "arrivalDate"}
READING = {"ipAddress", "timestamp", "userAgent"}
# word: (address, key, what is described there)
DESCRIBED: dict[str, tuple[str, str, set[str]]] = {
    "Send": ("never", "send", set()),
    "Delivery": (
        "delivered",
        "delivery",
        {"timestamp", "processingTimeMillis", "recipients", "smtpResponse", "remoteMtaIp", "reportingMTA"},
    ),
    "DeliveryDelay": ("delayed", "deliveryDelay", {"timestamp", "delayType", "expirationTime", "delayedRecipients"}),
    "Bounce:Permanent:NoEmail": ("noemail", "bounce", BOUNCE),
    "Complaint:abuse": ("complaint", "complaint", COMPLAINT | REPORT),
    "Complaint:OnAccountSuppressionList": ("complaintlist", "complaint", COMPLAINT),
    "Reject": ("virus", "reject", {"reason"}),
    "Open": ("opened", "open", READING),
    "Click": ("clicked", "click", READING | {"link", "linkTags"}),
    "Rendering Failure": ("rendering", "failure", {"errorMessage", "templateName"}),
    "Subscription": (
        "subscription",
        "subscription",
        {"contactList", "timestamp", "source", "newTopicPreferences", "oldTopicPreferences"},
    ),
}


async def find_event(mail: Mail, word: str, address: str) -> dict[str, Any]:
    await mail.send_to(address)
    await mail.settle()
    return next(delivered.event for delivered in mail.subscriber.events if delivered.word == word)


@pytest.mark.parametrize(("word", "described"), DESCRIBED.items())
async def test_each_kind_of_event_says_what_amazon_documents(
    mail: Mail, word: str, described: tuple[str, str, set[str]]
) -> None:
    local, key, expected = described
    event = await find_event(mail, word, f"{local}@exemple.test")
    assert set(event) == {"eventType", "mail", key}
    assert set(event[key]) == expected
    stamp = event[key].get("timestamp")
    if stamp is not None:
        assert stamp.endswith("Z")
        assert len(stamp) == len("2026-11-23T22:41:09.120Z")
        assert abs((datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds()) < 60


async def test_a_bounce_names_the_recipient_and_the_reason(mail: Mail) -> None:
    event = await find_event(mail, "Bounce:Permanent:NoEmail", "noemail@exemple.test")
    assert (event["bounce"]["bounceType"], event["bounce"]["bounceSubType"]) == ("Permanent", "NoEmail")
    (recipient,) = event["bounce"]["bouncedRecipients"]
    assert (recipient["emailAddress"], recipient["action"], recipient["status"]) == (
        "noemail@exemple.test",
        "failed",
        "5.1.1",
    )
    assert recipient["diagnosticCode"].startswith("smtp; 550")


async def test_the_mail_is_the_one_that_was_sent_and_carries_its_tags(mail: Mail) -> None:
    answer = await mail.send(CITIZEN, EmailTags=[{"Name": "delivery", "Value": "d-1"}, {"Name": "ville", "Value": "s"}])
    await mail.settle()
    told = mail.subscriber.events[0].event["mail"]
    assert (told["messageId"], told["destination"]) == (answer.json()["MessageId"], [CITIZEN])
    assert told["source"] == "Alertes <alertes@ville.test>"
    assert told["sendingAccountId"] == "123456789012"
    assert told["sourceArn"] == "arn:aws:ses:ca-central-1:123456789012:identity/ville.test"
    assert (told["tags"]["delivery"], told["tags"]["ville"]) == (["d-1"], ["s"])
    assert told["tags"]["ses:configuration-set"] == ["alertes"]
    assert told["tags"]["ses:from-domain"] == ["ville.test"]
    assert told["commonHeaders"]["subject"] == "Crue à Sainte-Rive"
    assert {"name": "To", "value": CITIZEN} in told["headers"]
    assert told["headersTruncated"] is False


async def test_an_events_message_is_a_text_that_ends_with_a_line_break_under_a_subject(mail: Mail) -> None:
    await mail.send_to("never@exemple.test")
    await mail.settle()
    (delivered,) = mail.subscriber.events
    assert delivered.fields["Message"].endswith("}\n")
    assert delivered.fields["Subject"] == "Amazon SES Email Event Notification"


async def test_the_identitys_notifications_have_another_key_no_tags_and_three_kinds(open_mail: OpenMail) -> None:
    mail = await open_mail(identity_notifications=True)
    await mail.send_to("clicked@exemple.test", "bounce@exemple.test", "complaint@exemple.test", "virus@exemple.test")
    await mail.settle()
    assert sorted(mail.subscriber.words()) == sorted(
        ["Delivery", "Bounce:Permanent:General", "Delivery", "Complaint:abuse"]
    )
    for delivered in mail.subscriber.events:
        assert "eventType" not in delivered.event
        assert {"tags", "headers", "commonHeaders"}.isdisjoint(delivered.event["mail"])
        assert "Subject" not in delivered.fields
    finals = [(line["final"], line["scheduled"]) for line in await mail.emails()]
    assert finals == [("Click", 1), ("Bounce:Permanent:General", 1), ("Complaint:abuse", 2), ("Reject", 0)]


async def test_instants_follow_each_other_within_an_e_mails_events(open_mail: OpenMail) -> None:
    mail = await open_mail(speed=100.0)
    await mail.send_to("delivered@exemple.test")
    await mail.settle()
    events = {delivered.word: delivered.event for delivered in mail.subscriber.events}
    accepted, delivered_at = events["Send"]["mail"]["timestamp"], events["Delivery"]["delivery"]["timestamp"]
    assert accepted == events["Delivery"]["mail"]["timestamp"]
    assert accepted <= delivered_at
    between = datetime.fromisoformat(delivered_at) - datetime.fromisoformat(accepted)
    milliseconds = events["Delivery"]["delivery"]["processingTimeMillis"]
    assert milliseconds == pytest.approx(between.total_seconds() * 1000, abs=1)
    assert json.dumps(events["Send"]["send"]) == "{}"
