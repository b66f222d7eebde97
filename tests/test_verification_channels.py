"""Verifying an address from end to end: server, jobs and simulated carriers over HTTP, and the result over a WebSocket."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from live.control_room import PROTOCOL, Console
from stage.asking import CONFIRM, FOLLOW, RESEND, UPDATE
from stage.carriers_settings import describe_carriers
from stage.cast import Town, found_town, make_citizen
from stage.house import open_house
from stage.received import SPOKEN_CODE, WRITTEN_CODE, read_call, read_link, read_text
from stage.simulator import Carriers, open_carriers
from websockets.asyncio.client import connect

from tocsin.identifiers import expose
from tocsin.records.communications import Tally
from tocsin.records.people import AuditEntry, Citizen, ContactPoint
from tocsin.settings import Settings
from tocsin.times import tell_time
from tocsin.words import Channel, Locale, Role
from tocsin_server.authentication import issue_token


@dataclass
class Desk:
    """An operator with a client and an open console that follows one citizen."""

    settings: Settings
    carriers: Carriers
    client: httpx2.AsyncClient
    console: Console
    citizen: Citizen
    point: str

    async def ask(self, document: str, **variables: Any) -> Any:
        body = {"query": document, "variables": variables}
        answer = (await self.client.post("/graphql", json=body)).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def follow(self) -> dict[str, Any]:
        """Return the one contact point as the subscription tells of it next."""
        [point] = (await self.console.next("citizenChanged"))["contactPoints"]
        return dict(point)

    async def follow_until(self, status: str) -> dict[str, Any]:
        """Return the contact point once it is told that its verification has this status."""
        return await self.follow_to(lambda point: (point["verification"] or {}).get("status") == status)

    async def follow_to(self, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the contact point once it is told of it so; a value may be told twice."""
        point = await self.follow()
        while not true(point):
            point = await self.follow()
        return point


@asynccontextmanager
async def open_desk(database_url: str, address: str, *channels: Channel, **knobs: Any) -> AsyncIterator[Desk]:
    async with (
        open_carriers(**knobs) as carriers,
        open_house(database_url, working=True, **describe_carriers(carriers)) as settings,
    ):
        events = f"{settings.public_url}/webhooks/ses"
        await carriers.client.post(f"{carriers.url}/simulator/subscribe", json={"url": events})
        citizen, point = await settle(await found_town(), address, channels)
        token = issue_token(
            settings, municipality="sainte-rive", subject="odile", name="Odile", role=Role.OPERATOR, now=tell_time(),
            lifetime=timedelta(hours=1),
        )  # fmt: skip
        socket_url = f"{settings.public_url.replace('http', 'ws')}/graphql"
        async with (
            httpx2.AsyncClient(
                base_url=settings.public_url, headers={"Authorization": f"Bearer {token}"}, timeout=30
            ) as client,
            connect(socket_url, subprotocols=[PROTOCOL]) as connection,  # type: ignore[list-item]
        ):
            console = Console(connection)
            await console.greet(f"Bearer {token}")
            await console.subscribe(FOLLOW, id=expose("citizen", citizen.id))
            desk = Desk(settings, carriers, client, console, citizen, expose("contact-point", point.id))
            assert (await desk.follow())["verification"] is None
            yield desk


async def settle(town: Town, address: str, channels: tuple[Channel, ...]) -> tuple[Citizen, ContactPoint]:
    citizen = make_citizen(town, "Aline", "Tremblay")
    await citizen.save(force_create=True)
    return citizen, await ContactPoint.create(citizen=citizen, address=address, channels=list(channels))


async def test_a_call_speaks_the_code_twice_and_the_code_verifies(database_url: str) -> None:
    async with open_desk(database_url, "+14185552412", Channel.CALL, Channel.SMS) as desk:
        await desk.ask(RESEND, point=desk.point, channel="CALL")
        point = await desk.follow_until("CALL_COMPLETED")
        assert point["verification"]["channel"] == "CALL"
        said = read_call(desk.carriers)
        codes = SPOKEN_CODE.findall(" ".join(said))
        assert len(codes) == 2, said
        assert codes[0] == codes[1]
        await desk.ask(CONFIRM, point=desk.point, code=codes[0].replace(", ", ""))
        await desk.follow_to(lambda point: point["verifiedAt"] is not None)


async def test_a_voice_mailbox_gets_the_code_after_its_beep(database_url: str) -> None:
    async with open_desk(database_url, "+14185552004", Channel.CALL, speed=20.0) as desk:
        await desk.ask(RESEND, point=desk.point, channel="CALL")
        await desk.follow_until("CALL_VOICEMAIL")  # slow enough that a mailbox still records when it is spoken to
        await desk.carriers.settle()
        [begun_again] = [line["begunAgain"] for line in await desk.carriers.ledger() if "begunAgain" in line]
        assert begun_again
        assert SPOKEN_CODE.search(read_call(desk.carriers)[-1])


async def test_a_text_carries_the_code_in_the_citizens_language_and_counts_nowhere(database_url: str) -> None:
    async with open_desk(database_url, "+14185553401", Channel.SMS) as desk:
        await Citizen.filter(id=desk.citizen.id).update(locale=Locale.EN)
        await desk.ask(RESEND, point=desk.point, channel="SMS")
        point = await desk.follow_until("SMS_RECEIVED")
        lasts = datetime.fromisoformat(point["verification"]["expiresAt"]) - tell_time()
        assert timedelta(minutes=14) < lasts < timedelta(minutes=15)
        text = read_text(desk.carriers)
        assert text.startswith("Sainte-Rive: your verification code is ")
        [code] = WRITTEN_CODE.findall(text)
        await desk.ask(CONFIRM, point=desk.point, code=code)
        await desk.follow_to(lambda point: point["verifiedAt"] is not None)
        assert await Tally.all().count() == 0


async def test_an_email_carries_a_link_whose_page_has_a_button_that_verifies(database_url: str) -> None:
    async with (
        open_desk(database_url, "delivered@exemple.test", Channel.EMAIL) as desk,
        httpx2.AsyncClient(timeout=30) as citizen,
    ):
        await desk.ask(RESEND, point=desk.point, channel="EMAIL")
        point = await desk.follow_until("EMAIL_RECEIVED")
        lasts = datetime.fromisoformat(point["verification"]["expiresAt"]) - tell_time()
        assert timedelta(hours=23, minutes=59) < lasts < timedelta(hours=24)
        link = read_link(desk.carriers)
        assert link.startswith(f"{desk.settings.public_url}/verify/")
        for _ in range(2):  # a scanner of mail opens it, too
            page = await citizen.get(link)
            assert (page.status_code, page.text.count("<button")) == (200, 1)
        assert 'lang="fr"' in page.text
        assert page.headers["content-security-policy"].startswith("default-src 'none'; form-action 'self'")
        assert (await ContactPoint.all())[0].verified_at is None
        for _ in range(2):  # a second press changes nothing
            done = await citizen.post(link)
            assert (done.status_code, "confirmée" in done.text, "<button" in done.text) == (200, True, False)
        await desk.follow_to(lambda point: point["verifiedAt"] is not None)
        entries = await AuditEntry.filter(action="confirmVerification")
        assert [(entry.by, entry.subject_id) for entry in entries] == [("citizen", desk.point)]


async def test_a_link_that_is_over_replaced_or_not_ours_verifies_nothing(database_url: str) -> None:
    async with (
        open_desk(database_url, "delivered@exemple.test", Channel.EMAIL) as desk,
        httpx2.AsyncClient(timeout=30) as citizen,
    ):
        await desk.ask(RESEND, point=desk.point, channel="EMAIL")
        await desk.follow_until("EMAIL_RECEIVED")
        link = read_link(desk.carriers)
        last = "A" if link[-1] != "A" else "B"
        for forged in (f"{link[:-1]}{last}", f"{desk.settings.public_url}/verify/x", link.replace("verify", "exports")):
            for send in (citizen.get, citizen.post):
                assert (await send(forged)).status_code in (401, 404, 405), forged
        unknown = await citizen.get(f"{desk.settings.public_url}/verify/x")
        assert (unknown.text.count('<section lang="fr">'), unknown.text.count('<section lang="en">')) == (1, 1)
        other = {"id": desk.point, "address": "other@exemple.test", "channels": ["EMAIL"]}
        await desk.ask(UPDATE, input={"citizenId": expose("citizen", desk.citizen.id), "contactPoints": [other]})
        changed = await desk.follow_to(lambda point: point["address"] == "other@exemple.test")
        assert changed["verification"] is None
        for send in (citizen.get, citizen.post):
            over = await send(link)
            assert (over.status_code, "<button" in over.text) == (410, False)
        assert (await ContactPoint.all())[0].verified_at is None


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_the_page_is_asked_for_or_confirmed_and_nothing_else(database_url: str, method: str) -> None:
    async with open_house(database_url) as settings, httpx2.AsyncClient(timeout=30) as client:
        answer = await client.request(method, f"{settings.public_url}/verify/x")
        assert answer.status_code in (404, 405)
