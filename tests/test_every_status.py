"""Every status over its carrier's real wire, from the order to the pie: server, jobs and simulated carriers over HTTP.

What each status means here is written from the design, beside the server's own table and not from it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from stage.carriers_settings import describe_carriers
from stage.cast import Town, draft, found_town, make_citizen
from stage.house import open_house
from stage.polling import until
from stage.simulator import Carriers, open_carriers

from tocsin.identifiers import expose
from tocsin.records.communications import Delivery, Recipient
from tocsin.records.people import ContactPoint
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus as S
from tocsin.statuses import Switches
from tocsin.times import tell_time
from tocsin.words import Channel, Outcome, Role
from tocsin_server.authentication import issue_token


@dataclass(frozen=True)
class Story:
    """How a status comes about: who is addressed, and after which word the carrier falls silent."""

    address: str
    stop: str | None = None


STORIES: Mapping[S, Story] = {
    S.CALL_QUEUED: Story("+14185552012", "queued"),
    S.CALL_STARTED: Story("+14185552112", "initiated"),
    S.CALL_RINGING: Story("+14185552212", "ringing"),
    S.CALL_IN_PROGRESS: Story("+14185552312", "in-progress"),
    S.CALL_NO_ANSWER: Story("+14185552002"),
    S.CALL_BUSY: Story("+14185552001"),
    S.CALL_FAILED: Story("+14185552005"),
    S.CALL_COMPLETED: Story("+14185552412"),
    S.CALL_VOICEMAIL: Story("+14185552004"),
    S.CALL_FAX: Story("+14185552003"),
    S.CALL_CONFIRMED: Story("+14185552011"),
    S.SMS_ACCEPTED: Story("+14185553001", "accepted"),
    S.SMS_QUEUED: Story("+14185553101", "queued"),
    S.SMS_SENDING: Story("+14185553201", "sending"),
    S.SMS_SENT: Story("+14185553301", "sent"),
    S.SMS_FAILED: Story("+14185553005"),
    S.SMS_UNDELIVERED: Story("+14185553007"),
    S.SMS_RECEIVED: Story("+14185553401"),
    S.EMAIL_SENT: Story("sent@exemple.test", "Send"),
    S.EMAIL_NOT_SENT: Story("rendering@exemple.test"),
    S.EMAIL_REJECTED: Story("virus@exemple.test"),
    S.EMAIL_RECEIVED: Story("delivered@exemple.test"),
    S.EMAIL_REBOUND: Story("bounce@exemple.test"),
    S.EMAIL_OPENED: Story("opened@exemple.test"),
    S.EMAIL_SPAM: Story("complaint@exemple.test"),
}

REACHED = {
    S.CALL_COMPLETED, S.CALL_VOICEMAIL, S.CALL_CONFIRMED, S.SMS_RECEIVED, S.EMAIL_RECEIVED, S.EMAIL_OPENED, S.EMAIL_SPAM,
}  # fmt: skip
PENDING = {
    S.CALL_QUEUED, S.CALL_STARTED, S.CALL_RINGING, S.CALL_IN_PROGRESS, S.SMS_ACCEPTED, S.SMS_QUEUED, S.SMS_SENDING,
    S.SMS_SENT, S.EMAIL_SENT,
}  # fmt: skip
UNCONFIRMED = {S.CALL_COMPLETED, S.SMS_RECEIVED, S.EMAIL_RECEIVED, S.EMAIL_OPENED, S.EMAIL_SPAM}

PIE = """query ($id: ID!) { communication(id: $id) { statistics {
  total contacted inProgress notContacted unconfirmed uncertain
  channels { channel total reached pending missed planned statuses { status count } } } } }"""


def test_there_is_a_story_for_each_of_the_25() -> None:
    assert set(STORIES) == set(S)


@pytest.mark.parametrize("confirmed", [False, True], ids=["regular", "with confirmation"])
async def test_each_status_is_reached_and_counted_as_the_design_says(database_url: str, confirmed: bool) -> None:
    # Without confirmation nobody is asked for a key, so that nobody can have pressed it.
    stories = {status: story for status, story in STORIES.items() if confirmed or status is not S.CALL_CONFIRMED}
    async with (
        open_carriers(sending_word=True, presses=1.0, opens=0.0, complaints=0.0) as carriers,
        open_town(database_url, carriers, confirmed=confirmed) as (settings, town),
    ):
        await settle(town, carriers, stories)
        communication_id = await send(settings, town)
        await until(lambda: all_have_their_status(stories), seconds=60)
        await carriers.settle()
        assert await read_statuses() == {story.address: status for status, story in stories.items()}
        await check_rows(stories, confirmed)
        check_pie(await ask(settings, PIE, id=communication_id), stories, confirmed)


@asynccontextmanager
async def open_town(database_url: str, carriers: Carriers, *, confirmed: bool) -> AsyncIterator[tuple[Settings, Town]]:
    """Serve a town whose alerts ask for confirmation or not, with all three carriers set up."""
    async with open_house(database_url, working=True, **describe_carriers(carriers)) as settings:
        await carriers.client.post(
            f"{carriers.url}/simulator/subscribe", json={"url": f"{settings.public_url}/webhooks/ses"}
        )
        yield settings, await found_town(switches=Switches(confirmation_required=confirmed))


async def settle(town: Town, carriers: Carriers, stories: Mapping[S, Story]) -> None:
    """Let one citizen live there for each status, reachable on its channel alone."""
    for status, story in stories.items():
        citizen = make_citizen(town, "Aline", status.name)
        await citizen.save(force_create=True)
        await ContactPoint.create(citizen=citizen, address=story.address, channels=[int(status.channel)])
        if story.stop is not None:
            script = {"to": story.address, "stopAfter": story.stop}
            answer = await carriers.client.post(f"{carriers.url}/simulator/script", json=script)
            assert answer.is_success, answer.text


async def send(settings: Settings, town: Town) -> str:
    communication = await draft(town, list(Channel))
    identity = expose("communication", communication.id)
    await ask(settings, 'mutation ($id: ID!) { sendCommunication(id: $id, idempotencyKey: "all") { id } }', id=identity)
    return identity


async def ask(settings: Settings, query: str, **variables: str) -> Any:
    """Put a question over HTTP as the town's operator."""
    token = issue_token(
        settings,
        municipality="sainte-rive",
        subject="odile",
        name="Odile",
        role=Role.OPERATOR,
        now=tell_time(),
        lifetime=timedelta(hours=1),
    )
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        answer = await client.post(f"{settings.public_url}/graphql", json={"query": query, "variables": variables})
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]


async def read_statuses() -> dict[str, S | None]:
    return {each.address: each.status for each in await Delivery.all()}


async def all_have_their_status(stories: Mapping[S, Story]) -> bool:
    found = await read_statuses()
    return all(found.get(story.address) is status for status, story in stories.items())


def mean(status: S, confirmed: bool) -> Outcome:
    """What becomes of a citizen whose only delivery stands there."""
    called = confirmed and status.channel is Channel.CALL
    reached = status is S.CALL_CONFIRMED if called else status in REACHED
    if reached:
        return Outcome.CONTACTED
    return Outcome.IN_PROGRESS if status in PENDING else Outcome.NOT_CONTACTED


async def check_rows(stories: Mapping[S, Story], confirmed: bool) -> None:
    outcomes = {each.last_name: each.outcome for each in await Recipient.all()}
    assert outcomes == {status.name: mean(status, confirmed) for status in stories}


def check_pie(data: Any, stories: Mapping[S, Story], confirmed: bool) -> None:
    pie = data["communication"]["statistics"]
    counts = [mean(status, confirmed) for status in stories]
    assert (pie["contacted"], pie["inProgress"], pie["notContacted"]) == tuple(map(counts.count, Outcome))
    assert pie["total"] == len(stories)
    assert pie["unconfirmed"] == (len(UNCONFIRMED) if confirmed else 0)
    assert pie["uncertain"] == 0
    for shown in pie["channels"]:
        mine = [status for status in stories if status.channel.name == shown["channel"]]
        assert {each["status"]: each["count"] for each in shown["statuses"]} == {status.name: 1 for status in mine}
        assert shown["reached"] + shown["pending"] + shown["missed"] == shown["total"] == len(mine)
        assert (shown["pending"], shown["planned"]) == (len([each for each in mine if each in PENDING]), 0)
