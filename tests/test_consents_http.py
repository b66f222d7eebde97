"""Promises about citizens' own texts over real HTTP, written and signed by the simulated carrier, and what follows at once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import httpx2
import pytest
from stage.carrier import Carrier, open_carrier
from stage.cast import Town, count_rows, draft, found_town, send_now, settle_citizens
from stage.house import TOKEN, open_house
from stage.polling import until
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tocsin.embedded import EmbeddedPostgres
from tocsin.records.communications import Communication, Delivery, Tally
from tocsin.records.people import ConsentEvent, ContactPoint
from tocsin.settings import Settings
from tocsin.words import CommunicationState, Handling, SkipReason

ALINE, CHANTAL = "+14185550000", "+14185550006"
FAST = {"tocsin_speed": 600.0, "twilio_messages_per_second": 400.0}


@dataclass
class Scene:
    """A town, its server and the carrier that both texts go through."""

    town: Town
    carrier: Carrier
    settings: Settings

    async def write(self, body: str, number: str = ALINE, **fields: str) -> list[int | str]:
        """Let a citizen write to our number; return how the server answered."""
        url = f"{self.settings.public_url}/webhooks/twilio/messaging/inbound"
        statuses: list[int | str] = (await self.carrier.write(body, url=url, number=number, **fields))["statuses"]
        return statuses

    async def alert(self) -> Communication:
        """Send a text to everybody and wait until it is over."""
        communication = await draft(self.town)
        await send_now(communication)
        await until(lambda: Communication.filter(id=communication.id, state=CommunicationState.COMPLETED).count())
        return communication

    async def wait_for_chantal(self) -> None:
        """Wait until it is known that the carrier blocks her number, which may be a moment after her text is over."""
        await until(lambda: ContactPoint.filter(address=CHANTAL, suppressed_channels__contains=[2]).count())


@pytest.fixture
async def scene(database_url: str) -> AsyncIterator[Scene]:
    async with (
        open_carrier(600) as carrier,
        open_house(database_url, working=True, twilio_base_url=carrier.url, **FAST) as settings,
    ):
        town = await found_town()
        await settle_citizens(town, 8)
        yield Scene(town, carrier, settings)


async def test_a_stop_holds_before_it_is_acknowledged_and_a_start_lifts_it(scene: Scene) -> None:
    assert await scene.write("Arrêt") == [200]
    assert (await ContactPoint.get(address=ALINE)).suppressed_channels == [2]
    assert await scene.write("START") == [200]
    assert (await ContactPoint.get(address=ALINE)).suppressed_channels == []
    assert await count_rows("consent_event") == 2


async def test_nothing_goes_to_whoever_said_stop(scene: Scene) -> None:
    await scene.write("STOP")
    communication = await scene.alert()
    skipped = await Delivery.get(communication_id=communication.id, address=ALINE)
    assert (skipped.handling, skipped.skip_reason) == (Handling.SKIPPED, SkipReason.SUPPRESSED)
    texts = [entry for entry in await scene.carrier.ledger() if entry["direction"] == "outbound"]
    assert len(texts) == 6, "two of eight: Aline, and Chantal whom the carrier itself blocks"


async def test_a_number_that_the_carrier_blocks_is_suppressed_here_from_then_on(scene: Scene) -> None:
    communication = await scene.alert()
    assert (await Delivery.get(communication_id=communication.id, address=CHANTAL)).error_code == "21610"
    await scene.wait_for_chantal()
    second = await scene.alert()
    assert (await Delivery.get(communication_id=second.id, address=CHANTAL)).handling is Handling.SKIPPED
    await scene.write("START", CHANTAL)
    third = await scene.alert()
    assert (await Delivery.get(communication_id=third.id, address=CHANTAL)).handling is Handling.TAKEN


async def test_who_is_eligible_follows_what_citizens_write(scene: Scene) -> None:
    communication = await scene.alert()
    await scene.wait_for_chantal()
    before = await Tally.get(communication_id=communication.id)
    missed = Delivery.filter(communication_id=communication.id, status__lt=260).exclude(address=CHANTAL)
    await scene.write("STOP", (await missed)[0].address)
    after = await Tally.get(communication_id=communication.id)
    assert (after.eligible, after.version) == (before.eligible - 1, before.version + 1)


async def test_any_other_text_is_acknowledged_and_leaves_no_trace(scene: Scene) -> None:
    assert await scene.write("Est-ce que mon chat peut rester?") == [200]
    assert await scene.write("HELP") == [200]
    assert await count_rows("consent_event") == 0


async def test_a_stop_to_another_number_of_the_account_is_kept_for_that_one(scene: Scene) -> None:
    await scene.write("STOP", to="+14185550199")
    assert [each.sender for each in await ConsentEvent.all()] == ["+14185550199"]
    assert (await ContactPoint.get(address=ALINE)).suppressed_channels == []


async def test_a_forged_stop_is_refused(scene: Scene) -> None:
    url = f"{scene.settings.public_url}/webhooks/twilio/messaging/inbound"
    form = {
        "AccountSid": scene.settings.twilio_account_sid,
        "MessageSid": "SM" + "1" * 32,
        "From": ALINE,
        "Body": "STOP",
    }
    async with httpx2.AsyncClient(timeout=30) as client:
        answer = await client.post(url, data={**form, "To": "+14185550100"}, headers={"X-Twilio-Signature": "forged"})
    assert (answer.status_code, await count_rows("consent_event")) == (403, 0)


async def test_the_answer_is_an_empty_document_for_twilio(scene: Scene) -> None:
    url = f"{scene.settings.public_url}/webhooks/twilio/messaging/inbound"
    form = {"AccountSid": scene.settings.twilio_account_sid, "MessageSid": "SM" + "1" * 32, "From": ALINE, "To": "+1"}
    signature = RequestValidator(TOKEN).compute_signature(url, form)
    async with httpx2.AsyncClient(timeout=30) as client:
        answer = await client.post(url, data=form, headers={"X-Twilio-Signature": signature})
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (200, "text/xml", "<Response/>")


async def test_while_the_database_is_away_no_stop_is_acknowledged(
    postgres: EmbeddedPostgres, database_url: str, scene: Scene
) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    keeper = await asyncpg.connect(postgres.url("postgres"))
    await keeper.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    await keeper.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    assert await scene.write("STOP") == [503]
    await keeper.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
    await keeper.close()
    assert await scene.write("STOP") == [200]
    assert (await ContactPoint.get(address=ALINE)).suppressed_channels == [2]
