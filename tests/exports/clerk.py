"""A clerk of a town hall, who asks for workbooks over HTTP with a real token, waits for them and fetches them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
from stage.cast import Alert, Town, draft, found_town, make_citizen, make_delivery, make_recipient, make_wave
from stage.house import open_house

from tocsin.assessment import lock_tallies, reassess
from tocsin.folding import fold
from tocsin.identifiers import expose
from tocsin.records.communications import Delivery, Recipient, Tally
from tocsin.records.people import Citizen
from tocsin.settings import Settings
from tocsin.times import tell_time
from tocsin.transactions import in_transaction
from tocsin.words import CommunicationState, Handling, Role
from tocsin_server.authentication import issue_token

PATIENCE = 60
FIELDS = "id state fileName rowsWritten rowsTotal url error"
STATISTICS = f"""mutation ($id: ID!, $locale: Locale) {{
  export: exportStatistics(communicationId: $id, locale: $locale) {{ {FIELDS} }} }}"""
LOG = f"""mutation ($filter: LogFilter!, $locale: Locale) {{
  export: exportCommunicationsLog(filter: $filter, locale: $locale) {{ {FIELDS} }} }}"""
FIND = f"query ($id: ID!) {{ export(id: $id) {{ {FIELDS} }} }}"


@dataclass
class Clerk:
    """Somebody with a token, and the server that takes it."""

    client: httpx2.AsyncClient
    settings: Settings
    authorization: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": self.authorization}

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        body = {"query": document, "variables": variables}
        answer: dict[str, Any] = (await self.client.post("/graphql", json=body, headers=self.headers)).json()
        return answer

    async def export(self, document: str, **variables: Any) -> dict[str, Any]:
        """Ask for a workbook, wait for it, and return it ready."""
        asked = await self.ask(document, **variables)
        return await self.wait(asked["data"]["export"]["id"])

    async def wait(self, export_id: str, state: str = "READY") -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            while True:
                found: dict[str, Any] = (await self.ask(FIND, id=export_id))["data"]["export"]
                if found["state"] in (state, "READY", "FAILED"):
                    assert found["state"] == state, found
                    return found
                await asyncio.sleep(0.05)

    async def fetch(self, document: str, **variables: Any) -> bytes:
        """Ask for a workbook and return the file."""
        ready = await self.export(document, **variables)
        answer = await self.client.get(ready["url"], headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.content


def authorise(settings: Settings, town: Town, subject: str = "clerk", **changes: Any) -> str:
    """Return the authorization of somebody of a town."""
    given: Mapping[str, Any] = {"role": Role.VIEWER, "lifetime": timedelta(hours=1), "now": tell_time(), **changes}
    slug = town.municipality.slug
    return f"Bearer {issue_token(settings, municipality=slug, subject=subject, name=subject.title(), **given)}"


@asynccontextmanager
async def open_hall(database_url: str, *, working: bool = True) -> AsyncIterator[tuple[Clerk, Town]]:
    """Serve, with jobs where they are wanted, for a town and its clerk."""
    async with (
        open_house(database_url, working=working) as settings,
        httpx2.AsyncClient(base_url=settings.public_url, timeout=PATIENCE) as client,
    ):
        founded = await found_town()
        yield Clerk(client, settings, authorise(settings, founded)), founded


async def name_citizens(town: Town, names: list[tuple[str, str]]) -> None:
    """Give a town citizens of these names, with nothing where they could be reached."""
    citizens = [make_citizen(town, first, last) for first, last in names]
    await Citizen.bulk_create(citizens, batch_size=500)
    town.citizens += citizens


async def send_to_all(town: Town) -> Alert:
    """Put a sent communication on stage, a text to each citizen, all counted; keys fit their column as in planning."""
    communication = await draft(town)
    communication.state, communication.sent_at = CommunicationState.IN_PROGRESS, tell_time()
    await communication.save()
    await Tally.create(communication_id=communication.id, changed_at=tell_time())
    wave = await make_wave(communication, 1)
    recipients = [make_recipient(communication, citizen) for citizen in town.citizens]
    for recipient in recipients:
        recipient.first_name_key = fold(recipient.first_name)[:200]
        recipient.last_name_key = fold(recipient.last_name)[:200]
        recipient.phone = "+14185550142"
    await Recipient.bulk_create(recipients, batch_size=1_000)
    deliveries = [make_delivery(recipient, wave, Handling.TAKEN) for recipient in recipients]
    await Delivery.bulk_create(deliveries, batch_size=1_000)
    async with in_transaction() as connection:
        await lock_tallies(connection, [communication.id])
        await reassess(connection, [recipient.id for recipient in recipients])
    return Alert(communication, [wave], recipients, deliveries)


def id_of(alert: Alert) -> str:
    return expose("communication", alert.id)
