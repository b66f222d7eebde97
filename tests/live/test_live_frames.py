"""The promise of shared frames: each is, byte for byte, what its client would have been told alone."""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from live.control_room import Room, move, open_room
from live.following import PATIENCE, Client, Moment
from stage.cast import Alert, Town, assess_all, found_town, send_by_hand, settle_citizens

from tocsin.identifiers import expose
from tocsin.statuses import DeliveryStatus
from tocsin.words import Locale, Role
from tocsin_graphql.execution import Execution

CROWD = 300
TURNOVER = 10
STATUSES = [status for status in DeliveryStatus if status.name.startswith("SMS_")]

PIE = """subscription ($id: ID!, $rate: Int! = 20) { statistics(communicationId: $id, maxPerSecond: $rate) {
  version total contacted inProgress notContacted unconfirmed uncertain state changedAt remindersLeft
  channels { channel total reached pending missed planned statuses { status count } }
  recontact { available blocker eligible } } }"""
SMALL_PIE = """subscription Small($id: ID!) { pie: statistics(communicationId: $id, maxPerSecond: 20) { ...Slices } }
  fragment Slices on Statistics { contacted inProgress notContacted __typename }"""
GRID = """subscription ($id: ID!, $since: Int, $window: [ID!]) {
  communicationChanges(communicationId: $id, since: $since, recipientIds: $window, maxPerSecond: 20) {
  version changed resync statistics { contacted recontact { blocker } }
  recipients { id version outcome reasonCode reason lastName contactedAt contactedVia } } }"""
DEEP_GRID = """subscription ($id: ID!, $since: Int, $window: [ID!]) {
  communicationChanges(communicationId: $id, since: $since, recipientIds: $window, maxPerSecond: 20) {
  version resync recipients { id citizen { id lastName locale }
    deliveries { id status label reason wave { kind number } } } } }"""
WALL = """subscription { activeStatistics(maxPerSecond: 20) { communicationId version contacted state
  recontact { blocker } channels { channel reached } } }"""
DOCUMENTS = (PIE, PIE, SMALL_PIE, GRID, GRID, DEEP_GRID, WALL)


@dataclass
class Crowd:
    """Everybody who looks, chosen by chance, and what each has been told so far."""

    room: Room
    stages: list[tuple[Town, list[Alert]]]
    chance: random.Random
    clients: list[Client] = field(default_factory=list)
    compared: int = 0
    offered: int = 0
    distinct: set[str] = field(default_factory=set)

    def choose_variables(self, document: str, alert: Alert, known: int) -> Mapping[str, Any]:
        chance, variables = self.chance, {"id": expose("communication", alert.id)}
        if document is PIE and chance.random() < 0.3:
            return {**variables, "rate": chance.choice([18, 19])}
        if "$since" not in document:
            return variables if "$id" in document else {}
        since = chance.choice([None, known, known, max(known - 1, 1)])
        shown = [expose("recipient", one.id) for one in alert.recipients[:6]]
        return {**variables, "since": since, "window": chance.choice([None, shown])}

    async def fill(self) -> None:
        """Let as many join as are missing, all at once, and compare what each is told first."""
        moment = Moment()
        newcomers = [self.draw() for _ in range(CROWD - len(self.clients))]
        await asyncio.gather(*(one.join(self.room.view.gatherings) for one in newcomers))
        self.clients += newcomers
        await self.compare_all(newcomers, moment)

    def draw(self) -> Client:
        town, alerts = self.chance.choice(self.stages)
        document, alert = self.chance.choice(DOCUMENTS), self.chance.choice(alerts)
        watcher = self.room.hub.communications.find(alert.id)
        variables = self.choose_variables(document, alert, watcher.version if watcher else 1)
        viewer = town.viewer(self.chance.choice(["Odile", "Manon", "Luc"]), self.chance.choice(list(Role)))
        viewer = replace(viewer, locale=self.chance.choice(list(Locale)))
        view = self.room.view
        plan = view.admission.plans.find(document, None)
        binding = view.admission.plans.bind(plan, variables)
        assert binding is not None
        alone = Execution(view.schema, plan, dict(variables), lambda: view.services.make_context(viewer))
        return Client(viewer, plan, binding, variables, alone, variables.get("since"))

    async def dismiss(self, client: Client) -> None:
        self.clients.remove(client)
        await client.leave(self.room.view.gatherings)

    async def compare_all(self, clients: Sequence[Client], moment: Moment) -> None:
        async with asyncio.TaskGroup() as together:
            for client in clients:
                together.create_task(self.compare(client, moment))

    async def compare(self, client: Client, moment: Moment) -> None:
        shared, alone = client.take(), await client.render(moment)
        assert shared == alone
        assert "errors" not in json.loads(shared)["payload"], shared
        self.compared += 1
        self.distinct.add(shared)

    async def come_and_go(self) -> None:
        """Let some leave and others come, some stall and others take what waited for them."""
        for client in self.chance.sample(self.clients, TURNOVER):
            await self.dismiss(client)
        await self.fill()
        moment = Moment()
        for client in self.chance.sample(self.clients, CROWD // 10):
            if not client.stalled:
                client.gate.clear()
                continue
            await client.release()
            if client.behind:
                await self.compare(client, moment)

    async def move(self) -> None:
        """Move some communications and compare what everybody is told who follows them."""
        touched = [(town, alert) for town, alerts in self.stages for alert in alerts if self.chance.random() < 0.6]
        versions = {}
        for _, alert in touched:
            several = self.chance.sample(range(len(alert.recipients)), self.chance.choice([1, 2, 5]))
            versions[alert.id] = await move(alert, several, self.chance.choice(STATUSES))
        concerned = [
            one for one in self.clients if one.concerns(versions, {town.municipality.id for town, _ in touched})
        ]
        self.room.announcements.announce(versions)
        await self.wait_until_offered(len(concerned))
        passed_over = [client for client in concerned if not client.sent]
        for client in passed_over:
            assert client.stalled
            client.behind += 1
        await self.compare_all([client for client in concerned if client.sent], Moment())

    async def wait_until_offered(self, more: int) -> None:
        self.offered += more
        async with asyncio.timeout(PATIENCE):
            while self.room.view.gatherings.figures.deliveries < self.offered:  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.001)
        assert self.room.view.gatherings.figures.deliveries == self.offered


async def set_stages() -> list[tuple[Town, list[Alert]]]:
    stages = []
    for slug, alerts in (("sainte-rive", 2), ("port-alder", 1), ("autre-rive", 1)):
        town = await found_town(slug)
        await settle_citizens(town, 24)
        stages.append((town, [await send_by_hand(town) for _ in range(alerts)]))
    for _, sent in stages:
        for alert in sent:
            await assess_all(alert)
    return stages


async def compare_frames(wanted: int, seed: int) -> Crowd:
    """Let a crowd look at changes until so many frames have been compared."""
    async with open_room(poll_interval=3600) as room:
        crowd = Crowd(room, await set_stages(), random.Random(seed))
        await crowd.fill()
        while crowd.compared < wanted:
            await crowd.come_and_go()
            await crowd.move()
        for client in list(crowd.clients):
            await crowd.dismiss(client)
    return crowd


def check_that_it_was_mixed(crowd: Crowd) -> None:
    """Not every frame of its own would prove nothing, and neither would the same frame again and again."""
    figures = crowd.room.view.gatherings.figures
    assert figures.runs < crowd.compared * 0.7
    assert len(crowd.distinct) > crowd.compared / 50
    assert any('"resync":true' in frame for frame in crowd.distinct)


@pytest.mark.timeout(300)
async def test_5_000_frames_are_what_each_client_would_be_told_alone(database: str) -> None:
    check_that_it_was_mixed(await compare_frames(5_000, seed=5))


@pytest.mark.proof
@pytest.mark.timeout(1_800)
async def test_100_000_frames_are_what_each_client_would_be_told_alone(database: str) -> None:
    check_that_it_was_mixed(await compare_frames(100_000, seed=100))
