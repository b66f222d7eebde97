"""What Twilio posts about a call: each row of the tables, who may say it, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from providers.twilio_forms import ACCOUNT, DELIVERY, QUERY, change
from providers.voice_forms import (
    CALL,
    FETCH_FORM,
    GATHER_FORM,
    MACHINE_FORM,
    STATUS_FORM,
    open_voice,
    post_fetch,
    post_gather,
    post_machine,
    post_status,
    read_events,
)
from twilio.rest.api.v2010.account.call import CallInstance  # type: ignore[import-untyped]

from tocsin.events import Event
from tocsin.statuses import MEANINGS, DeliveryStatus
from tocsin.words import AnsweredBy, Channel, Standing
from tocsin_providers.twilio_answers import DEAD_CODES
from tocsin_providers.twilio_voice import TwilioVoice
from tocsin_providers.twilio_voice_words import (
    ANSWERERS,
    DEAD_SIP_CODES,
    ENDINGS,
    MISSED_WORDS,
    STATUS_BY_SIP,
    WORDS,
)

S = DeliveryStatus
SECOND = datetime(2026, 11, 23, 22, 41, 44, tzinfo=UTC)
PROGRESS = {
    "queued": S.CALL_QUEUED,
    "initiated": S.CALL_STARTED,
    "ringing": S.CALL_RINGING,
    "in-progress": S.CALL_IN_PROGRESS,
    "no-answer": S.CALL_NO_ANSWER,
    "busy": S.CALL_BUSY,
    "failed": S.CALL_FAILED,
    "canceled": S.CALL_FAILED,
    "completed": S.CALL_COMPLETED,
}
"""The table once more, by hand."""


@pytest.fixture(scope="module")
def voice() -> TwilioVoice:
    return open_voice()


async def tell(voice: TwilioVoice, **fields: str | None) -> Event:
    (event,) = await read_events(voice, post_status(change(STATUS_FORM, **fields)))
    return event


async def test_a_status_callback_becomes_one_event(voice: TwilioVoice) -> None:
    assert await read_events(voice, post_status()) == [
        Event(
            event_key=f"twilio_voice:{CALL}:completed:3",
            provider="twilio_voice",
            account=ACCOUNT,
            delivery_id=DELIVERY,
            provider_word="completed",
            status=S.CALL_COMPLETED,
            occurred_at=SECOND,
            carrier_id=CALL,
            ended=True,
            duration=37,
        )
    ]
    assert (voice.channel, voice.account, voice.sender) == (Channel.CALL, ACCOUNT, "+14185550100")


@pytest.mark.parametrize(("word", "status"), PROGRESS.items())
async def test_each_word_moves_to_its_status(voice: TwilioVoice, word: str, status: DeliveryStatus) -> None:
    event = await tell(voice, CallStatus=word, SipResponseCode=None, CallDuration=None)
    assert (event.status, event.provider_word, event.error_code) == (status, word, None)
    assert event.ended is (word in {"no-answer", "busy", "failed", "canceled", "completed"})
    assert not event.dead


def test_the_table_knows_every_word_of_twilios_library_and_every_status_but_those_of_answerers_and_keys() -> None:
    published = {word for name, word in vars(CallInstance.Status).items() if not name.startswith("_")}
    assert set(WORDS) == set(PROGRESS) == published | {"initiated"}
    calls = {status for status in S if status.channel is Channel.CALL}
    detected = {answerer.status for answerer in ANSWERERS.values()}
    assert set(WORDS.values()) | detected | {S.CALL_CONFIRMED} == calls


def test_a_call_is_over_where_its_status_is_not_pending() -> None:
    over = {word for word, status in WORDS.items() if MEANINGS[status].standing is not Standing.PENDING}
    assert over == ENDINGS
    assert {word for word in over if MEANINGS[WORDS[word]].standing is Standing.MISSED} == MISSED_WORDS


async def test_failed_with_sips_480_is_no_answer(voice: TwilioVoice) -> None:
    event = await tell(voice, CallStatus="failed", SipResponseCode="480")
    assert (event.status, event.error_code, event.dead) == (S.CALL_NO_ANSWER, "sip-480", False)
    assert {("failed", "480"): S.CALL_NO_ANSWER} == STATUS_BY_SIP


@pytest.mark.parametrize("sip", ["404", "410", "604"])
async def test_failed_because_nobody_has_the_number_is_dead(voice: TwilioVoice, sip: str) -> None:
    event = await tell(voice, CallStatus="failed", SipResponseCode=sip)
    assert (event.status, event.error_code, event.dead) == (S.CALL_FAILED, f"sip-{sip}", True)
    assert {"404", "410", "604"} == DEAD_SIP_CODES


@pytest.mark.parametrize(
    ("word", "sip", "status"),
    [
        ("failed", "503", S.CALL_FAILED),
        ("failed", "487", S.CALL_FAILED),
        ("no-answer", "487", S.CALL_NO_ANSWER),
        ("no-answer", "480", S.CALL_NO_ANSWER),
        ("no-answer", "404", S.CALL_NO_ANSWER),
        ("busy", "486", S.CALL_BUSY),
        ("busy", "404", S.CALL_BUSY),
        ("canceled", "487", S.CALL_FAILED),
    ],
)
async def test_other_codes_of_sip_are_kept_and_move_nothing(
    voice: TwilioVoice, word: str, sip: str, status: DeliveryStatus
) -> None:
    event = await tell(voice, CallStatus=word, SipResponseCode=sip)
    assert (event.status, event.error_code, event.dead) == (status, f"sip-{sip}", False)


@pytest.mark.parametrize("code", [*sorted(DEAD_CODES[Channel.CALL]), "21215", "32203"])
async def test_twilios_own_code_goes_before_sips(voice: TwilioVoice, code: str) -> None:
    event = await tell(voice, CallStatus="failed", SipResponseCode="503", ErrorCode=code)
    assert event.error_code == "sip-503"  # the field was not there to be changed
    (event,) = await read_events(
        voice, post_status([*change(STATUS_FORM, CallStatus="failed", SipResponseCode="503"), ("ErrorCode", code)])
    )
    assert (event.error_code, event.dead) == (code, code in DEAD_CODES[Channel.CALL])


async def test_a_call_that_was_answered_has_no_error_and_is_not_dead(voice: TwilioVoice) -> None:
    event = await tell(voice, SipResponseCode="404")
    assert (event.error_code, event.dead) == (None, False)


ANSWERED = {
    "human": (S.CALL_IN_PROGRESS, AnsweredBy.HUMAN, False, False),
    "unknown": (S.CALL_IN_PROGRESS, AnsweredBy.UNKNOWN, False, False),
    "machine_start": (S.CALL_VOICEMAIL, AnsweredBy.MACHINE, False, False),
    "machine_end_beep": (S.CALL_VOICEMAIL, AnsweredBy.MACHINE, True, False),
    "machine_end_silence": (S.CALL_VOICEMAIL, AnsweredBy.MACHINE, True, False),
    "machine_end_other": (S.CALL_VOICEMAIL, AnsweredBy.MACHINE, True, False),
    "fax": (S.CALL_FAX, AnsweredBy.FAX, False, True),
}


@pytest.mark.parametrize(("word", "facts"), ANSWERED.items())
async def test_each_answerer_is_told_with_what_follows(
    voice: TwilioVoice, word: str, facts: tuple[DeliveryStatus, AnsweredBy, bool, bool]
) -> None:
    (event,) = await read_events(voice, post_machine(change(MACHINE_FORM, AnsweredBy=word)))
    assert (event.status, event.answered_by, event.after_beep, event.dead) == facts
    assert event == Event(
        event_key=f"twilio_voice:{CALL}:answered:{word}",
        provider="twilio_voice",
        account=ACCOUNT,
        delivery_id=DELIVERY,
        provider_word=word,
        status=facts[0],
        carrier_id=CALL,
        answered_by=facts[1],
        after_beep=facts[2],
        dead=facts[3],
    )
    assert not event.ended


def test_of_several_answerers_fax_goes_before_machine_before_human_before_unknown() -> None:
    assert set(ANSWERED) == set(ANSWERERS)
    assert AnsweredBy.FAX > AnsweredBy.MACHINE > AnsweredBy.HUMAN > AnsweredBy.UNKNOWN


@pytest.mark.parametrize("kind", ["status", "gather", "fetch"])
async def test_who_answered_is_read_wherever_it_appears(voice: TwilioVoice, kind: str) -> None:
    said = ("AnsweredBy", "machine_end_beep")
    webhook = {
        "status": post_status([*STATUS_FORM, said]),
        "gather": post_gather([*GATHER_FORM, said]),
        "fetch": post_fetch([*FETCH_FORM, said], query=""),
    }[kind]
    first, second = await read_events(voice, webhook)
    assert first.answered_by is None
    (alone,) = await read_events(voice, post_machine())
    assert replace(second, delivery_id=DELIVERY) == alone


@pytest.mark.parametrize(
    ("digits", "status", "word", "tail"),
    [
        ("1", S.CALL_CONFIRMED, "digit 1", "1"),
        ("2", S.CALL_IN_PROGRESS, "digit 2", "2"),
        ("0", S.CALL_IN_PROGRESS, "digit 0", "0"),
        ("*", S.CALL_IN_PROGRESS, "digit *", "*"),
        ("11", S.CALL_IN_PROGRESS, "digit 11", "11"),
        ("", S.CALL_IN_PROGRESS, "no digit", ""),
        ("١", S.CALL_IN_PROGRESS, "no digit", ""),
        ("1 ", S.CALL_IN_PROGRESS, "no digit", ""),
        ("hello", S.CALL_IN_PROGRESS, "no digit", ""),
    ],
)
async def test_only_the_key_1_confirms_and_every_other_answer_says_that_somebody_is_there(
    voice: TwilioVoice, digits: str, status: DeliveryStatus, word: str, tail: str
) -> None:
    (event,) = await read_events(voice, post_gather(change(GATHER_FORM, Digits=digits)))
    assert (event.status, event.provider_word, event.event_key) == (status, word, f"twilio_voice:{CALL}:gather:{tail}")
    assert (event.ended, event.dead, event.after_beep) == (False, False, False)


async def test_the_same_key_pressed_again_is_the_same_event(voice: TwilioVoice) -> None:
    again = post_gather(query=f"{QUERY}&locale=en&asked=3&waited=2&digits=1")
    assert await read_events(voice, again) == await read_events(voice, post_gather())


async def test_a_call_that_asks_for_its_document_has_been_answered(voice: TwilioVoice) -> None:
    (event,) = await read_events(voice, post_fetch(query=""))
    assert (event.status, event.provider_word, event.event_key) == (
        S.CALL_IN_PROGRESS,
        "fetched",
        f"twilio_voice:{CALL}:fetched",
    )


@pytest.mark.parametrize("word", ["teleported", "COMPLETED", "answered", "x" * 64])
async def test_a_word_without_status_is_kept_as_sent_and_moves_nothing(voice: TwilioVoice, word: str) -> None:
    event = await tell(voice, CallStatus=word)
    assert (event.status, event.provider_word, event.ended, event.duration) == (None, word, False, None)
    (event,) = await read_events(voice, post_machine(change(MACHINE_FORM, AnsweredBy=word)))
    assert (event.status, event.provider_word, event.answered_by) == (None, word, None)
    assert len(event.event_key) <= 200


async def test_events_of_one_call_have_keys_of_their_own(voice: TwilioVoice) -> None:
    webhooks = [
        post_status(change(STATUS_FORM, CallStatus=word, SequenceNumber=str(n))) for word in WORDS for n in (0, 1)
    ]
    webhooks += [post_machine(change(MACHINE_FORM, AnsweredBy=word)) for word in ANSWERERS]
    webhooks += [post_gather(change(GATHER_FORM, Digits=digits)) for digits in ("", "1", "2", "#")]
    keys = [event.event_key for webhook in webhooks for event in await read_events(voice, webhook)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("text", "instant"), [("Mon, 23 Nov 2026 22:41:44 +0000", SECOND), ("", None), ("soon", None), ("x" * 64, None)]
)
async def test_the_carriers_clock_is_kept_where_it_can_be_read(
    voice: TwilioVoice, text: str, instant: datetime | None
) -> None:
    assert (await tell(voice, Timestamp=text)).occurred_at == instant


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("37", 37), ("", None), ("-1", None), ("1.5", None), ("9" * 10, None)]
)
async def test_the_duration_is_in_seconds(voice: TwilioVoice, text: str, seconds: int | None) -> None:
    assert (await tell(voice, CallDuration=text)).duration == seconds


@pytest.mark.parametrize("query", ["", "delivery=", "delivery=recipient-" + DELIVERY.hex, f"{QUERY}&{QUERY}"])
async def test_a_callback_that_names_no_delivery_has_none(voice: TwilioVoice, query: str) -> None:
    for webhook in (post_status(query=query), post_machine(query=query), post_gather(query=query)):
        (event,) = await read_events(voice, webhook)
        assert event.delivery_id is None
