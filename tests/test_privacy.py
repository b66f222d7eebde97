"""The promise that persons stay in the database: marked names, numbers and texts appear in no log, queue or URL of ours.

The whole suite is looked through as well: `tests/conftest.py` fails every test whose captured log shows the cast.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import find_persons
from stage.carriers_settings import describe_carriers
from stage.cast import ACCOUNT, Town, found_town, make_citizen
from stage.house import SECRET, TOKEN, make_form, sign
from stage.polling import until
from stage.simulator import Carriers, open_carriers

from tocsin.database import get_database
from tocsin.identifiers import expose
from tocsin.records.communications import Tally
from tocsin.records.people import ContactPoint
from tocsin.settings import Settings, read_settings
from tocsin.times import tell_time
from tocsin.words import Channel, Role
from tocsin_server.authentication import issue_token

MARK = "zqxjkvwy"
HOUR = timedelta(hours=1)
PHONE = "418555{:04}"
CITIZENS = 24

CREATE = """mutation ($input: CreateCommunicationInput!) { createCommunication(input: $input) { id } }"""
SEND = """mutation ($id: ID!) { sendCommunication(id: $id, idempotencyKey: "once") { id } }"""
SEARCH = """query ($id: ID!, $search: String) { communication(id: $id) { recipients(filter: { search: $search }) {
  edges { node { firstName lastName phone email deliveries { address history { providerWord } } } } } } }"""


@pytest.mark.timeout(300)
async def test_marked_persons_are_in_no_log_queue_or_url(database_url: str, database: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    async with (
        open_carriers(lost_answers=0.2, error_after_accept=0.1, rejected_429=0.05, bad_signature=0.3) as carriers,
        serve(database_url, carriers, journal) as settings,
    ):
        await carriers.client.post(
            f"{carriers.url}/simulator/subscribe", json={"url": f"{settings.public_url}/webhooks/ses"}
        )
        town = await settle_marked_town()
        communication = await send_alert(settings, town)
        await until(has_settled, seconds=60)
        await provoke(settings, communication)
        assert not any(is_marked(url or "") for url in carriers.urls())
        assert not is_marked(str(await get_database().execute_query_dict("SELECT * FROM due")))
    lines = journal.read_text()
    assert lines.count("\n") > 5, "The journal was kept at its most talkative level."
    assert [line for line in lines.splitlines() if is_marked(line)] == []


def is_marked(text: str) -> bool:
    """Whether a text shows a marked name, address or title, or a number of the marked town."""
    return MARK in text.lower() or "418555" in text or bool(find_persons(text))


@asynccontextmanager
async def serve(database_url: str, carriers: Carriers, journal: Path) -> AsyncIterator[Settings]:
    """Run the server as a process of its own that logs all it can."""
    port = find_port()
    chosen = {**describe_carriers(carriers), "twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN}
    chosen |= {"twilio_from": "+14185550100", "public_url": f"http://127.0.0.1:{port}", "tocsin_secret": SECRET}
    variables = {name.upper(): str(value) for name, value in chosen.items()}
    variables |= {"DATABASE_URL": database_url, "PORT": str(port), "TOCSIN_LOG_LEVEL": "debug"}
    with journal.open("w") as output:
        process = subprocess.Popen(  # noqa: ASYNC220 - our own program, started in no time
            [sys.executable, "-c", "from tocsin_server.cli import main; main()", "serve"],
            env={**os.environ, **variables}, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=False, timeout=30) as client:
                await until(lambda: answers(client), seconds=60)
            yield read_settings(**chosen)
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 30)


def find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def answers(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).is_success
    except httpx2.TransportError:
        return False


async def settle_marked_town() -> Town:
    """A town whose citizens, numbers and addresses are all marked; their last digits make every outcome happen."""
    town = await found_town()
    for number in range(CITIZENS):
        citizen = make_citizen(town, f"{MARK.title()}{number}", f"O'{MARK.title()}")
        await citizen.save(force_create=True)
        phone = "+1" + PHONE.format(number)
        await ContactPoint.create(citizen=citizen, address=phone, channels=[int(Channel.CALL), int(Channel.SMS)])
        await ContactPoint.create(
            citizen=citizen, address=f"{MARK}{number:02}@exemple.test", channels=[int(Channel.EMAIL)]
        )
    return town


async def send_alert(settings: Settings, town: Town) -> str:
    """Write and send an alert whose title and texts are marked."""
    texts = {"callText": MARK, "smsText": MARK, "emailSubject": MARK, "emailText": MARK}
    given = {
        "title": f"Alert {MARK}", "categoryId": expose("category", town.category.id), "channels": ["CALL", "SMS", "EMAIL"],
        "contents": [{"locale": "FR", **texts}],
    }  # fmt: skip
    identity = (await ask(settings, CREATE, input=given))["data"]["createCommunication"]["id"]
    await ask(settings, SEND, id=identity)
    return str(identity)


async def has_settled() -> bool:
    tally = await Tally.first()
    return tally is not None and tally.total == CITIZENS and tally.contacted > 0 and tally.pending < 6


async def provoke(settings: Settings, communication: str) -> None:
    """Do what goes wrong with marked values in it."""
    await ask(settings, SEARCH, id=communication, search=f"{MARK} +1{PHONE.format(3)}")
    for broken in broken_operations():
        await ask(settings, broken, id=communication, search=f"{MARK}\0")
    form = make_form("delivered", To=f"+1{PHONE.format(7)}", MessageSid=MARK)
    for token in (TOKEN, "wrong"):
        url, body, headers = sign(settings, f"delivery={MARK}", form, token)
        async with httpx2.AsyncClient(timeout=30) as client:
            assert (await client.post(url, content=body, headers=headers)).status_code in (400, 403)


def broken_operations() -> Iterator[str]:
    yield f'{{ communication(id: "{MARK}") {{ {MARK} }} }}'
    yield f'{{ communication(id: "communication-{MARK}") {{ title }} }}'
    yield f"query {MARK} {{"
    yield SEARCH


async def ask(settings: Settings, query: str, **variables: Any) -> Any:
    token = issue_token(
        settings, municipality="sainte-rive", subject="odile", name="Odile", role=Role.ADMIN, now=tell_time(),
        lifetime=HOUR,
    )  # fmt: skip
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        return (
            await client.post(f"{settings.public_url}/graphql", json={"query": query, "variables": variables})
        ).json()
