"""Two towns with one of everything, and whoever asks in them, over a real server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
from exports.clerk import LOG, STATISTICS, authorise
from schema.council import Council, create, gather, read_key, report, send, settle
from stage.asking import RESEND
from stage.lane import report as stray

from tocsin.due import Work
from tocsin.expiry import measure_expiries
from tocsin.identifiers import expose, make_id
from tocsin.ledger import apply_events
from tocsin.records.communications import Delivery, Recipient, Reminder, Wave
from tocsin.records.people import ContactPoint
from tocsin.records.work import Due
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.waves import settle_waves
from tocsin.words import Channel, Role

TEXT = {"channels": ["SMS"], "contents": [{"locale": "FR", "smsText": "Évacuez."}]}
CAMPAIGN = {"kind": "CAMPAIGN", "title": "Spring flood", "channels": [], "contents": []}


@dataclass
class Belongings:
    """What one town has, by the ids that clients know; `tokens` by role."""

    council: Council
    settings: Settings
    client: httpx2.AsyncClient
    tokens: dict[Role, str]
    ids: dict[str, str] = field(default_factory=dict)

    async def ask(self, document: str, variables: Mapping[str, Any], role: Role | None) -> httpx2.Response:
        """Put a question over HTTP, as somebody of this role or as nobody."""
        headers = {"Authorization": self.tokens[role]} if role else {}
        body = {"query": document, "variables": dict(variables)}
        return await self.client.post("/graphql", json=body, headers=headers)

    async def export(self, role: Role) -> str:
        """Let somebody ask for the town's statistics; return the export's id."""
        answer = (await self.ask(STATISTICS, {"id": self.ids["communication"]}, role)).json()
        return str(answer["data"]["export"]["id"])

    async def verify(self, point: str) -> None:
        """Ask for a code for a number."""
        await self.ask(RESEND, {"point": point, "channel": "SMS"}, Role.OPERATOR)

    async def draft(self, **changes: Any) -> str:
        return await create(self.council, **{**TEXT, **changes})

    async def fail(self) -> str:
        """Send a text that reaches nobody, with no reminder to come; return the communication's id."""
        communication = await self.draft()
        await send(self.council, communication)
        for delivery in await Delivery.filter(communication_id=read_key(communication)):
            await report(expose("delivery", delivery.id), DeliveryStatus.SMS_FAILED)
        await Reminder.filter(communication_id=read_key(communication)).delete()
        await settle_waves()
        return communication


async def furnish(council: Council, settings: Settings, client: httpx2.AsyncClient) -> Belongings:
    """Give a town citizens, a group, a campaign, and an alert that reached some of them."""
    tokens = {role: authorise(settings, council.town, role.name.lower(), role=role) for role in Role}
    town = Belongings(council, settings, client, tokens)
    aline = await settle(council, "Aline", "Tremblay", phone="+14185550142", email="aline@exemple.test")
    await settle(council, "Bruno", "Bouchard", phone="+14185550143")
    group = await gather(council, "Riverside", aline)
    campaign = await create(council, **CAMPAIGN)
    communication = await create(council, campaignId=campaign)
    await send(council, communication)
    key = read_key(communication)
    [recipient] = await Recipient.filter(communication_id=key, citizen_id=aline.id)
    for delivery in await Delivery.filter(recipient_id=recipient.id, channel=Channel.SMS):
        await report(expose("delivery", delivery.id), DeliveryStatus.SMS_RECEIVED)
    [wave], [delivery, *_] = await Wave.filter(communication_id=key), await Delivery.filter(recipient_id=recipient.id)
    [point, *_] = await ContactPoint.filter(citizen_id=aline.id)
    town.ids = {
        "communication": communication,
        "campaign": campaign,
        "group": group,
        "category": council.category,
        "citizen": expose("citizen", aline.id),
        "contactPoint": expose("contact-point", point.id),
        "recipient": expose("recipient", recipient.id),
        "delivery": expose("delivery", delivery.id),
        "wave": expose("wave", wave.id),
        "municipality": expose("municipality", council.town.municipality.id),
    }
    await town.ask(LOG, {"filter": {"period": "THIS_WEEK"}}, Role.ADMIN)
    await town.verify(town.ids["contactPoint"])
    await apply_events([stray(make_id(), DeliveryStatus.SMS_SENT)], measure_expiries(settings))
    await Due.create(kind=Work.LANE, subject_id=make_id(), due_at=tell_time(), error="ValueError", dead_at=tell_time())
    return town


def make_up(identifier: str) -> str:
    """Return an id of the same kind that belongs to nothing."""
    return f"{identifier.rpartition('-')[0]}-{uuid4().hex}"
