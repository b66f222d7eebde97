"""Every word, code and sub-type of Amazon's about an e-mail, and the status that it comes to."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from providers.amazon_events_told import CITIZEN, DELIVERY, WHEN, Told, bounce, complaint, tell
from providers.amazon_stand_in import ACCOUNT, SENDER

from tocsin.events import Event
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel
from tocsin_providers.amazon_events import Account, read_report
from tocsin_providers.amazon_words import DETAILS, WORDS

S = DeliveryStatus
OURS = Account(ACCOUNT, SENDER)
DELAYS = (
    "InternalFailure", "General", "MailboxFull", "SpamDetected", "RecipientServerError", "IPFailure",
    "TransientCommunicationFailure", "BYOIPHostNameLookupUnavailable", "Undetermined", "SendingDeferral",
)  # fmt: skip

PLAIN: dict[str, tuple[Told, DeliveryStatus | None]] = {
    "Send": (tell("Send"), S.EMAIL_SENT),
    "Delivery": (tell("Delivery", timestamp=WHEN, processingTimeMillis=546, recipients=[CITIZEN]), S.EMAIL_RECEIVED),
    "DeliveryDelay": (tell("DeliveryDelay", "deliveryDelay", timestamp=WHEN, delayType="MailboxFull"), S.EMAIL_SENT),
    "Reject": (tell("Reject", reason="Bad content"), S.EMAIL_REJECTED),
    "Open": (tell("Open", timestamp=WHEN, ipAddress="192.0.2.1"), S.EMAIL_OPENED),
    "Click": (tell("Click", timestamp=WHEN, link="https://exemple.test"), S.EMAIL_OPENED),
    "Rendering Failure": (tell("Rendering Failure", "failure", errorMessage="missing"), S.EMAIL_NOT_SENT),
    "RenderingFailure": (tell("RenderingFailure", "failure", errorMessage="missing"), S.EMAIL_NOT_SENT),
    "Subscription": (tell("Subscription", timestamp=WHEN), None),
}

# type, sub-type: status, whether the attempt has ended, whether the address is dead
BOUNCES: dict[tuple[str, str], tuple[DeliveryStatus, bool, bool]] = {
    ("Permanent", "General"): (S.EMAIL_REBOUND, False, True),
    ("Permanent", "NoEmail"): (S.EMAIL_REBOUND, False, True),
    ("Permanent", "Suppressed"): (S.EMAIL_NOT_SENT, False, True),
    ("Permanent", "OnAccountSuppressionList"): (S.EMAIL_NOT_SENT, False, False),
    ("Permanent", "UnsubscribedRecipient"): (S.EMAIL_NOT_SENT, False, False),
    ("Permanent", "InventedTomorrow"): (S.EMAIL_REBOUND, False, False),
    ("Transient", "General"): (S.EMAIL_SENT, True, False),
    ("Transient", "MailboxFull"): (S.EMAIL_SENT, True, False),
    ("Transient", "MessageTooLarge"): (S.EMAIL_SENT, True, False),
    ("Transient", "ContentRejected"): (S.EMAIL_SENT, True, False),
    ("Transient", "AttachmentRejected"): (S.EMAIL_SENT, True, False),
    ("Transient", "InventedTomorrow"): (S.EMAIL_SENT, True, False),
    ("Undetermined", "Undetermined"): (S.EMAIL_SENT, True, False),
    ("Undetermined", "InventedTomorrow"): (S.EMAIL_SENT, True, False),
}

# feedback type, sub-type: word, status
COMPLAINTS: dict[tuple[str | None, str | None], tuple[str, DeliveryStatus | None]] = {
    (None, None): ("Complaint", S.EMAIL_SPAM),
    ("abuse", None): ("Complaint:abuse", S.EMAIL_SPAM),
    ("auth-failure", None): ("Complaint:auth-failure", S.EMAIL_SPAM),
    ("fraud", None): ("Complaint:fraud", S.EMAIL_SPAM),
    ("other", None): ("Complaint:other", S.EMAIL_SPAM),
    ("virus", None): ("Complaint:virus", S.EMAIL_SPAM),
    ("not-spam", None): ("Complaint:not-spam", None),
    ("Not-Spam", None): ("Complaint:not-spam", None),
    (None, "OnAccountSuppressionList"): ("Complaint:OnAccountSuppressionList", S.EMAIL_NOT_SENT),
    ("abuse", "OnAccountSuppressionList"): ("Complaint:OnAccountSuppressionList", S.EMAIL_NOT_SENT),
    ("onaccountsuppressionlist", None): ("Complaint:onaccountsuppressionlist", S.EMAIL_SPAM),
    ("abuse", "InventedTomorrow"): ("Complaint:InventedTomorrow", None),
}


def read(told: Told) -> Event:
    (event,) = read_report(json.dumps(told), OURS).events
    return event


@pytest.mark.parametrize("kind", PLAIN)
def test_a_type_of_event_has_its_status(kind: str) -> None:
    told, status = PLAIN[kind]
    event = read(told)
    assert (event.provider_word, event.status, event.ended, event.dead) == (kind, status, False, False)
    assert event.delivery_id == DELIVERY


@pytest.mark.parametrize(("kind", "subtype"), BOUNCES)
@pytest.mark.parametrize("tagged", [True, False])
def test_a_bounce_has_the_status_of_its_type_and_sub_type(kind: str, subtype: str, tagged: bool) -> None:
    event = read(bounce(kind, subtype, tagged=tagged))
    assert (event.status, event.ended, event.dead) == BOUNCES[kind, subtype]
    assert (event.provider_word, event.error_code) == (f"Bounce:{kind}:{subtype}", "5.1.1")


@pytest.mark.parametrize(("feedback", "subtype"), COMPLAINTS)
@pytest.mark.parametrize("tagged", [True, False])
def test_a_complaint_is_spam_unless_it_is_none(feedback: str | None, subtype: str | None, tagged: bool) -> None:
    event = read(complaint(feedback, subtype, tagged=tagged))
    assert (event.provider_word, event.status) == COMPLAINTS[feedback, subtype]


@pytest.mark.parametrize("delay", DELAYS)
def test_a_delay_is_still_sent_and_says_why(delay: str) -> None:
    event = read(tell("DeliveryDelay", "deliveryDelay", timestamp=WHEN, delayType=delay, delayedRecipients=[]))
    assert (event.status, event.ended, event.error_code) == (S.EMAIL_SENT, False, delay)


@pytest.mark.parametrize("kind", ["Delivery", "Bounce", "Complaint"])
def test_an_identitys_notification_means_what_the_event_does(kind: str) -> None:
    makers = {"Bounce": bounce("Permanent", "NoEmail", tagged=False), "Complaint": complaint(tagged=False)}
    event = read(makers.get(kind, tell("Delivery", tagged=False, timestamp=WHEN)))
    assert event.status is {"Delivery": S.EMAIL_RECEIVED, "Bounce": S.EMAIL_REBOUND, "Complaint": S.EMAIL_SPAM}[kind]
    assert event.delivery_id is None


def test_every_row_of_the_table_is_told_here() -> None:
    told = {
        *PLAIN,
        *(f"Bounce:{kind}:{subtype}" for kind, subtype in BOUNCES),
        *(f"Bounce:{kind}" for kind, subtype in BOUNCES if subtype == "InventedTomorrow"),
        *(word for word, _ in COMPLAINTS.values()),
    }
    assert set(WORDS) <= told
    assert {word.partition(":")[0] for word in WORDS} == set(DETAILS)


def test_every_status_of_an_e_mail_has_a_word() -> None:
    assert {meaning.status for meaning in WORDS.values() if meaning.status} == {
        status for status in DeliveryStatus if status.channel is Channel.EMAIL
    }


@pytest.mark.parametrize(
    "kind", ["Teleported", "bounce", "OPEN", "Bounce:Permanent:NoEmail", "Open\x00", "Ouvert é", "rest"]
)
def test_an_unknown_type_is_kept_and_moves_nothing(kind: str) -> None:
    event = read(tell(kind, "whatever"))
    assert event.status is None
    assert event.provider_word not in WORDS


@pytest.mark.parametrize(
    "detail",
    [{}, {"bounceType": "Strange"}, {"bounceType": None, "bounceSubType": "NoEmail"}, {"bounceType": ["Permanent"]}],
)
def test_a_bounce_of_an_unknown_type_moves_nothing(detail: dict[str, Any]) -> None:
    assert read(tell("Bounce", **detail)).status is None


@given(parts=st.lists(st.text(max_size=80), min_size=3, max_size=3))
def test_a_word_is_short_and_printable_and_only_the_known_are_known(parts: list[str]) -> None:
    kind, first, second = parts
    for told in (bounce(first, second), complaint(first, second), *([tell(kind, "x")] if kind else [])):
        event = read(told)
        assert 0 < len(event.provider_word) <= 64
        assert event.provider_word.isascii()
        assert event.provider_word.isprintable()
        assert len(event.event_key) <= 200
        exact = first in ("Permanent", "Transient", "Undetermined") or second == "OnAccountSuppressionList"
        known = told["eventType"] in PLAIN or exact or (told["eventType"] == "Complaint" and not second)
        assert event.status is None or known
