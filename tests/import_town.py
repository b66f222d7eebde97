"""A municipality that files are imported into, and what is found there afterwards."""

from pathlib import Path

from tocsin.database import get_database
from tocsin.importing.intake import Summary, take_in
from tocsin.records.people import ContactPoint, Membership, Municipality, Subscription
from tocsin.words import Channel

HEADER = "reference,first_name,last_name,locale,call,sms,email,verified,groups,categories"
SENDERS = {Channel.SMS: "+14185550100", Channel.EMAIL: "alertes@exemple.test"}
ALINE = "R1,Aline,Tremblay,fr,418-555-0142,418-555-0142,aline@exemple.test,yes,East;West,Floods"
BRUNO = "R2,Bruno,Côté,en,(418) 555-0143,,bruno@exemple.test,,East,"
CHANTAL = ",Chantal,Roy,,,+1 418 555 0144,,non,,"


class Town:
    """The municipality that imports go to, with its category Floods, and what was said of bad rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refused: list[tuple[int, str]] = []

    async def take(self, *rows: str, header: str = HEADER) -> Summary:
        """Import these rows as a CSV file."""
        return await self.take_bytes("\n".join([header, *rows]).encode())

    async def take_bytes(self, content: bytes, name: str = "citizens.csv") -> Summary:
        path = self.folder / name
        path.write_bytes(content)
        return await self.take_file(path)

    async def take_file(self, path: Path) -> Summary:
        self.refused.clear()
        return await take_in(
            path, "sainte-rive", name=None, senders=SENDERS, refuse=lambda line, why: self.refused.append((line, why))
        )


async def found_import_town(folder: Path) -> Town:
    """Make the municipality; the pool has to be open."""
    municipality = await Municipality.create(slug="sainte-rive", name="Sainte-Rive")
    channels = [1, 2, 3]
    for name in ("Floods", "Water"):
        await get_database().execute_query(
            "INSERT INTO category (id, municipality_id, name, confirmation_required, voicemail_counts, channels)"
            " VALUES (gen_random_uuid(), $1, $2, false, true, $3)",
            [municipality.id, name, channels],
        )
    return Town(folder)


async def read_points(first_name: str) -> dict[str, tuple[list[int], bool]]:
    """Return channels and verification by address."""
    points = await ContactPoint.filter(citizen__first_name=first_name)
    return {point.address: (sorted(point.channels), point.verified_at is not None) for point in points}


async def read_groups(first_name: str) -> set[str]:
    rows = await Membership.filter(citizen__first_name=first_name).prefetch_related("group")
    return {row.group.name for row in rows}


async def read_categories(first_name: str) -> set[str]:
    rows = await Subscription.filter(citizen__first_name=first_name).prefetch_related("category")
    return {row.category.name for row in rows}
