"""A lane at work: a carrier on a loopback port that answers as told, an adapter to it, and waves waiting to be handed over."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import httpx2

from stage.cast import ACCOUNT, Alert, Town, draft, make_delivery, make_recipient
from tocsin.assessment import Moved, lock_tallies, reassess
from tocsin.database import get_database
from tocsin.due import Lease, Work, take_work
from tocsin.events import Answer, Certainty, Event, Finding, HandOver, Inquiry, Verdict
from tocsin.expiry import measure_expiries
from tocsin.identifiers import make_id
from tocsin.lanes import LaneState, demand_lanes, read_lane
from tocsin.records.communications import Communication, Delivery, Recipient, Tally, Wave
from tocsin.records.people import Citizen, ContactPoint, Verification
from tocsin.records.work import Due, Lane
from tocsin.settings import Settings, read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.transactions import in_transaction
from tocsin.words import Channel, CommunicationState, Handling, WaveKind
from tocsin.writer import Writer
from tocsin_jobs.performance import perform
from tocsin_jobs.workshop import Workshop

FIRST_STATUS = {
    Channel.CALL: DeliveryStatus.CALL_QUEUED,
    Channel.SMS: DeliveryStatus.SMS_QUEUED,
    Channel.EMAIL: DeliveryStatus.EMAIL_SENT,
}
VERDICTS = {429: Verdict.TRY_AGAIN, 401: Verdict.ACCOUNT_REFUSED, 500: Verdict.UNKNOWN}


@dataclass
class Carrier:
    """Notes every request and answers with the next of `answers`, or 200; `hold` is waited for before each answer."""

    answers: list[int] = field(default_factory=list)
    always: int = 200
    retry_after: float | None = None
    taken: list[str] = field(default_factory=list)
    most_at_once: int = 0
    hold: Callable[[], Awaitable[object]] | None = None
    port: int = 0
    _open: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = [int(line[16:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")]
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        self.taken.append(json.loads(await reader.readexactly(length))["delivery"])
        status = self.answers.pop(0) if self.answers else self.always
        if self.hold is not None:
            await self.hold()
        self._open -= 1
        writer.write(b"HTTP/1.1 %d Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def open_carrier() -> AsyncIterator[Carrier]:
    carrier = Carrier()
    server = await asyncio.start_server(carrier.serve, "127.0.0.1", 0)
    carrier.port = server.sockets[0].getsockname()[1]
    async with server:
        yield carrier


@dataclass
class Loopback:
    """The adapter to it: what the status means is told by a table."""

    client: httpx2.AsyncClient
    carrier: Carrier
    channel: Channel
    account: str = ACCOUNT
    name: str = "loopback"
    sender: str = "+14185550100"

    async def send(self, hand_over: HandOver, now: datetime) -> Answer:
        url = f"http://127.0.0.1:{self.carrier.port}/"
        response = await self.client.post(url, json={"delivery": str(hand_over.delivery_id)})
        verdict = VERDICTS.get(response.status_code, Verdict.ANSWERED)
        if verdict is not Verdict.ANSWERED:
            return Answer(
                verdict, retry_after=self.carrier.retry_after, reason=f"Answered HTTP {response.status_code}."
            )
        return Answer(verdict, report(hand_over.delivery_id, FIRST_STATUS[self.channel], account=self.account))

    async def look_up(self, inquiry: Inquiry, now: datetime) -> Finding:
        return Finding(Certainty.UNKNOWABLE)

    async def fetch(self, hand_over: HandOver, carrier_id: str) -> Sequence[Event]:
        return []

    async def withdraw(self, carrier_id: str) -> bool:
        return False


def report(delivery_id: UUID, status: DeliveryStatus, *, ended: bool = False, account: str = ACCOUNT) -> Event:
    key = f"{delivery_id}:{status.name}:{ended}"
    return Event(key, "loopback", account, delivery_id, status.name.lower(), status, ended=ended)


def choose_settings(**overrides: object) -> Settings:
    """Settings whose lanes go as fast as they can."""
    fast = dict.fromkeys(("twilio_messages_per_second", "twilio_calls_per_second", "ses_messages_per_second"), 10_000.0)
    return read_settings(**{**fast, **overrides})


@asynccontextmanager
async def open_shop(
    carrier: Carrier, *channels: Channel, announce: Callable[[Moved], None] = lambda moved: None, **overrides: object
) -> AsyncIterator[Workshop]:
    """A worker of its own over the open database, with that carrier on these channels."""
    settings = choose_settings(**overrides)
    writer = Writer(measure_expiries(settings), announce)
    await writer.start()
    async with httpx2.AsyncClient(trust_env=False, limits=httpx2.Limits(max_connections=None)) as client:
        providers = {channel: Loopback(client, carrier, channel) for channel in channels}
        yield Workshop(settings, writer, announce, providers, tell_time)
        await writer.stop()


async def plan(
    town: Town,
    citizens: Sequence[Citizen],
    *,
    channel: Channel = Channel.SMS,
    kind: WaveKind = WaveKind.INITIAL,
    account: str = ACCOUNT,
) -> Alert:
    """Put a communication on stage whose wave waits in its lane, one delivery for each of these citizens."""
    communication = await draft(town, (channel,))
    await Communication.filter(id=communication.id).update(state=CommunicationState.IN_PROGRESS, sent_at=tell_time())
    await Tally.create(communication_id=communication.id, changed_at=tell_time())
    now = tell_time()
    wave = await Wave.create(
        communication=communication, kind=kind, number=1, ordinal=1, started_at=now, planned_at=now
    )
    points = {point.citizen_id: point for point in await ContactPoint.filter(citizen_id__in=[c.id for c in citizens])}  # type: ignore[attr-defined]
    recipients = [make_recipient(communication, citizen) for citizen in citizens]
    deliveries = [make_delivery(recipient, wave, Handling.PLANNED, channel) for recipient in recipients]
    for delivery, citizen in zip(deliveries, citizens, strict=True):
        delivery.account, delivery.address = account, points[citizen.id].address
        delivery.contact_point_id = points[citizen.id].id
    await Recipient.bulk_create(recipients)
    await Delivery.bulk_create(deliveries)
    async with in_transaction() as connection:
        await lock_tallies(connection, [communication.id])
        await reassess(connection, [recipient.id for recipient in recipients])
        await demand_lanes(connection, [(account, channel)])
    return Alert(communication, [wave], recipients, deliveries)


async def plan_verification(citizen: Citizen, channel: Channel = Channel.SMS) -> Delivery:
    """Put a verification of a citizen's point on stage, waiting in its lane."""
    point = await ContactPoint.get(citizen_id=citizen.id)
    verification = await Verification.create(
        contact_point=point, address=point.address, channel=channel, requested_at=tell_time(), requested_by="Olivier"
    )
    delivery = await Delivery.create(
        id=make_id(), verification=verification, contact_point=point, channel=channel, account=ACCOUNT,
        address=point.address, handling=Handling.PLANNED,
    )  # fmt: skip
    async with in_transaction() as connection:
        await demand_lanes(connection, [(ACCOUNT, channel)])
    return delivery


async def find_due() -> Due:
    """Return the due row of the only lane."""
    return await Due.get(kind=Work.LANE.value)


async def come_due() -> UUID:
    """Let the only lane's time come, whatever it waits for; return its due row."""
    await Lane.all().update(next_at=None)
    due = await find_due()
    await get_database().execute_query_dict(
        "UPDATE due SET due_at = now(), leased_until = NULL WHERE id = $1 RETURNING id", [due.id]
    )
    return due.id


async def work(shop: Workshop) -> None:
    """Give the only lane one turn."""
    await perform(shop, await come_due())


async def hold_lane() -> tuple[LaneState, Lease]:
    """Take the only lane as a worker would."""
    lease = await take_work(await come_due())
    assert lease is not None
    return await read_lane(lease.subject_id), lease


async def count_handlings() -> dict[Handling, int]:
    """Return how many deliveries stand how."""
    rows = await get_database().execute_query_dict("SELECT handling, count(*) AS n FROM delivery GROUP BY handling")
    return {Handling(row["handling"]): int(row["n"]) for row in rows}


async def age(**seconds: float) -> None:
    """Let pauses and sendings lie further back."""
    database = get_database()
    statement = "UPDATE {} SET {} = {} - $1 * interval '1 second' RETURNING 1"
    for column, table in (("paused_at", "lane"), ("sent_at", "communication"), ("slowed_at", "lane")):
        if column in seconds:
            await database.execute_query_dict(statement.format(table, column, column), [seconds[column]])
