"""A municipality with its people, and communications on their way to them: rows as the server itself would leave them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from tocsin.assessment import Moved, lock_tallies, reassess
from tocsin.attempts import RECIPIENT_WORDS
from tocsin.database import get_database
from tocsin.folding import fold_name
from tocsin.identifiers import make_id
from tocsin.records.communications import Communication, CommunicationContent, Delivery, Recipient, Tally, Wave
from tocsin.records.people import Category, Citizen, ContactPoint, Municipality
from tocsin.sending import open_first_wave
from tocsin.statuses import Switches
from tocsin.times import tell_time
from tocsin.transactions import in_transaction
from tocsin.viewers import Viewer
from tocsin.words import Channel, CommunicationKind, CommunicationState, Handling, Locale, Role, WaveKind

ACCOUNT = "AC" + "1" * 32
NAMES = [("Aline", "Tremblay"), ("Bruno", "Côté"), ("Chantal", "Roy"), ("Denis", "Gagnon"), ("Édith", "Bouchard")]


@dataclass
class Town:
    """A municipality and its category."""

    municipality: Municipality
    category: Category
    citizens: list[Citizen] = field(default_factory=list)

    @property
    def operator(self) -> Viewer:
        """Odile, who sends this town's alerts."""
        return self.viewer("Odile", Role.OPERATOR)

    def viewer(self, name: str, role: Role) -> Viewer:
        """Somebody of this town's staff."""
        now = tell_time()
        return Viewer(
            principal_id=make_id(), municipality_id=self.municipality.id, subject=name.lower(), name=name, role=role,
            locale=Locale.FR, issued_at=now, expires_at=now + timedelta(hours=1),
        )  # fmt: skip


@dataclass
class Alert:
    """A communication that has been sent to everybody of a town; deliveries stand in the order of recipients."""

    communication: Communication
    waves: list[Wave]
    recipients: list[Recipient]
    deliveries: list[Delivery]

    @property
    def id(self) -> UUID:
        return self.communication.id


async def found_town(slug: str = "sainte-rive", switches: Switches | None = None) -> Town:
    """Make a municipality with one category."""
    chosen = switches or Switches()
    municipality = await Municipality.create(slug=slug, name=slug.title())
    category = await Category.create(
        municipality=municipality,
        name="Floods",
        confirmation_required=chosen.confirmation_required,
        voicemail_counts=chosen.voicemail_counts,
        channels=list(Channel),
    )
    return Town(municipality, category)


def make_citizen(town: Town, first: str, last: str) -> Citizen:
    """A citizen who is not kept yet."""
    return Citizen(
        id=make_id(), municipality_id=town.municipality.id, first_name=first, last_name=last, locale=Locale.FR,
        first_name_key=fold_name(first), last_name_key=fold_name(last), modified_at=tell_time(),
    )  # fmt: skip


async def settle_citizens(town: Town, count: int, channels: Sequence[Channel] = (Channel.SMS,)) -> list[Citizen]:
    """Give a town its citizens, each with one telephone number (and an e-mail address where asked for)."""
    phones = [channel for channel in channels if channel is not Channel.EMAIL]
    people, points = [], []
    for index in range(count):
        first, last = NAMES[index % len(NAMES)]
        citizen = make_citizen(town, first, f"{last}-{index:05}")
        people.append(citizen)
        if phones:
            points.append(
                ContactPoint(id=make_id(), citizen_id=citizen.id, address=f"+1418555{index:04}", channels=phones)
            )
        if Channel.EMAIL in channels:
            address = f"citizen{index}@exemple.test"
            points.append(ContactPoint(id=make_id(), citizen_id=citizen.id, address=address, channels=[Channel.EMAIL]))
    await Citizen.bulk_create(people)
    await ContactPoint.bulk_create(points)
    town.citizens += people
    return people


async def draft(town: Town, channels: Sequence[Channel] = (Channel.SMS,)) -> Communication:
    """Write a communication that has not been sent."""
    now = tell_time()
    communication = await Communication.create(
        municipality=town.municipality,
        category=town.category,
        kind=CommunicationKind.REGULAR,
        state=CommunicationState.DRAFT,
        title="The river rises",
        channels=list(channels),
        created_at=now,
        modified_at=now,
    )
    await CommunicationContent.create(
        communication=communication, locale=Locale.FR, call_text="Évacuez.", sms_text="Évacuez.", email_subject="Crue",
        email_text="Évacuez.",
    )  # fmt: skip
    return communication


async def send_by_hand(
    town: Town,
    *,
    waves: int = 1,
    handling: Handling = Handling.SENDING,
    each: int = 1,
    channel: Channel = Channel.SMS,
) -> Alert:
    """Put a sent communication on stage: `each` deliveries per citizen and wave, nothing reported, tally empty."""
    communication = await draft(town, [channel])
    communication.state = CommunicationState.IN_PROGRESS
    communication.sent_at = tell_time()
    communication.confirmation_required = town.category.confirmation_required
    communication.voicemail_counts = town.category.voicemail_counts
    await communication.save()
    await Tally.create(communication_id=communication.id, changed_at=tell_time())
    rounds = [await make_wave(communication, ordinal) for ordinal in range(1, waves + 1)]
    recipients = [make_recipient(communication, citizen) for citizen in town.citizens]
    await keep_recipients(communication, recipients)
    deliveries = [
        make_delivery(recipient, wave, handling, channel)
        for recipient in recipients
        for wave in rounds
        for _ in range(each)
    ]
    await Delivery.bulk_create(deliveries)
    return Alert(communication, rounds, recipients, deliveries)


WORDS = f"INSERT INTO recipient_search (recipient_id, words) SELECT id, {RECIPIENT_WORDS} FROM recipient WHERE communication_id = $1"


async def keep_recipients(communication: Communication, recipients: Sequence[Recipient]) -> None:
    """Keep a communication's recipients with the words by which they are found, as planning does."""
    await Recipient.bulk_create(recipients)
    await get_database().execute_query(WORDS, [communication.id])


LINK = """
UPDATE delivery d SET contact_point_id = p.id, address = p.address
FROM recipient r JOIN contact_point p ON p.citizen_id = r.citizen_id
WHERE r.id = d.recipient_id AND d.communication_id = $1 AND d.channel = ANY(p.channels) RETURNING d.id"""


async def link_points(alert: Alert) -> None:
    """Say of each delivery on stage which of its citizen's contact points it goes to."""
    await get_database().execute_query_dict(LINK, [alert.id])


async def make_wave(communication: Communication, ordinal: int) -> Wave:
    kind = {1: WaveKind.INITIAL, 2: WaveKind.RECONTACT}.get(ordinal, WaveKind.AUTO_REMINDER)
    now = tell_time()
    return await Wave.create(
        communication=communication, kind=kind, number=ordinal, ordinal=ordinal, started_at=now, planned_at=now
    )


def make_recipient(communication: Communication, citizen: Citizen) -> Recipient:
    return Recipient(
        id=make_id(),
        communication_id=communication.id,
        citizen_id=citizen.id,
        first_name=citizen.first_name,
        last_name=citizen.last_name,
        first_name_key=citizen.first_name_key,
        last_name_key=citizen.last_name_key,
        locale=citizen.locale,
    )


def make_delivery(recipient: Recipient, wave: Wave, handling: Handling, channel: Channel = Channel.SMS) -> Delivery:
    return Delivery(
        id=make_id(),
        communication_id=recipient.communication_id,  # type: ignore[attr-defined]  # Tortoise makes it from the relation
        wave_id=wave.id,
        recipient_id=recipient.id,
        channel=channel,
        account=ACCOUNT,
        address="+14185550142",
        handling=handling,
    )


async def lose_answer(delivery_id: UUID) -> None:
    """Let it be uncertain for a minute whether a carrier has a delivery that is being handed over."""
    found = Delivery.filter(id=delivery_id, handling=Handling.SENDING, status=None)
    await found.update(handling=Handling.UNCERTAIN, expires_at=tell_time() + timedelta(minutes=1))
    communication_id = (await Delivery.get(id=delivery_id)).communication_id  # type: ignore[attr-defined]
    await assess(communication_id)


async def assess(communication_id: UUID) -> Moved:
    """Count a communication anew after a test has changed its deliveries by hand."""
    recipients = await Recipient.filter(communication_id=communication_id)
    async with in_transaction() as connection:
        await lock_tallies(connection, [communication_id])
        return await reassess(connection, [recipient.id for recipient in recipients])


async def assess_all(alert: Alert) -> None:
    """Count a communication for the first time."""
    async with in_transaction() as connection:
        await lock_tallies(connection, [alert.id])
        await reassess(connection, [recipient.id for recipient in alert.recipients])


async def send_and_assess(town: Town, channel: Channel = Channel.SMS) -> Alert:
    """Let a communication be on its way to everybody in town, of whom nothing has been reported."""
    alert = await send_by_hand(town, channel=channel)
    await assess_all(alert)
    return alert


async def call_to_confirm(citizens: int) -> Alert:
    """Let so many be called who have to confirm."""
    town = await found_town(switches=Switches(confirmation_required=True))
    await settle_citizens(town, citizens, [Channel.CALL])
    alert = await send_by_hand(town, channel=Channel.CALL)
    await link_points(alert)
    await assess_all(alert)
    return alert


async def count_rows(table: str) -> int:
    rows = await get_database().execute_query_dict(f"SELECT count(*) AS n FROM {table}")
    return int(rows[0]["n"])


async def send_now(communication: Communication) -> None:
    """Send a drafted communication as the server does: tally, first wave, and the demand that jobs plan it."""
    async with in_transaction() as connection:
        await open_first_wave(connection, communication.id, "Manon Roy", reminders=())
