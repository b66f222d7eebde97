"""Citizens who say STOP and START, and communications on their way to their numbers."""

from typing import Any
from uuid import uuid4

from stage.cast import (
    Alert,
    assess,
    draft,
    found_town,
    send_by_hand,
    send_now,
    settle_citizens,
)
from stage.office import Office, open_shop
from tocsin.assessment import Moved
from tocsin.consents import keep_consents
from tocsin.database import get_database
from tocsin.events import Consent
from tocsin.records.communications import Wave
from tocsin.records.people import ContactPoint
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel, Handling

SENDER = "+14185550100"
SENDERS = {Channel.SMS: SENDER}
ALINE, BRUNO = "+14185550000", "+14185550001"


def say(
    stopped: bool, address: str = ALINE, *, sender: str = SENDER, key: str = "", channel: Channel = Channel.SMS
) -> Consent:
    return Consent(key or uuid4().hex, channel, sender, address, stopped)


def stop(address: str = ALINE, **more: Any) -> Consent:
    return say(True, address, **more)


def start(address: str = ALINE, **more: Any) -> Consent:
    return say(False, address, **more)


async def keep(*consents: Consent) -> Moved:
    return await keep_consents(consents, SENDERS)


async def read_suppressed(address: str = ALINE) -> list[list[int]]:
    return [point.suppressed_channels for point in await ContactPoint.filter(address=address)]


async def stage_alert(citizens: int = 2, slug: str = "sainte-rive", *, handling: Handling = Handling.SENDING) -> Alert:
    """A town whose citizens have been sent a text, each under his own number."""
    town = await found_town(slug)
    await settle_citizens(town, citizens)
    alert = await send_by_hand(town, handling=handling)
    await point_deliveries(alert)
    await assess(alert.id)
    return alert


async def point_deliveries(alert: Alert) -> None:
    await get_database().execute_query(
        "UPDATE delivery d SET address = p.address, contact_point_id = p.id FROM recipient r, contact_point p"
        " WHERE r.id = d.recipient_id AND p.citizen_id = r.citizen_id AND d.communication_id = $1",
        [alert.id],
    )


async def fail_all(alert: Alert) -> None:
    """Let every text fail, so that everybody is to be recontacted."""
    async with open_shop(office := Office()) as shop:
        events = [office.report(each.id, f"SM{each.id.hex}", DeliveryStatus.SMS_FAILED) for each in alert.deliveries]
        await shop.writer.keep(events)


async def plan_town(citizens: int) -> Wave:
    await settle_citizens(town := await found_town(), citizens)
    await send_now(await draft(town))
    return await Wave.get()
