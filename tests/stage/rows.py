"""Recipients as planning and reports leave them, made row by row as a test wants them, and what finds them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from stage.cast import Town, draft, keep_recipients, make_citizen, make_recipient
from tocsin.records.communications import Tally
from tocsin.records.people import Citizen
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.words import Channel, Outcome

CELL_COLUMNS = {Channel.CALL: "call_best", Channel.SMS: "sms_best", Channel.EMAIL: "email_best"}


@dataclass(frozen=True)
class Someone:
    """A row of a grid, before it has one."""

    first: str
    last: str
    email: str | None = None
    phone: str | None = None
    outcome: Outcome = Outcome.IN_PROGRESS
    statuses: tuple[DeliveryStatus, ...] = ()
    version: int = 1


async def seat(town: Town, people: Sequence[Someone]) -> tuple[UUID, list[UUID]]:
    """Give a town a communication that was sent to these; return its key, and theirs in the same order."""
    communication = await draft(town)
    citizens = [make_citizen(town, someone.first, someone.last) for someone in people]
    await Citizen.bulk_create(citizens)
    recipients = []
    for someone, citizen in zip(people, citizens, strict=True):
        recipient = make_recipient(communication, citizen)
        recipient.email, recipient.phone = someone.email, someone.phone
        recipient.outcome, recipient.version = someone.outcome, someone.version
        for status in someone.statuses:
            setattr(recipient, CELL_COLUMNS[status.channel], find_cell(someone, status))
        recipients.append(recipient)
    await keep_recipients(communication, recipients)
    await count(communication.id, people)
    return communication.id, [recipient.id for recipient in recipients]


def find_cell(someone: Someone, status: DeliveryStatus) -> int:
    return someone.outcome * 1000 + status


async def count(communication_id: UUID, people: Sequence[Someone]) -> None:
    slices = Counter(someone.outcome for someone in people)
    cells = Counter(str(find_cell(someone, status)) for someone in people for status in someone.statuses)
    await Tally.create(
        communication_id=communication_id,
        version=max((someone.version for someone in people), default=0),
        total=len(people),
        contacted=slices[Outcome.CONTACTED],
        in_progress=slices[Outcome.IN_PROGRESS],
        not_contacted=slices[Outcome.NOT_CONTACTED],
        counts=dict(cells),
        changed_at=tell_time(),
    )
