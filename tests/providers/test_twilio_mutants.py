"""Whatever is posted where Twilio reports, it is an event that can be kept or one of two refusals."""

from dataclasses import replace
from random import Random

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from providers.twilio_forms import FORM, SETTINGS, change, post, read

from tocsin_providers.twilio_messaging import STILL_WORDS, WORDS, TwilioMessaging
from tocsin_providers.webhook import ForgedWebhook, MalformedWebhook


@pytest.fixture(scope="module")
def messaging() -> TwilioMessaging:
    return TwilioMessaging(SETTINGS, httpx2.AsyncClient())


JUNK = (
    b"\xff",
    b"%",
    b"%FF",
    b"&",
    b"=",
    b"\x00",
    b";",
    b"+",
    b"%00",
    b"\xed\xa0\x80",
    b"%zz",
    b"AccountSid=x",
    b"&&&&" * 60,
)


def mutate(content: bytes, random: Random) -> bytes:
    """Insert, delete, replace or cut somewhere."""
    index = random.randrange(len(content) + 1)
    end = min(len(content), index + random.randrange(8))
    return random.choice(
        (
            content[:index] + random.choice(JUNK) + content[index:],
            content[:index] + content[end:],
            content[:index] + random.randbytes(end - index) + content[end:],
            content[:index],
        )
    )


@settings(max_examples=2500, deadline=None)
@given(seed=st.integers(0, 2**32), part=st.sampled_from(["body", "raw_query", "path", "signature", "type"]))
def test_whatever_the_bytes_it_is_an_event_or_one_of_the_two_refusals(
    messaging: TwilioMessaging, seed: int, part: str
) -> None:
    random, webhook = Random(seed), post()
    if part == "body":
        webhook = replace(webhook, body=mutate(webhook.body, random))
    elif part == "raw_query":
        webhook = replace(webhook, raw_query=mutate(webhook.raw_query, random))
    elif part == "path":
        webhook = replace(webhook, path=mutate(webhook.path.encode(), random).decode("utf-8", "surrogateescape"))
    else:
        name = b"x-twilio-signature" if part == "signature" else b"content-type"
        webhook = replace(webhook, headers={**webhook.headers, name: mutate(webhook.headers[name], random)})
    try:
        events = read(messaging, webhook)
    except (ForgedWebhook, MalformedWebhook):
        return
    (event,), (original,) = events, read(messaging, post())
    # Names and values are signed end to end: `ErrorCode=1` may become `ErrorCode1=`, but no status another.
    assert (event.carrier_id, event.delivery_id) == (original.carrier_id, original.delivery_id)
    assert event.status in (original.status, None)
    assert event.error_code in (original.error_code, None) or str(original.error_code).startswith(str(event.error_code))


def test_no_word_begins_another_so_that_no_moved_boundary_makes_one_of_the_other() -> None:
    words = [*WORDS, *STILL_WORDS]
    assert [(one, other) for one in words for other in words if one != other and other.startswith(one)] == []


@settings(max_examples=500, deadline=None)
@given(
    fields=st.dictionaries(
        st.sampled_from(["MessageSid", "MessageStatus", "ErrorCode", "To", "Body"]),
        st.text(st.characters(exclude_categories=["Cs"])),
    )
)
def test_whatever_is_signed_is_an_event_that_can_be_stored_or_a_refusal(
    messaging: TwilioMessaging, fields: dict[str, str]
) -> None:
    webhook = post(change(FORM, **fields))
    try:
        (event,) = read(messaging, webhook)
    except MalformedWebhook:
        return
    kept = [event.event_key, event.provider_word, event.error_code or "", event.carrier_id or ""]
    assert all("\x00" not in text and text.encode() for text in kept[:2])
    assert [len(text) <= limit for text, limit in zip(kept, (200, 64, 64, 128), strict=True)] == [True] * 4
