"""STOP and START: a citizen's word about a sender, kept once, and what follows for his points and what is planned.

A suppression belongs to an address and a sender, whoever lives there and whichever municipality knows it: the sender is
shared. Imports reachability and assessment.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved, reassess
from tocsin.database import CONTENDED
from tocsin.errors import Unavailable
from tocsin.events import Consent
from tocsin.identifiers import make_id
from tocsin.reachability import lock_for_citizens, refresh_reachable
from tocsin.settings import Settings
from tocsin.transactions import in_transaction
from tocsin.words import Channel, Handling, SkipReason
from tocsin.writer import POISON

TRIES = 5
PAUSE = 0.05

log = structlog.get_logger(__name__)

Senders = Mapping[Channel, str]
"""Who sends on each channel at present; only what was said to them holds."""


def list_senders(settings: Settings) -> Senders:
    """Return what citizens see as our sender on each channel that is set up."""
    senders = {
        Channel.CALL: settings.twilio_from,
        Channel.SMS: settings.twilio_messaging_service_sid or settings.twilio_from,
        Channel.EMAIL: settings.ses_from,
    }
    return {channel: sender for channel, sender in senders.items() if sender}


NOTE = """
INSERT INTO consent_event (event_key, channel, sender, address, stopped, received_at)
SELECT event_key, channel, sender, address, stopped, now()
FROM unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::boolean[])
  AS said (event_key, channel, sender, address, stopped)
ORDER BY event_key ON CONFLICT (event_key) DO NOTHING RETURNING event_key"""

SUPPRESS = """
INSERT INTO suppression (id, channel, sender, address, since) VALUES ($1, $2, $3, $4, now())
ON CONFLICT (address, channel, sender) DO NOTHING"""
RELEASE = "DELETE FROM suppression WHERE channel = $1 AND sender = $2 AND address = $3"

FIND = "SELECT id, citizen_id FROM contact_point WHERE address = ANY($1::text[])"

# Citizens before points, as the importer writes them.
LOCK = "SELECT id FROM citizen WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
TOUCH = "UPDATE citizen SET modified_at = now() WHERE id = ANY($1::uuid[])"

FOLLOW = """
WITH present AS (
  SELECT p.id, ARRAY(SELECT s.channel FROM suppression s JOIN unnest($2::smallint[], $3::text[]) AS ours (channel, sender)
    ON ours.channel = s.channel AND ours.sender = s.sender WHERE s.address = p.address ORDER BY s.channel) AS channels
  FROM contact_point p WHERE p.id = ANY($1::uuid[])
)
UPDATE contact_point p SET suppressed_channels = present.channels FROM present
WHERE p.id = present.id AND p.suppressed_channels <> present.channels RETURNING p.citizen_id"""

SKIP = f"""
UPDATE delivery d SET handling = {Handling.SKIPPED:d}, skip_reason = {SkipReason.SUPPRESSED:d}
FROM recipient r, unnest($3::smallint[], $4::text[]) AS stopped (channel, address)
WHERE r.communication_id = ANY($1::uuid[]) AND r.citizen_id = ANY($2::uuid[]) AND d.recipient_id = r.id
  AND d.handling = {Handling.PLANNED:d} AND d.channel = stopped.channel AND d.address = stopped.address
RETURNING d.recipient_id"""


async def keep_consents(consents: Sequence[Consent], senders: Senders) -> Moved:
    """Keep what citizens said and do what follows, committed before returning; the same key a second time does nothing.

    UNAVAILABLE where the database is away or too busy: then the carrier shall say it again.
    """
    for attempt in range(TRIES):
        try:
            return await apply_consents(consents, senders)
        except CONTENDED as error:
            log.info("consents contended", error=type(error).__name__)
            await asyncio.sleep(PAUSE * attempt)
        except POISON:
            raise
        except Exception as error:  # away, full, restarting: none of it is kept
            log.warning("database away", consents=len(consents), error=type(error).__name__)
            break
    raise Unavailable("What a citizen said could not be kept just now; send it again.")


async def apply_consents(consents: Sequence[Consent], senders: Senders) -> Moved:
    """Do it all in one transaction: tallies first, then citizens, points, recipients and deliveries."""
    async with in_transaction() as connection:
        fresh = await note_consents(connection, consents)
        if not fresh:
            return Moved({})
        points = await connection.execute_query_dict(FIND, [sorted({consent.address for consent in fresh})])
        citizens = sorted({row["citizen_id"] for row in points})
        communications = await lock_for_citizens(connection, citizens)
        await connection.execute_query_dict(LOCK, [citizens])
        await change_suppressions(connection, fresh)
        changed = await follow_suppressions(connection, [row["id"] for row in points], senders)
        await connection.execute_query_dict(TOUCH, [changed])
        stopped = [each for each in fresh if each.stopped and senders.get(each.channel) == each.sender]
        skipped = await skip_planned(connection, communications, citizens, stopped=stopped)
        moved = await reassess(connection, [*skipped, *await refresh_reachable(connection, changed)])
    return replace(moved, citizens=changed)


async def note_consents(connection: BaseDBAsyncClient, consents: Sequence[Consent]) -> list[Consent]:
    """Keep each key once; return what is new, of several words about one sender the last."""
    columns = [
        [getattr(consent, name) for consent in consents]
        for name in ("event_key", "channel", "sender", "address", "stopped")
    ]
    rows = await connection.execute_query_dict(NOTE, columns)
    new = {row["event_key"] for row in rows}
    last = {(each.channel, each.sender, each.address): each for each in consents if each.event_key in new}
    return list(last.values())


async def change_suppressions(connection: BaseDBAsyncClient, consents: Iterable[Consent]) -> None:
    for each in sorted(consents, key=lambda consent: (consent.address, consent.channel, consent.sender)):
        values = [each.channel, each.sender, each.address]
        if each.stopped:
            await connection.execute_query(SUPPRESS, [make_id(), *values])
        else:
            await connection.execute_query(RELEASE, values)


async def follow_suppressions(connection: BaseDBAsyncClient, points: Sequence[UUID], senders: Senders) -> list[UUID]:
    """Let these points have the suppressions of their addresses; return the citizens of those that changed.

    Whoever makes a point or changes its address calls this too, in the same transaction.
    """
    if not points:
        return []
    rows = await connection.execute_query_dict(FOLLOW, [sorted(points), list(senders.keys()), list(senders.values())])
    return sorted({row["citizen_id"] for row in rows})


async def skip_planned(
    connection: BaseDBAsyncClient,
    communications: Sequence[UUID],
    citizens: Sequence[UUID],
    *,
    stopped: Sequence[Consent],
) -> list[UUID]:
    """Skip what is still to be handed over to addresses that refuse it; return the recipients."""
    values = [
        list(communications),
        list(citizens),
        [each.channel for each in stopped],
        [each.address for each in stopped],
    ]
    rows = await connection.execute_query_dict(SKIP, values) if stopped else []
    return [row["recipient_id"] for row in rows]
