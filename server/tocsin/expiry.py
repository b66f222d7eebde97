"""How long a pending status may stay unanswered, and the write that ends it. Imports statuses and assessment."""

from tocsin.assessment import Moved, lock_tallies, reassess
from tocsin.database import get_database
from tocsin.settings import Settings
from tocsin.statuses import MEANINGS, DeliveryStatus
from tocsin.transactions import in_transaction
from tocsin.words import Standing

S = DeliveryStatus
HALF_HOUR = 30 * 60
DAY = 24 * 3600
SWEEP = 2_000

LONG = {
    S.CALL_QUEUED: DAY,
    S.EMAIL_SENT: DAY,
}

QUEUED_TEXTS = (S.SMS_ACCEPTED, S.SMS_QUEUED)
"""The carrier still tries these until the validity period ends."""


def measure_expiries(settings: Settings) -> dict[DeliveryStatus, float]:
    """Return for every pending status the seconds after which silence counts as missed."""
    queued = dict.fromkeys(QUEUED_TEXTS, settings.twilio_validity_seconds + HALF_HOUR)
    pending = [status for status, meaning in MEANINGS.items() if meaning.standing is Standing.PENDING]
    return {status: {**LONG, **queued}.get(status, HALF_HOUR) / settings.tocsin_speed for status in pending}


def measure_uncertainty(settings: Settings) -> float:
    """Return the seconds after which a delivery whose answer was lost counts as missed."""
    return HALF_HOUR / settings.tocsin_speed


DUE = """
SELECT DISTINCT communication_id FROM (
  SELECT communication_id FROM delivery WHERE NOT expired AND expires_at <= now() ORDER BY expires_at LIMIT $1) due"""

EXPIRE = """
UPDATE delivery SET expired = true WHERE id IN (
  SELECT id FROM delivery WHERE (communication_id = ANY($1::uuid[]) OR communication_id IS NULL) AND NOT expired
    AND expires_at <= now() ORDER BY expires_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING recipient_id"""


async def expire_deliveries() -> Moved:
    """Mark as expired what has waited too long, at most 2,000 deliveries; the database's clock decides."""
    due = await get_database().execute_query_dict(DUE, [SWEEP])
    if not due:
        return Moved({})
    async with in_transaction() as connection:
        locked = await lock_tallies(connection, [row["communication_id"] for row in due], wait=False)
        rows = await connection.execute_query_dict(EXPIRE, [locked, SWEEP])
        return await reassess(connection, [row["recipient_id"] for row in rows])
