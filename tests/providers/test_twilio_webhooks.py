"""What Twilio posts about a text: who may say it, what it says, and what is refused."""

from dataclasses import replace
from urllib.parse import quote_plus

import httpx2
import pytest
from providers.twilio_forms import ACCOUNT, DELIVERY, FORM, PATH, PREVIOUS, QUERY, SETTINGS, SID, change, post, read
from twilio.rest.api.v2010.account.message import MessageInstance  # type: ignore[import-untyped]

from tocsin.events import Event
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel
from tocsin_providers.twilio_answers import DEAD_CODES
from tocsin_providers.twilio_messaging import STILL_WORDS, WORDS, TwilioMessaging
from tocsin_providers.twilio_rest import TwilioRest
from tocsin_providers.webhook import ForgedWebhook, MalformedWebhook


@pytest.fixture(scope="module")
def messaging() -> TwilioMessaging:
    return TwilioMessaging(SETTINGS, httpx2.AsyncClient())


def test_a_status_callback_becomes_one_event(messaging: TwilioMessaging) -> None:
    assert read(messaging, post()) == [
        Event(
            event_key=f"twilio_messaging:{SID}:undelivered:30003",
            provider="twilio_messaging",
            account=ACCOUNT,
            delivery_id=DELIVERY,
            provider_word="undelivered",
            status=DeliveryStatus.SMS_UNDELIVERED,
            error_code="30003",
            carrier_id=SID,
        )
    ]
    assert messaging.channel is Channel.SMS
    assert messaging.account == ACCOUNT


@pytest.mark.parametrize("word", list(WORDS))
def test_each_word_moves_to_its_status(messaging: TwilioMessaging, word: str) -> None:
    (event,) = read(messaging, post(change(FORM, MessageStatus=word, ErrorCode=None)))
    assert (event.status, event.error_code) == (WORDS[word], None)
    assert event.event_key == f"twilio_messaging:{SID}:{word}:"


@pytest.mark.parametrize("code", [*sorted(DEAD_CODES[Channel.SMS]), "30003", "30004", "30008", "21610"])
def test_a_number_that_can_never_take_a_text_is_dead(messaging: TwilioMessaging, code: str) -> None:
    (event,) = read(messaging, post(change(FORM, ErrorCode=code)))
    assert event.dead is (code in DEAD_CODES[Channel.SMS])


def test_the_table_knows_every_word_of_twilios_library_and_only_texts() -> None:
    published = {word for name, word in vars(MessageInstance.Status).items() if not name.startswith("_")}
    assert published == {*WORDS, *STILL_WORDS}
    assert not set(WORDS) & set(STILL_WORDS)
    assert {status.channel for status in WORDS.values()} == {Channel.SMS}
    assert set(WORDS.values()) == {status for status in DeliveryStatus if status.channel is Channel.SMS}


@pytest.mark.parametrize(
    "word", [*STILL_WORDS, "teleported", "DELIVERED", "a word of sixty-four characters".ljust(64, "x")]
)
def test_a_word_without_status_is_kept_as_sent_and_moves_nothing(messaging: TwilioMessaging, word: str) -> None:
    (event,) = read(messaging, post(change(FORM, MessageStatus=word)))
    assert (event.status, event.provider_word) == (None, word)
    assert len(event.event_key) <= 200


@pytest.mark.parametrize(
    "query",
    [
        "",
        "delivery=",
        "delivery=recipient-" + DELIVERY.hex,
        "delivery=delivery-123",
        f"{QUERY}&{QUERY}",
        "a=" + "&" * 300,
    ],
)
def test_a_callback_that_names_no_delivery_has_none(messaging: TwilioMessaging, query: str) -> None:
    (event,) = read(messaging, post(query=query))
    assert event.delivery_id is None


def test_the_token_of_yesterday_still_signs(messaging: TwilioMessaging) -> None:
    assert read(messaging, post(token=PREVIOUS)) == read(messaging, post())


@pytest.mark.parametrize("path", [PATH + "/", "/webhooks/twilio/voice", "/webhooks/twilio/messagin%67"])
def test_another_path_is_refused(messaging: TwilioMessaging, path: str) -> None:
    with pytest.raises(ForgedWebhook):
        messaging.verify(replace(post(), path=path))


@pytest.mark.parametrize("query", [b"", QUERY.replace("d", "%64", 1).encode(), QUERY.encode() + b"&a=1", b"\xff"])
def test_a_query_with_other_bytes_is_refused(messaging: TwilioMessaging, query: bytes) -> None:
    with pytest.raises(ForgedWebhook):
        messaging.verify(replace(post(), raw_query=query))


def test_a_host_header_changes_nothing(messaging: TwilioMessaging) -> None:
    webhook = post()
    assert messaging.verify(replace(webhook, headers={**webhook.headers, b"host": b"evil.test"})) == FORM


@pytest.mark.parametrize("header", [None, b"", b"junk", b"\xff\x00", "é".encode()])
def test_a_missing_or_wrong_signature_is_forged(messaging: TwilioMessaging, header: bytes | None) -> None:
    webhook = post()
    headers = {**webhook.headers, b"x-twilio-signature": header or b""}
    if header is None:
        del headers[b"x-twilio-signature"]
    with pytest.raises(ForgedWebhook) as refused:
        messaging.verify(replace(webhook, headers=headers))
    assert refused.value.status == 403


@pytest.mark.parametrize("account", ["AC" + "2" * 32, "", None])
def test_another_account_is_forged_even_when_the_token_is_ours(messaging: TwilioMessaging, account: str | None) -> None:
    with pytest.raises(ForgedWebhook):
        messaging.verify(post(change(FORM, AccountSid=account)))


def test_two_accounts_are_forged(messaging: TwilioMessaging) -> None:
    with pytest.raises(ForgedWebhook):
        messaging.verify(post([*FORM, ("AccountSid", "AC" + "2" * 32)]))


def test_a_form_of_another_kind_with_a_wrong_signature_is_forged_first(messaging: TwilioMessaging) -> None:
    with pytest.raises(ForgedWebhook):
        messaging.verify(post([("AccountSid", ACCOUNT)], token="wrong"))


@pytest.mark.parametrize(
    "body", [b"\xff", b"a=%FF", b"a=%C3", b"%ED%A0%80=1", b"&".join([b"a=1"] * 201)], ids=lambda body: repr(body[:9])
)
def test_broken_bytes_are_malformed(messaging: TwilioMessaging, body: bytes) -> None:
    with pytest.raises(MalformedWebhook) as refused:
        messaging.verify(replace(post(), body=body))
    assert refused.value.status == 400


@pytest.mark.parametrize("content_type", [b"", b"application/json", b"multipart/form-data; boundary=x", b"\xff"])
def test_another_content_type_is_malformed(messaging: TwilioMessaging, content_type: bytes) -> None:
    webhook = post()
    with pytest.raises(MalformedWebhook):
        messaging.verify(replace(webhook, headers={**webhook.headers, b"content-type": content_type}))


def test_a_content_type_may_name_its_characters(messaging: TwilioMessaging) -> None:
    webhook = post()
    content_type = b"Application/X-WWW-Form-URLEncoded; charset=UTF-8"
    assert messaging.verify(replace(webhook, headers={**webhook.headers, b"content-type": content_type})) == FORM


@pytest.mark.parametrize(
    "fields",
    [
        {"MessageSid": None},
        {"MessageSid": ""},
        {"MessageSid": "CA" + "0b7e" * 8},
        {"MessageSid": SID.upper()},
        {"MessageSid": SID + "\n"},
        {"MessageSid": SID[:-1] + "\u0663"},
        {"MessageStatus": None},
        {"MessageStatus": ""},
        {"MessageStatus": "x" * 65},
        {"MessageStatus": "sent\x00"},
        {"ErrorCode": "3" * 65},
        {"ErrorCode": "\x00"},
    ],
    ids=repr,
)
def test_a_signed_form_that_is_no_status_callback_is_malformed(
    messaging: TwilioMessaging, fields: dict[str, str | None]
) -> None:
    webhook = post(change(FORM, **fields))
    pairs = messaging.verify(webhook)
    with pytest.raises(MalformedWebhook):
        messaging.parse(pairs, webhook.raw_query)


def test_two_statuses_in_one_form_are_malformed(messaging: TwilioMessaging) -> None:
    webhook = post([*FORM, ("MessageStatus", "delivered")])
    with pytest.raises(MalformedWebhook):
        messaging.parse(messaging.verify(webhook), webhook.raw_query)


def test_a_refusal_repeats_nothing_of_the_request(messaging: TwilioMessaging) -> None:
    for webhook in (post(token="wrong"), post(change(FORM, AccountSid="AC" + "2" * 32)), replace(post(), body=b"\xff")):
        with pytest.raises((ForgedWebhook, MalformedWebhook)) as refused:
            messaging.verify(webhook)
        assert "555" not in str(refused.value)
        assert refused.value.__cause__ is None


def test_the_callback_url_survives_the_way_there_and_back(messaging: TwilioMessaging) -> None:
    url = TwilioRest(SETTINGS, httpx2.AsyncClient()).callback_url(PATH, f"delivery-{DELIVERY.hex}")
    assert url == f"https://alerts.exemple.test{PATH}?{QUERY}#rc=5&rp=ct,rt,5xx"
    assert quote_plus(QUERY, safe="=") == QUERY
    (event,) = read(messaging, post(query=url.partition("#")[0].partition("?")[2]))
    assert event.delivery_id == DELIVERY
