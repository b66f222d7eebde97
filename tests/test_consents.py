"""Promises about STOP and START: kept once, for that sender and number, wherever the number is known."""

import pytest
from stage.cast import (
    count_rows,
    found_town,
    settle_citizens,
)
from stage.consenting import BRUNO, SENDER, SENDERS, keep, read_suppressed, start, stop

from tocsin.consents import keep_consents, list_senders
from tocsin.settings import read_settings
from tocsin.words import Channel

pytestmark = pytest.mark.usefixtures("database")


async def test_stop_suppresses_the_number_in_every_municipality_and_start_frees_it() -> None:
    for slug in ("sainte-rive", "port-alder"):
        await settle_citizens(await found_town(slug), 2)
    await keep(stop())
    assert (await read_suppressed(), await read_suppressed(BRUNO)) == ([[2], [2]], [[], []])
    await keep(start())
    assert (await read_suppressed(), await count_rows("suppression")) == ([[], []], 0)
    assert await count_rows("consent_event") == 2


async def test_the_same_text_told_twice_is_kept_once_and_does_not_undo_what_came_after() -> None:
    await settle_citizens(await found_town(), 1)
    first = stop(key="SM1")
    await keep(first)
    await keep(start())
    assert (await keep(first)).versions == {}
    assert (await read_suppressed(), await count_rows("consent_event")) == ([[]], 2)


async def test_a_stop_to_another_sender_leaves_the_number_usable_for_us() -> None:
    await settle_citizens(await found_town(), 1)
    await keep(stop(sender="+15145550100"))
    assert (await read_suppressed(), await count_rows("suppression")) == ([[]], 1)
    await keep(stop())
    await keep(start(sender="+15145550100"))
    assert await read_suppressed() == [[2]]


async def test_a_stop_to_texts_leaves_calls() -> None:
    await settle_citizens(await found_town(), 1, [Channel.CALL, Channel.SMS])
    await keep(stop())
    assert await read_suppressed() == [[Channel.SMS]]


async def test_a_complaint_about_an_email_suppresses_that_address() -> None:
    await settle_citizens(await found_town(), 1, [Channel.SMS, Channel.EMAIL])
    sender = "alertes@exemple.test"
    complaint = stop("citizen0@exemple.test", sender=sender, channel=Channel.EMAIL)
    await keep_consents([complaint], {**SENDERS, Channel.EMAIL: sender})
    assert (await read_suppressed("citizen0@exemple.test"), await read_suppressed()) == ([[Channel.EMAIL]], [[]])


async def test_a_number_that_nobody_has_is_remembered() -> None:
    await keep(stop("+14185559999"))
    assert (await count_rows("suppression"), await count_rows("consent_event")) == (1, 1)


async def test_of_several_words_in_one_report_the_last_holds() -> None:
    await settle_citizens(await found_town(), 1)
    await keep(stop(), start(), stop())
    assert (await read_suppressed(), await count_rows("consent_event")) == ([[2]], 3)


@pytest.mark.parametrize(
    ("chosen", "senders"),
    [
        ({}, {}),
        ({"twilio_from": SENDER}, {Channel.CALL: SENDER, Channel.SMS: SENDER}),
        (
            {"twilio_from": SENDER, "twilio_messaging_service_sid": "MG1", "ses_from": "a@exemple.test"},
            {Channel.CALL: SENDER, Channel.SMS: "MG1", Channel.EMAIL: "a@exemple.test"},
        ),
    ],
)
def test_the_sender_is_what_citizens_see(chosen: dict[str, str], senders: dict[Channel, str]) -> None:
    nothing = {"twilio_from": None, "twilio_messaging_service_sid": None, "ses_from": None}
    assert list_senders(read_settings(**{**nothing, **chosen})) == senders
