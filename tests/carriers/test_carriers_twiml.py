"""TwiML alone: what is read from a document, and how it plays in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import Gather as MadeGather  # type: ignore[import-untyped]
from twilio.twiml.voice_response import VoiceResponse

from tocsin_carriers.twiml import Gather, Hangup, Redirect, Sound, TwimlError, parse
from tocsin_carriers.twiml_performance import Gathered, Spoken, perform


def test_what_twilios_own_library_writes_is_read() -> None:
    response = VoiceResponse()
    gather = MadeGather(action="/gather?a=1&b=2", num_digits=1, timeout=7, finish_on_key="*")
    gather.say("Bonjour à tous & bonne journée", language="fr-CA", voice="Polly.Gabrielle")
    gather.pause(length=2)
    response.append(gather)
    response.play("http://127.0.0.1/siren.mp3", loop=2)
    response.play(digits="ww1")
    response.say("Hello")
    response.redirect("http://127.0.0.1/next?a=1&b=2")
    response.hangup()
    assert parse(str(response).encode()) == (
        Gather(
            action="/gather?a=1&b=2",
            num_digits=1,
            timeout=7.0,
            finish_on_key="*",
            on_empty=False,
            prompt=(Sound(30 / 14, "fr-CA"), Sound(2.0)),
        ),
        Sound(10.0),
        Sound(1.5),
        Sound(1.0, "en-US"),
        Redirect("http://127.0.0.1/next?a=1&b=2"),
        Hangup(),
    )


def test_speech_marks_are_part_of_what_is_said() -> None:
    document = b"<Response><Say>Ceci est <prosody rate='slow'>un exercice</prosody>.<break/></Say></Response>"
    assert parse(document) == (Sound(len("Ceci est un exercice.") / 14, "en-US"),)


@pytest.mark.parametrize(
    "verb",
    [
        '<Say language="no language">a</Say>',
        '<Say loop="-1">a</Say>',
        '<Pause length="x"/>',
        '<Pause length="1.5"/>',
        "<Play/>",
        '<Gather numDigits="0"/>',
        '<Gather timeout="auto"/>',
        '<Gather finishOnKey="A"/>',
        '<Gather input="speech"/>',
        '<Gather method="GET"/>',
        "<Redirect/>",
        "<say>a</say>",
    ],
)
def test_an_attribute_that_makes_no_sense_is_refused(verb: str) -> None:
    with pytest.raises(TwimlError) as raised:
        parse(f"<Response>{verb}</Response>".encode())
    assert raised.value.code == 12200


def read(document: bytes) -> object:
    """The verbs, or the number of what is wrong."""
    try:
        return parse(document)
    except TwimlError as error:
        return error.code


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: f"<Response>{text}".encode())))
def test_whatever_is_given_is_a_document_or_refused_with_a_number(document: bytes) -> None:
    assert isinstance(read(document), tuple | int)


def gather(**attributes: str) -> tuple[Gather]:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    verbs = parse(f"<Response><Gather{written}><Say>{'a' * 28}</Say></Gather></Response>".encode())
    assert isinstance(verbs[0], Gather)
    return (verbs[0],)


@pytest.mark.parametrize(
    ("attributes", "key", "at", "gathered"),
    [
        ({"numDigits": "1"}, "1", 12.0 + 0.5 * 5, ("1", "")),
        ({"numDigits": "1", "timeout": "10"}, "1", 12.0 + 0.5 * 10, ("1", "")),
        ({}, "1", 12.0 + 0.5 * 5 + 1, ("1", "#")),
        ({"finishOnKey": ""}, "1", 12.0 + 0.5 * 5 + 5, ("1", "")),
        ({"numDigits": "1"}, None, 17.0, None),
        ({"numDigits": "1", "actionOnEmptyResult": "true"}, None, 17.0, ("", "")),
        ({"finishOnKey": "1"}, "1", 17.0, None),
        ({"finishOnKey": "1", "actionOnEmptyResult": "true"}, "1", 17.0, ("", "")),
    ],
)
def test_a_gather_ends_with_its_digits_its_key_or_its_patience(
    attributes: dict[str, str], key: str | None, at: float, gathered: tuple[str, str] | None
) -> None:
    performance = perform(gather(**attributes), 10.0, presses=key, reaction=0.5)
    assert performance.at == pytest.approx(at)
    assert performance.spoken == (Spoken(12.0, "en-US"),)
    assert performance.then == (gathered and Gathered(None, *gathered))


def test_nothing_after_a_hangup_or_a_redirect_is_heard() -> None:
    for verb in ("<Hangup/>", "<Redirect>/next</Redirect>"):
        verbs = parse(f"<Response><Pause/>{verb}<Say>a</Say></Response>".encode())
        performance = perform(verbs, 0.0, presses=None, reaction=0.5)
        assert (performance.spoken, performance.at) == ((), 1.0)


sounds = st.builds(Sound, st.floats(0, 1000), st.sampled_from([None, "fr-CA", "en-CA"]))


@given(st.lists(sounds, max_size=20), st.floats(0, 1000))
def test_time_never_runs_back_while_a_document_plays(verbs: list[Sound], at: float) -> None:
    performance = perform(verbs, at, presses="1", reaction=0.5)
    instants = [spoken.until for spoken in performance.spoken]
    assert [at, *instants, performance.at] == sorted([at, *instants, performance.at])
    assert len(instants) == sum(verb.language is not None for verb in verbs)
