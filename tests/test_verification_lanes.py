"""Promises of a verification on its way: what goes out and when its time begins, lost answers, mailboxes, and silence."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from providers.carrier_socket import Carrier as Answerer
from providers.carrier_socket import compose, listen
from stage.cast import Town, found_town, settle_citizens
from stage.house import choose_settings
from stage.lane import count_handlings, open_carrier, open_shop, plan_verification, report, work

from tocsin.due import Work, list_due
from tocsin.events import HandOver
from tocsin.expiry import expire_deliveries, measure_expiries
from tocsin.identifiers import expose
from tocsin.ledger import apply_events
from tocsin.operations import list_jobs
from tocsin.records.communications import Delivery
from tocsin.records.people import Citizen, ContactPoint, Verification
from tocsin.records.work import Due
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus as S
from tocsin.times import tell_time
from tocsin.verification_proofs import make_code
from tocsin.verification_words import WORDINGS, put_into_words
from tocsin.words import AnsweredBy, Channel, Handling, Locale, SkipReason
from tocsin.writer import Writer
from tocsin_jobs.asking import ask_about_lost
from tocsin_jobs.performance import perform
from tocsin_jobs.workshop import Workshop
from tocsin_providers.twilio_voice import TwilioVoice

LASTS = measure_expiries(read_settings())
CALL = "CA" + "5d0f" * 8


@pytest.fixture
async def town(database: str) -> Town:
    town = await found_town()
    await settle_citizens(town, 1, list(Channel))
    return town


async def stage(town: Town, channel: Channel = Channel.SMS) -> tuple[Delivery, Verification]:
    if channel is not Channel.EMAIL:
        await ContactPoint.filter(address__contains="@").delete()
    delivery = await plan_verification(town.citizens[0], channel)
    return delivery, await Verification.get()


async def hand_over(town: Town, channel: Channel = Channel.SMS) -> Delivery:
    """Let the lane take one verification to its carrier."""
    delivery, _ = await stage(town, channel)
    async with open_carrier() as carrier, open_shop(carrier, channel) as shop:
        await work(shop)
    return await Delivery.get(id=delivery.id)


async def test_its_time_begins_when_it_is_handed_over(town: Town) -> None:
    _, before = await stage(town)
    assert before.expires_at is None
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:
        await work(shop)
    ends_at = (await Verification.get()).expires_at
    assert ends_at is not None
    lasts = ends_at - tell_time()
    assert timedelta(minutes=14) < lasts < timedelta(minutes=15)
    assert await count_handlings() == {Handling.TAKEN: 1}


CHANGES: dict[str, dict[str, Any]] = {
    "address": {"address": "+14185559999"},
    "verified": {"verified_at": tell_time()},
    "suppressed": {"suppressed_channels": [Channel.SMS]},
}


@pytest.mark.parametrize("change", [*CHANGES, "ended"])
async def test_what_would_prove_nothing_any_more_does_not_go_out(town: Town, change: str) -> None:
    delivery, _ = await stage(town)
    if change == "ended":
        await Verification.all().update(ended_at=tell_time())
    else:
        await ContactPoint.all().update(**CHANGES[change])
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:
        await work(shop)
        assert carrier.taken == []
    row = await Delivery.get(id=delivery.id)
    expected = SkipReason.SUPPRESSED if change == "suppressed" else SkipReason.CANCELLED
    assert (row.handling, row.skip_reason) == (Handling.SKIPPED, expected)
    assert (await Verification.get()).expires_at is None


async def test_a_lost_answer_waits_five_minutes_and_is_uncertain_then(town: Town) -> None:
    delivery, _ = await stage(town)
    await Delivery.all().update(handling=Handling.SENDING, handed_at=tell_time(), lost_at=tell_time())
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:
        for minutes, expected in ((4, Handling.SENDING), (5, Handling.UNCERTAIN)):
            ago = tell_time() - timedelta(minutes=minutes, seconds=1)
            await Delivery.all().update(lost_at=ago, handed_at=ago, asked_at=None)
            await ask_about_lost(shop)
            assert (await Delivery.get(id=delivery.id)).handling is expected
        assert carrier.taken == []


async def test_a_report_is_kept_and_silence_ends_without_a_tally(town: Town) -> None:
    delivery = await hand_over(town)
    applied = await apply_events([report(delivery.id, S.SMS_SENT)], LASTS)
    assert (applied.moved.versions, applied.moved.citizens) == ({}, [town.citizens[0].id])
    await Delivery.all().update(expires_at=tell_time() - timedelta(seconds=1))
    await expire_deliveries()
    row = await Delivery.get(id=delivery.id)
    assert (row.status, row.expired) == (S.SMS_SENT, True)
    await apply_events([report(delivery.id, S.SMS_RECEIVED)], LASTS)
    assert (await Delivery.get(id=delivery.id)).expired is False


async def test_after_the_beep_the_code_is_spoken_again_and_its_work_is_its_municipalitys(town: Town) -> None:
    delivery = await hand_over(town, Channel.CALL)
    beep = report(delivery.id, S.CALL_VOICEMAIL)
    await apply_events([replace(beep, after_beep=True, answered_by=AnsweredBy.MACHINE, carrier_id=CALL)], LASTS)
    assert (await Delivery.get(id=delivery.id)).reached_at is not None
    await Due.filter(kind=Work.RESTART).update(dead_at=tell_time())
    assert [job.subject_id for job in await list_jobs(9, town.municipality.id)] == [expose("delivery", delivery.id)]
    assert await list_jobs(9, (await found_town("port-alder")).municipality.id) == []
    await Due.filter(kind=Work.RESTART).update(dead_at=None)
    twiml = await restart()
    code = make_code(choose_settings(1).tocsin_secret, (await Verification.get()).id)
    assert twiml.count(f"Votre code est : {', '.join(code)}.") == 2
    assert "Gather" not in twiml


async def restart() -> str:
    """Do what is due with a carrier for calls; return what it was given to speak."""
    answerer = Answerer(compose(200, {"sid": CALL, "status": "in-progress"}))
    async with listen(answerer) as port, httpx2.AsyncClient(trust_env=False) as client:
        settings = choose_settings(1, twilio_base_url=f"http://127.0.0.1:{port}")
        writer = Writer(LASTS, lambda moved: None)
        shop = Workshop(
            settings, writer, lambda moved: None, {Channel.CALL: TwilioVoice(settings, client)}, tell_time
        )  # fmt: skip
        for due_id in await list_due():
            await perform(shop, due_id)
    [form] = answerer.forms
    return str(form["Twiml"][0])


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize("channel", list(Channel))
def test_every_language_has_words_for_every_channel(locale: Locale, channel: Channel) -> None:
    key = Citizen().id
    settings = choose_settings(1)
    given = HandOver(key, "delivery-1", "", "", locale=locale, verification_id=key, municipality="Sainte-Rive")
    made = put_into_words(given, channel, settings)
    assert set(WORDINGS) == set(Locale)
    assert "Sainte-Rive" in made.text
    assert (made.subject is not None) is (channel is Channel.EMAIL)
    digits = "".join(character for character in made.text if character.isdigit())
    assert make_code(settings.tocsin_secret, key) in digits or channel is Channel.EMAIL
    assert put_into_words(replace(given, verification_id=None, text="Évacuez."), channel, settings).text == "Évacuez."
