"""A carrier whose every answer the test chooses, and a workshop that works with it: for what no simulator does on demand."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from stage.cast import ACCOUNT
from stage.house import choose_settings
from tocsin.assessment import Moved
from tocsin.database import get_database
from tocsin.events import Answer, Certainty, Event, Finding, HandOver, Inquiry, Verdict
from tocsin.expiry import measure_expiries
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.words import Channel
from tocsin.writer import Writer
from tocsin_jobs.performance import perform
from tocsin_jobs.workshop import Workshop

SENDER = "+14185550100"


@dataclass
class Office:
    """A way out for texts that keeps in `accepted` what it took, by number; `answer` and `know` decide what it says."""

    channel: Channel = Channel.SMS
    account: str = ACCOUNT
    accepted: defaultdict[str, list[tuple[str, UUID]]] = field(default_factory=lambda: defaultdict(list))
    asked: list[Inquiry] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    answer: "Callable[[Office, HandOver], Answer] | None" = None
    know: "Callable[[Office, Inquiry], Finding] | None" = None
    says: DeliveryStatus = DeliveryStatus.SMS_SENT
    name: str = "twilio_messaging"
    sender: str = SENDER

    async def send(self, hand_over: HandOver, now: datetime) -> Answer:
        return self.answer(self, hand_over) if self.answer else accept(self, hand_over)

    async def look_up(self, inquiry: Inquiry, now: datetime) -> Finding:
        self.asked.append(inquiry)
        return self.know(self, inquiry) if self.know else search(self, inquiry)

    async def fetch(self, hand_over: HandOver, carrier_id: str) -> Sequence[Event]:
        self.fetched.append(carrier_id)
        return [self.report(hand_over.delivery_id, carrier_id, self.says)]

    async def withdraw(self, carrier_id: str) -> bool:
        return False

    def take(self, hand_over: HandOver) -> str:
        """Accept a text; return its id."""
        carrier_id = f"SM{sum(map(len, self.accepted.values())):032x}"
        self.accepted[hand_over.address].append((carrier_id, hand_over.delivery_id))
        return carrier_id

    def report(self, delivery_id: UUID, carrier_id: str, status: DeliveryStatus) -> Event:
        return Event(
            event_key=f"{carrier_id}:{status.name}", provider=self.name, account=self.account, delivery_id=delivery_id,
            provider_word=status.name, status=status, carrier_id=carrier_id,
        )  # fmt: skip

    def count(self, delivery_id: UUID) -> int:
        """Return how often a delivery was accepted."""
        return sum(key == delivery_id for texts in self.accepted.values() for _, key in texts)


def accept(office: Office, hand_over: HandOver) -> Answer:
    """Take it and say so."""
    event = office.report(hand_over.delivery_id, office.take(hand_over), DeliveryStatus.SMS_QUEUED)
    return Answer(Verdict.ANSWERED, event)


def accept_and_lose(office: Office, hand_over: HandOver) -> Answer:
    """Take it; the answer never arrives."""
    office.take(hand_over)
    return Answer(Verdict.UNKNOWN, reason="lost after")


def lose(office: Office, hand_over: HandOver) -> Answer:
    """The request never arrives, which looks just the same."""
    return Answer(Verdict.UNKNOWN, reason="lost before")


def put_off(office: Office, hand_over: HandOver) -> Answer:
    """Too many at once."""
    return Answer(Verdict.TRY_AGAIN)


def refuse(office: Office, hand_over: HandOver) -> Answer:
    """The number is no good."""
    key = f"{hand_over.public_id}:refused"
    event = Event(key, office.name, office.account, hand_over.delivery_id, "refused", DeliveryStatus.SMS_FAILED)
    return Answer(Verdict.ANSWERED, event)


def search(office: Office, inquiry: Inquiry) -> Finding:
    """Look at what went to the number, as a carrier does that knows nothing of our ids."""
    mine = [sid for sid, _ in office.accepted[inquiry.hand_over.address] if sid not in inquiry.bound]
    if len(mine) != 1:
        return Finding(Certainty.UNCLEAR if mine else Certainty.ABSENT)
    return Finding(Certainty.FOUND, office.report(inquiry.hand_over.delivery_id, mine[0], office.says))


def deny(office: Office, inquiry: Inquiry) -> Finding:
    """Its list lags, and what it took is not in there yet."""
    return Finding(Certainty.ABSENT)


def mumble(office: Office, inquiry: Inquiry) -> Finding:
    """It can't say."""
    return Finding(Certainty.UNCLEAR)


@asynccontextmanager
async def open_shop(
    office: Office | None, moved: list[Moved] | None = None, **settings: object
) -> AsyncIterator[Workshop]:
    """A workshop over the open pool, with this office or none; `moved` hears what is announced."""
    heard = moved if moved is not None else []
    chosen = choose_settings(0, twilio_messages_per_second=1e6, **settings)
    writer = Writer(measure_expiries(chosen), heard.append)
    await writer.start()

    providers = {office.channel: office} if office else {}
    yield Workshop(chosen, writer, heard.append, providers, tell_time)
    await writer.stop()


async def do_due_work(shop: Workshop) -> None:
    """Perform everything that is demanded, as if its time had come."""
    for row in await get_database().execute_query_dict("UPDATE due SET due_at = now() RETURNING id"):
        await perform(shop, row["id"])


async def pass_time(seconds: float) -> None:
    """Let so much time pass for deliveries and for lanes that rest, without waiting."""
    moved = ", ".join(
        f"{name} = {name} - $1::float8 * interval '1 second'"
        for name in ("handed_at", "lost_at", "asked_at", "expires_at")
    )
    await get_database().execute_query(f"UPDATE delivery SET {moved}", [seconds])
    rested = (
        "next_at = next_at - $1::float8 * interval '1 second', slowed_at = slowed_at - $1::float8 * interval '1 second'"
    )
    await get_database().execute_query(f"UPDATE lane SET {rested}", [seconds])
