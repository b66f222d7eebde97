"""Who may tell about calls: what his account has signed, and what is refused although it is signed."""

from dataclasses import replace

import pytest
from providers.twilio_forms import PREVIOUS, change, post
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

from tocsin.statuses import DeliveryStatus
from tocsin_providers.twilio_voice import TwilioVoice
from tocsin_providers.webhook import ForgedWebhook, MalformedWebhook, Webhook


@pytest.fixture(scope="module")
def voice() -> TwilioVoice:
    return open_voice()


@pytest.mark.parametrize("webhook", [post_status(), post_machine(), post_gather(), post_fetch(query="")])
@pytest.mark.parametrize("change_", ["unsigned", "other token", "other query", "other path", "other account"])
async def test_what_its_account_has_not_signed_is_forged(voice: TwilioVoice, webhook: Webhook, change_: str) -> None:
    forged = {
        "unsigned": replace(webhook, headers={b"content-type": webhook.headers[b"content-type"]}),
        "other token": replace(
            post(token="wrong", path=webhook.path, query=webhook.raw_query.decode()), body=webhook.body
        ),
        "other query": replace(webhook, raw_query=webhook.raw_query + b"&asked=1"),
        "other path": replace(webhook, path=webhook.path + "/"),
        "other account": post([("AccountSid", "AC" + "9" * 32), ("CallSid", CALL)], path=webhook.path),
    }[change_]
    with pytest.raises(ForgedWebhook):
        await voice.readers()[webhook.path](forged)


async def test_the_token_of_yesterday_still_signs(voice: TwilioVoice) -> None:
    webhook = post(GATHER_FORM, token=PREVIOUS, path=post_gather().path, query="locale=fr")
    assert (await read_events(voice, webhook))[0].status is DeliveryStatus.CALL_CONFIRMED


@pytest.mark.parametrize(
    "webhook",
    [
        post_status(change(STATUS_FORM, CallSid=None)),
        post_status(change(STATUS_FORM, CallSid="SM" + "0b7e" * 8)),
        post_status(change(STATUS_FORM, CallSid=CALL.upper())),
        post_status(change(STATUS_FORM, CallSid=CALL + "\n")),
        post_status(change(STATUS_FORM, CallStatus=None)),
        post_status(change(STATUS_FORM, CallStatus="")),
        post_status(change(STATUS_FORM, CallStatus="x" * 65)),
        post_status([*STATUS_FORM, ("CallStatus", "busy")]),
        post_machine(change(MACHINE_FORM, AnsweredBy=None)),
        post_machine(change(MACHINE_FORM, AnsweredBy="")),
        post_machine(change(MACHINE_FORM, AnsweredBy="fax\x00")),
        post_machine(change(MACHINE_FORM, CallSid=None)),
        post_gather(change(GATHER_FORM, CallSid=None)),
        post_gather(change(GATHER_FORM, Digits="1" * 65)),
        post_gather([*GATHER_FORM, ("Digits", "2")]),
        post_fetch(change(FETCH_FORM, CallSid=None)),
    ],
)
async def test_a_signed_form_that_tells_of_no_call_is_malformed(voice: TwilioVoice, webhook: Webhook) -> None:
    with pytest.raises(MalformedWebhook) as refused:
        await voice.readers()[webhook.path](webhook)
    assert "555" not in str(refused.value)
