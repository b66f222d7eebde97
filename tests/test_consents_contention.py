"""The promise that STOP, reports, imports and planning at the same time neither block one another for good nor miscount."""

import asyncio
from pathlib import Path
from random import Random
from uuid import UUID

from import_town import HEADER
from stage.cast import ACCOUNT, draft, found_town, send_now, settle_citizens
from stage.office import Office, open_shop

from tocsin.consents import keep_consents
from tocsin.database import get_database
from tocsin.events import Consent
from tocsin.importing.intake import take_in
from tocsin.planning import plan_chunk
from tocsin.records.communications import Delivery, Tally, Wave
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.words import Channel
from tocsin_jobs.workshop import Workshop

SENDERS = {Channel.SMS: "+14185550100"}
CITIZENS = 120
WORDS = (DeliveryStatus.SMS_SENT, DeliveryStatus.SMS_FAILED, DeliveryStatus.SMS_RECEIVED)

# Written for this test from points, suppressions and ledger alone: no statement of the server is used.
RECOUNT = """
WITH told AS (SELECT d.recipient_id, max(e.status) AS status FROM delivery d JOIN delivery_event e ON e.delivery_id = d.id
  GROUP BY d.recipient_id)
SELECT count(*) FILTER (WHERE told.status = 260) AS contacted,
  count(*) FILTER (WHERE coalesce(told.status <> 260, true) AND r.outcome = 3 AND EXISTS (SELECT FROM contact_point p
    WHERE p.citizen_id = r.citizen_id AND 2 = ANY(p.channels)
      AND NOT EXISTS (SELECT FROM suppression s WHERE s.address = p.address))) AS eligible
FROM recipient r LEFT JOIN told ON told.recipient_id = r.id WHERE r.communication_id = $1"""


async def test_everything_at_once_ends_equal_to_a_recount(database: str, tmp_path: Path) -> None:
    chance = Random(5)
    town = await found_town()
    await settle_citizens(town, CITIZENS)
    for _ in range(2):
        await send_now(await draft(town))
    waves = await Wave.all()
    async with open_shop(Office()) as shop:
        await asyncio.gather(
            *(plan(wave.id) for wave in waves),
            say(Random(1)),
            say(Random(2)),
            take_file(tmp_path),
            report(shop, chance),
        )
    for wave in waves:
        key: UUID = wave.communication_id  # type: ignore[attr-defined]  # made by the relation
        [truth] = await get_database().execute_query_dict(RECOUNT, [key])
        tally = await Tally.get(communication_id=key)
        assert truth == {"contacted": tally.contacted, "eligible": tally.eligible}
        assert tally.contacted + tally.in_progress + tally.not_contacted == tally.total == CITIZENS


async def plan(wave_id: UUID) -> None:
    """Plan a wave in small chunks, while everything else goes on."""
    over = False
    while not over:
        over = (await plan_chunk(wave_id, {Channel.SMS: ACCOUNT}, tell_time(), size=20)).over


async def say(chance: Random) -> None:
    """Let many citizens say STOP and START."""
    for turn in range(60):
        address = f"+1418555{chance.randrange(CITIZENS):04}"
        consent = Consent(f"{id(chance)}:{turn}", Channel.SMS, SENDERS[Channel.SMS], address, chance.random() < 0.6)
        await keep_consents([consent], SENDERS)


async def take_file(folder: Path) -> None:
    """Import the neighbouring town, where the same numbers are known that are being talked about."""
    rows = [f"R{n},Aline,Import-{n},,,418-555-{n:04},,,," for n in range(CITIZENS)]
    path = folder / "citizens.csv"
    path.write_text("\n".join([HEADER, *rows]))
    for _ in range(3):
        await take_in(path, "port-alder", name="Port-Alder", senders=SENDERS, refuse=lambda line, why: None)


async def report(shop: Workshop, chance: Random) -> None:
    """Report about whatever has been planned so far, many at once."""
    office = Office()
    for _ in range(20):
        deliveries = await Delivery.all().limit(400)
        chosen = chance.sample(deliveries, min(len(deliveries), 40))
        events = [office.report(each.id, f"SM{each.id.hex}", chance.choice(WORDS)) for each in chosen]
        await asyncio.gather(*(shop.writer.keep([event]) for event in events))
