"""The demonstration's town, its drill, and an independent recount from the carriers' ledger. Imports the domain.

The recount uses a table of ranks of its own: it would not show a mistake that it shared with the server.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from tocsin.database import get_database
from tocsin.identifiers import make_id, recognise
from tocsin.records.communications import Communication, CommunicationContent
from tocsin.records.people import Category, Citizen, ContactPoint, Municipality, Principal
from tocsin.sending import send_communication
from tocsin.times import tell_time
from tocsin.viewers import Viewer
from tocsin.words import Channel, CommunicationKind, CommunicationState, Locale, Role

SLUG = "sainte-rive"
CHUNK = 5_000
FIRST = ("Aline", "Bruno", "Chantal", "Denis", "Édith", "Félix", "Ginette", "Hugo", "Inès", "Jean", "Kim", "Léo")
LAST = ("Tremblay", "Gagnon", "Roy", "Côté", "Bouchard", "Gauthier", "Morin", "Lavoie", "Fortin", "Gagné", "Ouellet")

RANKS = {
    "accepted": 1,
    "queued": 2,
    "sending": 3,
    "sent": 4,
    "failed": 5,
    "refused": 5,
    "undelivered": 6,
    "delivered": 7,
}


async def settle_town(citizens: int) -> Municipality:
    """Make the town and its people, each with one telephone number that takes texts."""
    town = await Municipality.create(slug=SLUG, name="Sainte-Rive")
    for start in range(0, citizens, CHUNK):
        numbers = range(start, min(start + CHUNK, citizens))
        people = [make_citizen(town, number) for number in numbers]
        await Citizen.bulk_create(people)
        points = zip(people, numbers, strict=True)
        await ContactPoint.bulk_create([make_phone(person, number) for person, number in points])
    return town


def make_citizen(town: Municipality, number: int) -> Citizen:
    return Citizen(
        id=make_id(),
        municipality_id=town.id,
        reference=f"demo-{number}",
        first_name=FIRST[number % len(FIRST)],
        last_name=LAST[number // len(FIRST) % len(LAST)],
        locale=Locale.EN if number % 5 == 0 else Locale.FR,
        modified_at=tell_time(),
    )


def make_phone(person: Citizen, number: int) -> ContactPoint:
    address = f"+1{418 + number // 1_000_000}{555 + number // 10_000 % 100}{number % 10_000:04}"
    return ContactPoint(id=make_id(), citizen_id=person.id, address=address, channels=[Channel.CALL, Channel.SMS])


async def send_drill(town: Municipality) -> UUID:
    """Write the drill and send it as the town's operator would."""
    now = tell_time()
    category = await Category.create(municipality=town, name="Exercice", channels=[Channel.SMS])
    communication = await Communication.create(
        municipality=town,
        category=category,
        kind=CommunicationKind.REGULAR,
        state=CommunicationState.DRAFT,
        title="Exercice de crue",
        channels=[Channel.SMS],
        created_at=now,
        modified_at=now,
    )
    for locale, text in ((Locale.FR, "EXERCICE. Ceci est un test."), (Locale.EN, "DRILL. This is a test.")):
        await CommunicationContent.create(communication=communication, locale=locale, sms_text=text)
    viewer = await make_operator(town)
    return await send_communication(viewer, communication.id, at=None, key="drill", now=now, usable={Channel.SMS})


async def make_operator(town: Municipality) -> Viewer:
    """Return the operator who sends the drill."""
    now = tell_time()
    principal = await Principal.create(municipality=town, subject="demo", name="Demo", role=Role.ADMIN)
    return Viewer(principal.id, town.id, "demo", "Demo", Role.ADMIN, town.locale, now, now)


async def recount_drill(communication_id: UUID, ledger: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Count citizens from what the carriers say they reported, joined on the delivery in the callback's URL."""
    rows = await get_database().execute_query_dict(
        "SELECT r.id, array_remove(array_agg(d.id), NULL) AS deliveries FROM recipient r"
        " LEFT JOIN delivery d ON d.recipient_id = r.id WHERE r.communication_id = $1 GROUP BY r.id",
        [communication_id],
    )
    best = rank_deliveries(ledger)
    ranks = [max((best.get(key, 0) for key in row["deliveries"]), default=0) for row in rows]
    contacted = sum(rank == RANKS["delivered"] for rank in ranks)
    return {"contacted": contacted, "inProgress": 0, "notContacted": len(ranks) - contacted}


def rank_deliveries(ledger: Iterable[Mapping[str, Any]]) -> dict[UUID, int]:
    """Return for each delivery the highest rank among the reports that were acknowledged."""
    best: dict[UUID, int] = {}
    for entry in ledger:
        found = recognise(entry["delivery"] or "")
        if found is not None:
            best[found[1]] = max([best.get(found[1], 0), *list_ranks(entry["callbacks"])])
    return best


def list_ranks(callbacks: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the ranks of reports that we said we have kept."""
    return [RANKS[each["word"]] for each in callbacks if each["state"] == "acknowledged" and each["kind"] != "forged"]
