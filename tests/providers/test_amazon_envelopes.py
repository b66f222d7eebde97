"""Which envelopes of the notification service are believed; whatever is refused by a rule is refused before any connection."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from providers.amazon_events_told import DELIVERY, bounce, tell
from providers.amazon_stand_in import (
    CERTIFICATE_URL,
    GREETING_TEXT,
    NOW,
    TOPIC,
    Stage,
    enclose,
    invite,
    recorded_connections,
    refuse,
    seal,
    stamp,
)

from tocsin_providers.amazon_envelope import LARGEST
from tocsin_providers.webhook import ForgedWebhook, MalformedWebhook, Report, StaleWebhook, Webhook

SENT = tell("Send")


async def test_what_amazon_signed_is_believed(stage: Stage) -> None:
    with recorded_connections() as connections:
        report = await stage.read(seal(enclose(bounce("Permanent", "NoEmail"))))
    assert ("127.0.0.1", stage.amazon.port) in connections, "or no absence below would mean anything"
    assert [(event.delivery_id, event.provider_word) for event in report.events] == [
        (DELIVERY, "Bounce:Permanent:NoEmail")
    ]
    assert stage.detour.asked == [CERTIFICATE_URL]


@pytest.mark.parametrize("media_type", [None, b"text/plain", b"application/json", b"image/png"])
async def test_the_content_type_says_nothing(stage: Stage, media_type: bytes | None) -> None:
    headers = {b"content-type": media_type} if media_type else {}
    body = json.dumps(seal(enclose(SENT))).encode()
    report = await stage.ses.readers()["/webhooks/ses"](Webhook("/webhooks/ses", b"", body, headers))
    assert len(report.events) == 1


async def test_a_subject_is_part_of_what_is_signed(stage: Stage) -> None:
    sealed = seal(enclose(SENT, Subject="Amazon SES Email Event Notification"))
    assert (await stage.read(sealed)).events
    for changed in ({**sealed, "Subject": "Other"}, {name: sealed[name] for name in sealed if name != "Subject"}):
        with pytest.raises(ForgedWebhook):
            await stage.read(changed)


async def test_letters_beyond_ascii_are_signed_in_utf_8(stage: Stage) -> None:
    told = {**SENT, "crue": "Évacuez 🚨 \u2028"}
    sealed = seal(enclose(json.dumps(told, ensure_ascii=False)))
    assert (await stage.read(json.dumps(sealed, ensure_ascii=False).encode())).events
    assert (await stage.read(json.dumps(sealed).encode())).events


async def test_the_first_message_of_a_topic_is_taken_and_says_nothing(stage: Stage) -> None:
    assert await stage.read(seal(enclose(GREETING_TEXT))) == Report()


async def test_that_first_message_without_its_envelope_is_refused(stage: Stage) -> None:
    await refuse(stage, GREETING_TEXT.encode(), MalformedWebhook)


async def test_another_key_forges(stage: Stage) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(ForgedWebhook):
        await stage.read(seal(enclose(SENT), key=other))


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp"])
async def test_a_signed_field_that_was_changed_forges(stage: Stage, name: str) -> None:
    other = {
        "Message": json.dumps(tell("Open")),
        "MessageId": "another",
        "Timestamp": stamp(NOW - timedelta(seconds=1)),
    }
    with pytest.raises(ForgedWebhook):
        await stage.read({**seal(enclose(SENT)), name: other[name]})


async def test_the_older_signature_is_refused_though_it_fits(stage: Stage) -> None:
    await refuse(stage, seal(enclose(SENT, SignatureVersion="1"), algorithm=hashes.SHA1()), ForgedWebhook)


@pytest.mark.parametrize("version", ["1", "3", "02", "2.0", " 2", "２"])
async def test_only_signature_version_2_is_believed(stage: Stage, version: str) -> None:
    await refuse(stage, seal(enclose(SENT, SignatureVersion=version)), ForgedWebhook)


@pytest.mark.parametrize(
    "topic",
    [
        TOPIC + "-other", TOPIC[:-1], TOPIC.upper(), TOPIC.replace("123456789012", "210987654321"),
        TOPIC.replace("ca-central-1", "us-east-1"), "arn:aws:sns:ca-central-1:123456789012:", TOPIC + " ", "*",
    ],
)  # fmt: skip
async def test_only_our_topics_are_believed_whoever_signed(stage: Stage, topic: str) -> None:
    await refuse(stage, seal(enclose(SENT, TopicArn=topic)), ForgedWebhook)


@pytest.mark.parametrize("age", [timedelta(minutes=74), timedelta(0), timedelta(minutes=-14)])
async def test_a_repetition_within_an_hour_is_taken(stage: Stage, age: timedelta) -> None:
    assert (await stage.read(seal(enclose(SENT, when=NOW - age)))).events


@pytest.mark.parametrize("age", [timedelta(minutes=76), timedelta(days=400), timedelta(minutes=-16)])
@pytest.mark.parametrize("make", [enclose, invite])
async def test_what_is_too_old_or_from_the_future_is_refused(stage: Stage, age: timedelta, make: Any) -> None:
    fields = enclose(SENT) if make is enclose else invite()
    await refuse(stage, seal({**fields, "Timestamp": stamp(NOW - age)}), StaleWebhook)


@pytest.mark.parametrize(
    "when",
    ["", "yesterday", "2026-11-23", "2026-11-23T22:41:09.120", "2026-11-23T22:41:09+00:00", "2026-13-23T22:41:09Z",
     "0000-11-23T22:41:09Z", "2026-11-23 22:41:09Z", "2026-W48-1T22:41:09Z", "٢٠٢٦-11-23T22:41:09Z", "2026-11-23T22:41:09Z\n"],
)  # fmt: skip
async def test_an_instant_that_is_none_is_malformed(stage: Stage, when: str) -> None:
    await refuse(stage, seal(enclose(SENT, Timestamp=when)), MalformedWebhook)


NAMES = ["Type", "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion", "SigningCertURL", "Signature"]


@pytest.mark.parametrize("value", [None, 5, True, 2.0, ["Notification"], {"Type": "Notification"}, ...], ids=repr)
@pytest.mark.parametrize("name", NAMES)
async def test_a_field_that_is_missing_or_no_text_is_malformed(stage: Stage, name: str, value: object) -> None:
    sealed = seal(enclose(SENT))
    changed = {**sealed, name: value} if value is not ... else {key: sealed[key] for key in sealed if key != name}
    await refuse(stage, changed, MalformedWebhook)


@pytest.mark.parametrize("name", ["Token", "SubscribeURL"])
async def test_a_handshake_without_its_fields_is_malformed(stage: Stage, name: str) -> None:
    await refuse(stage, {key: value for key, value in seal(invite()).items() if key != name}, MalformedWebhook)


@pytest.mark.parametrize("name", ["MessageId", "Subject", "TopicArn", "SigningCertURL", "SignatureVersion", "Type"])
async def test_a_field_of_two_lines_could_pass_for_two_fields_and_is_malformed(stage: Stage, name: str) -> None:
    fields = enclose(SENT, Subject="Crue")
    await refuse(stage, seal(fields) | {name: f"{fields[name]}\nSubject"}, MalformedWebhook)


async def test_the_subject_cannot_be_hidden_in_the_field_before_it(stage: Stage) -> None:
    """The signed bytes would be the very same."""
    sealed = seal(enclose(SENT, Subject="Crue"))
    hidden = {**sealed, "MessageId": f"{sealed['MessageId']}\nSubject\nCrue"}
    del hidden["Subject"]
    await refuse(stage, hidden, MalformedWebhook)


@pytest.mark.parametrize("kind", ["notification", "NOTIFICATION", "Notification ", "Publish", ""])
async def test_another_type_is_malformed(stage: Stage, kind: str) -> None:
    await refuse(stage, seal(enclose(SENT)) | {"Type": kind}, MalformedWebhook)


@pytest.mark.parametrize("signature", ["", "!", "AAA", "AAAA\n", "é", "A" * 5, "====", " " * 344])
async def test_a_signature_that_is_not_in_base_64_is_malformed(stage: Stage, signature: str) -> None:
    await refuse(stage, {**enclose(SENT), "Signature": signature}, MalformedWebhook)


@pytest.mark.parametrize("signature", [b"\x00", b"\x00" * 256, b"\xff" * 256, b"\x01" * 4096])
async def test_a_signature_of_any_length_is_only_forged(stage: Stage, signature: bytes) -> None:
    with pytest.raises(ForgedWebhook):
        await stage.read({**enclose(SENT), "Signature": base64.b64encode(signature).decode()})


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b'"Notification"', b"{", b"\xff\xfe{}", b'{"Type": "\xff"}', b"[" * 60_000, b'{"a":' * 20_000,
        b"9" * 20_000, b'{"Type": ' + b"9" * 20_000 + b"}", "{}".encode("utf-16"), b"\xef\xbb\xbf{}", b"Type=Notification",
    ],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
async def test_what_is_no_json_object_in_utf_8_is_malformed(stage: Stage, body: bytes) -> None:
    await refuse(stage, body, MalformedWebhook)


async def test_more_bytes_than_amazon_sends_are_not_even_read(stage: Stage) -> None:
    sealed = json.dumps(seal(enclose(SENT))).encode()
    await refuse(stage, sealed + b" " * (LARGEST + 1 - len(sealed)), MalformedWebhook)


async def test_half_a_character_is_malformed(stage: Stage) -> None:
    sealed = json.dumps(seal(enclose(SENT))).replace('"Message": "', '"Message": "\\ud800')
    await refuse(stage, sealed.encode(), MalformedWebhook)


async def test_of_two_values_for_one_field_only_the_signed_one_is_believed(stage: Stage) -> None:
    body = json.dumps(seal(enclose(SENT)))
    other = json.dumps(json.dumps(tell("Open")))
    report = await stage.read(f'{{"Message": {other}, {body[1:]}'.encode())
    assert [event.provider_word for event in report.events] == ["Send"]
    with pytest.raises(ForgedWebhook):
        await stage.read(f'{body[:-1]}, "Message": {other}}}'.encode())


async def test_a_signed_notification_about_no_e_mail_is_malformed(stage: Stage) -> None:
    for message in ("hello", {"eventType": "Send"}):
        with pytest.raises(MalformedWebhook):
            await stage.read(seal(enclose(message)))


async def test_what_is_delivered_twice_is_one_event(stage: Stage) -> None:
    first = await stage.read(seal(enclose(SENT)))
    again = await stage.read(seal(enclose(SENT, MessageId="1e6ce6a1-52d0-4a05-b2b4-4e3f0b3f4b1c", when=NOW)))
    assert first == again
