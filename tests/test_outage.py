"""The promise of reminders over an outage: all is down from minute 29 to minute 75, by the database's clock."""

from collections import Counter
from datetime import timedelta

from stage.cast import draft, found_town, make_citizen
from stage.clock import inject_clock, shift_clock
from stage.house import open_house
from stage.polling import until
from stage.simulator import Carriers, open_carriers

from tocsin.identifiers import make_id
from tocsin.records.communications import Communication, Delivery, Recipient, Reminder, Tally, Wave
from tocsin.records.people import ContactPoint
from tocsin.reminders import measure_reminders
from tocsin.sending import Ways, send_communication
from tocsin.settings import read_settings
from tocsin.times import tell_time
from tocsin.words import Channel, CommunicationState, Outcome, ReminderFate, WaveKind

REACHED, UNREACHED = ("01", "02", "04"), ("03", "05", "07")


async def test_after_an_outage_each_citizen_not_reached_is_reminded_once_and_nobody_else(database_url: str) -> None:
    await inject_clock(database_url)
    async with open_carriers() as carriers:
        communication = await send_and_settle(database_url, carriers)
        await shift_clock(database_url, timedelta(minutes=29))
        assert await count_messages(carriers) == dict.fromkeys((*REACHED, *UNREACHED), 1)
        await shift_clock(database_url, timedelta(minutes=75))
        await come_back(database_url, carriers, communication)
        assert await count_messages(carriers) == {**dict.fromkeys(REACHED, 1), **dict.fromkeys(UNREACHED, 2)}


async def send_and_settle(database_url: str, carriers: Carriers) -> Communication:
    """Send before the outage; return once nothing is in progress any more."""
    async with open_house(database_url, working=True, twilio_base_url=carriers.url):
        communication = await send()
        await until(lambda: settled(communication))
        await carriers.settle()
        return communication


async def send() -> Communication:
    town = await found_town()
    for suffix in (*REACHED, *UNREACHED):
        citizen = make_citizen(town, "Aline", suffix)
        await citizen.save(force_create=True)
        await ContactPoint.create(citizen=citizen, address=f"+141855501{suffix}", channels=[int(Channel.SMS)])
    communication = await draft(town)
    ways = Ways([Channel.SMS], measure_reminders(read_settings()))
    await send_communication(town.operator, communication.id, at=None, key=make_id().hex, now=tell_time(), ways=ways)
    return communication


async def settled(communication: Communication) -> bool:
    tally = await Tally.get_or_none(communication_id=communication.id)
    return tally is not None and tally.total == len(REACHED + UNREACHED) and tally.pending == 0


async def count_messages(carriers: Carriers) -> dict[str, int]:
    """How many texts the carrier accepted for each number's last digits."""
    return dict(Counter(line["suffix"] for line in await carriers.ledger()))


async def come_back(database_url: str, carriers: Carriers, communication: Communication) -> None:
    """Start again and wait until the alert is completed; then look at what was done meanwhile."""
    async with open_house(database_url, working=True, twilio_base_url=carriers.url):
        await until(lambda: completed(communication))
        await carriers.settle()
        waves = [(wave.kind, wave.number, wave.targets) for wave in await Wave.all().order_by("ordinal")]
        assert waves == [(WaveKind.INITIAL, 1, 6), (WaveKind.AUTO_REMINDER, 2, 3)]
        fates = [reminder.fate for reminder in await Reminder.all().order_by("number")]
        assert fates == [ReminderFate.COALESCED, ReminderFate.SENT]
        late = {each.last_name for each in await Recipient.filter(outcome=Outcome.NOT_CONTACTED)}
        assert late == set(UNREACHED)
        assert await Delivery.all().count() == 9


async def completed(communication: Communication) -> bool:
    return (await Communication.get(id=communication.id)).state is CommunicationState.COMPLETED
