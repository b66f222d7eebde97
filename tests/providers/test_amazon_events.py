"""One key for one event however it comes, whose it is, and who has had enough."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from providers.amazon_events_told import CARRIER_ID, CITIZEN, DELIVERY, TAGGED, WHEN, Told, bounce, complaint, tell
from providers.amazon_stand_in import ACCOUNT, SENDER

from tocsin.events import Consent, Event
from tocsin.words import Channel
from tocsin_providers.amazon_events import GREETING, Account, make_answer_key, read_report
from tocsin_providers.webhook import MalformedWebhook, Report

OURS = Account(ACCOUNT, SENDER)
LEFT = {"unsubscribeAll": True, "topicSubscriptionStatus": [{"topicName": "alerts", "subscriptionStatus": "OptOut"}]}
STAYED = {"unsubscribeAll": False, "topicSubscriptionStatus": [{"topicName": "alerts", "subscriptionStatus": "OptIn"}]}


def report(told: object) -> Report:
    return read_report(told if isinstance(told, str) else json.dumps(told), OURS)


def read(told: Told) -> Event:
    (event,) = report(told).events
    return event


def test_an_event_says_all_that_the_ledger_keeps() -> None:
    assert read(bounce("Permanent", "NoEmail")) == Event(
        event_key=f"amazon_ses:{CARRIER_ID}:Bounce:Permanent:NoEmail:{sha256(b'010d019a-f1').hexdigest()[:16]}",
        provider="amazon_ses",
        account=ACCOUNT,
        delivery_id=DELIVERY,
        provider_word="Bounce:Permanent:NoEmail",
        status=read(bounce("Permanent", "NoEmail")).status,
        occurred_at=datetime(2026, 11, 23, 22, 41, 9, 120_000, UTC),
        error_code="5.1.1",
        carrier_id=CARRIER_ID,
        dead=True,
    )


@pytest.mark.parametrize("make", [lambda **k: bounce("Transient", "General", **k), complaint])
def test_both_shapes_of_one_event_have_one_key(make: Any) -> None:
    assert read(make(tagged=True)).event_key == read(make(tagged=False)).event_key


def test_an_event_without_tags_follows_the_answer_to_its_hand_over() -> None:
    event = read(complaint(tagged=False))
    assert (event.delivery_id, event.follows) == (None, make_answer_key(CARRIER_ID))
    assert read(complaint()).follows is None


def test_two_bounces_of_one_e_mail_are_two_events() -> None:
    one, other = bounce("Transient", "General"), bounce("Transient", "General", feedbackId="another")
    assert read(one).event_key != read(other).event_key


@pytest.mark.parametrize("kind", ["Open", "Click", "Send"])
def test_an_e_mail_opened_a_hundred_times_has_one_key(kind: str) -> None:
    told = [tell(kind, timestamp=f"2026-11-23T22:{minute:02}:09.120Z", link="https://x.test") for minute in range(60)]
    assert len({read(each).event_key for each in told}) == 1


def test_the_words_of_one_e_mail_have_keys_of_their_own_whatever_their_order() -> None:
    told = [tell("Send"), tell("Delivery", timestamp=WHEN), tell("Open", timestamp=WHEN), complaint()]
    keys = [frozenset(read(each).event_key for each in order) for order in permutations(told)]
    assert len(set(keys)) == 1
    assert len(keys[0]) == 4


@pytest.mark.parametrize(
    "told", [tell("Send"), tell("Reject", reason="Bad content"), tell("Rendering Failure", "failure")]
)
def test_an_event_without_an_instant_of_its_own_happened_when_the_e_mail_was_sent(told: Told) -> None:
    assert read(told).occurred_at == datetime(2026, 11, 23, 22, 41, 7, 2_000, UTC)


@pytest.mark.parametrize(
    "tags",
    [
        None, {}, [], "delivery", {"delivery": TAGGED}, {"delivery": []}, {"delivery": [TAGGED, TAGGED]},
        {"delivery": [5]}, {"delivery": [TAGGED[:-1]]}, {"delivery": [TAGGED.replace("delivery", "citizen")]},
        {"delivery": [TAGGED + "\n"]}, {"Delivery": [TAGGED]},
    ],
)  # fmt: skip
def test_a_tag_that_names_no_delivery_leaves_the_event_without_one(tags: object) -> None:
    told = tell("Delivery", timestamp=WHEN)
    told["mail"]["tags"] = tags
    assert read(told).delivery_id is None


@pytest.mark.parametrize("text", [GREETING, GREETING + "\n"])
def test_the_first_message_of_a_topic_says_nothing(text: str) -> None:
    assert report(text) == Report()


def test_the_first_notification_of_an_identity_says_nothing() -> None:
    assert report({"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have…"}) == Report()


@pytest.mark.parametrize(
    "told",
    [
        "", "hello", "null", "[]", '"Bounce"', "{}", "{", "[" * 20_000, "9" * 5_000, GREETING + " Not.",
        {"eventType": "Send"}, {"eventType": "Send", "mail": []}, {"eventType": "Send", "mail": {}},
        {"eventType": "", "mail": {"messageId": CARRIER_ID}}, {"eventType": ["Send"], "mail": {"messageId": CARRIER_ID}},
        {"eventType": "Send", "mail": {"messageId": "a b"}}, {"eventType": "Send", "mail": {"messageId": "x" * 81}},
        {"eventType": "Send", "mail": {"messageId": None}}, {"mail": {"messageId": CARRIER_ID}},
        {"eventType": "Send", "mail": {"messageId": "\x00"}}, {"eventType": "Send", "mail": {"messageId": "a:b"}},
    ],
    ids=lambda told: repr(told)[:40],
)  # fmt: skip
def test_what_is_about_no_e_mail_is_malformed(told: object) -> None:
    with pytest.raises(MalformedWebhook):
        report(told)


def test_a_complaint_is_a_word_about_the_sender() -> None:
    told = report(complaint())
    assert told.consents == [
        Consent(f"{told.events[0].event_key}:0", Channel.EMAIL, SENDER, CITIZEN, stopped=True)
    ]  # fmt: skip


def test_one_complaint_in_both_shapes_is_one_consent() -> None:
    assert report(complaint()).consents == report(complaint(tagged=False)).consents


@pytest.mark.parametrize(
    "told", [complaint("not-spam"), complaint(None, "OnAccountSuppressionList"), bounce("Permanent", "NoEmail")]
)
def test_what_is_no_citizens_complaint_stops_nothing(told: Told) -> None:
    assert not report(told).consents


@pytest.mark.parametrize(
    ("preferences", "stops"),
    [
        (LEFT, True), ({"unsubscribeAll": True}, True), ({**STAYED, "topicSubscriptionStatus": LEFT["topicSubscriptionStatus"]}, True),
        (STAYED, False), ({}, False), (None, False), ({"unsubscribeAll": "true"}, False), ({"topicSubscriptionStatus": "OptOut"}, False),
    ],
)  # fmt: skip
def test_whoever_unsubscribes_gets_no_more(preferences: object, stops: bool) -> None:
    told = report(tell("Subscription", timestamp=WHEN, source="EmailHeader", newTopicPreferences=preferences))
    assert [(consent.address, consent.stopped) for consent in told.consents] == [(CITIZEN, True)] * stops


def test_an_address_is_taken_out_of_its_mailbox() -> None:
    told = complaint(complainedRecipients=[{"emailAddress": f"Lise Tremblay <{CITIZEN}>"}, {"emailAddress": CITIZEN}])
    assert [consent.address for consent in report(told).consents] == [CITIZEN]


@pytest.mark.parametrize(
    "junk", [None, "x", [5], [{}], [{"emailAddress": 5}], [{"emailAddress": "nobody"}], [{"emailAddress": "a@\x00"}]]
)
def test_a_complaint_of_nobody_is_spam_still_and_stops_nobody(junk: object) -> None:
    told = report(complaint(complainedRecipients=junk))
    assert (told.events[0].provider_word, list(told.consents)) == ("Complaint:abuse", [])


def test_a_complaint_about_an_e_mail_of_another_sender_stops_nothing_here() -> None:
    told = complaint(tagged=False)
    told["mail"]["source"] = "promo@elsewhere.test"
    assert not report(told).consents
    told["mail"]["source"] = f"Ville <{SENDER.upper()}>"
    assert report(told).consents


@given(told=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["bounceType", "bounceSubType", "bouncedRecipients", "complaintSubType", "complainedRecipients",
        "timestamp", "feedbackId", "delayType", "emailAddress", "tags", "delivery", "status", "source", "unsubscribeAll"]),
        inner, max_size=6),
    max_leaves=30,
), kind=st.sampled_from(["Bounce", "Complaint", "Delivery", "DeliveryDelay", "Open", "Subscription", "Novel"]))  # fmt: skip
def test_whatever_a_signed_event_holds_it_can_be_stored(told: object, kind: str) -> None:
    keys = {"DeliveryDelay": "deliveryDelay", "Novel": "novel"}
    mail = {**(told if isinstance(told, dict) else {}), "messageId": CARRIER_ID}
    (event,) = report(json.dumps({"eventType": kind, keys.get(kind, kind.lower()): told, "mail": mail})).events
    for text, limit in [(event.event_key, 200), (event.provider_word, 64), (event.error_code or "", 64)]:
        assert len(text) <= limit
        assert text.isascii()
        assert "\x00" not in text
    assert event.occurred_at is None or event.occurred_at.tzinfo is UTC
