"""Whatever is posted where Twilio tells about calls: events that can be kept, a document of our verbs, or a refusal."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from providers.test_twilio_mutants import mutate
from providers.twilio_forms import change
from providers.voice_forms import (
    GATHER_FORM,
    MACHINE_FORM,
    STATUS_FORM,
    list_verbs,
    open_voice,
    parse_reply,
    post_gather,
    post_machine,
    post_status,
    read_report,
)

from tocsin_providers.twilio_voice import TwilioVoice
from tocsin_providers.twilio_voice_words import ANSWERERS, WORDS
from tocsin_providers.webhook import ForgedWebhook, MalformedWebhook, Report

OURS = {"Response", "Say", "Pause", "Gather", "Redirect", "Hangup"}
POSTS = {"status": post_status, "machine": post_machine, "gather": post_gather}


@pytest.fixture(scope="module")
def voice() -> TwilioVoice:
    return open_voice()


def check_documents(report: Report) -> None:
    for reply in (report.reply, report.meanwhile):
        if reply is not None:
            assert set(list_verbs(parse_reply(reply))) <= OURS


async def check_mutant(voice: TwilioVoice, seed: int, part: str, kind: str) -> None:
    random, webhook = Random(seed), POSTS[kind]()
    original = await read_report(voice, webhook)
    if part == "body":
        webhook = replace(webhook, body=mutate(webhook.body, random))
    elif part == "raw_query":
        webhook = replace(webhook, raw_query=mutate(webhook.raw_query, random))
    else:
        name = b"x-twilio-signature" if part == "signature" else b"content-type"
        webhook = replace(webhook, headers={**webhook.headers, name: mutate(webhook.headers[name], random)})
    try:
        report = await read_report(voice, webhook)
    except (ForgedWebhook, MalformedWebhook):
        return
    check_documents(report)
    # Names and values are signed end to end, so that a boundary may move, but nothing becomes another status.
    assert {event.status for event in report.events} <= {*(event.status for event in original.events), None}
    assert {(event.carrier_id, event.delivery_id) for event in report.events} <= {
        (event.carrier_id, event.delivery_id) for event in original.events
    }


parts = st.sampled_from(["body", "raw_query", "signature", "type"])


@settings(max_examples=600, deadline=None)
@given(seed=st.integers(0, 2**32), part=parts, kind=st.sampled_from(sorted(POSTS)))
async def test_whatever_the_bytes_nothing_becomes_what_it_was_not(
    voice: TwilioVoice, seed: int, part: str, kind: str
) -> None:
    await check_mutant(voice, seed, part, kind)


@pytest.mark.proof
async def test_none_of_10_000_mutants_becomes_what_it_was_not(voice: TwilioVoice) -> None:
    random = Random(31)
    for _ in range(10_000):
        part = random.choice(["body", "raw_query", "signature", "type"])
        await check_mutant(voice, random.getrandbits(32), part, random.choice(sorted(POSTS)))


@pytest.mark.parametrize("table", [list(WORDS), list(ANSWERERS)])
def test_no_word_begins_another_so_that_no_moved_boundary_makes_one_of_the_other(table: list[str]) -> None:
    assert [(one, other) for one in table for other in table if one != other and other.startswith(one)] == []


@settings(max_examples=400, deadline=None)
@given(
    kind=st.sampled_from(sorted(POSTS)),
    fields=st.dictionaries(
        st.sampled_from(
            [
                "CallSid",
                "CallStatus",
                "SequenceNumber",
                "SipResponseCode",
                "Timestamp",
                "CallDuration",
                "AnsweredBy",
                "Digits",
            ]
        ),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
)
async def test_whatever_is_signed_is_events_that_can_be_stored_and_documents_of_ours_or_a_refusal(
    voice: TwilioVoice, kind: str, fields: dict[str, str]
) -> None:
    form = {"status": STATUS_FORM, "machine": MACHINE_FORM, "gather": GATHER_FORM}[kind]
    try:
        report = await read_report(voice, POSTS[kind](change(form, **fields)))
    except MalformedWebhook:
        return
    check_documents(report)
    for event in report.events:
        kept = [event.event_key, event.provider_word, event.error_code or "", event.carrier_id or ""]
        assert all("\x00" not in text and text.encode() for text in kept[:2])
        assert [len(text) <= limit for text, limit in zip(kept, (200, 64, 64, 128), strict=True)] == [True] * 4
