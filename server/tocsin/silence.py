"""Deliveries that a carrier has taken and says nothing more about: when to ask where they stand. Imports expiry and handover.

Carriers drop reports. Each pending status is asked about when a third of its patience is over and again shortly before it
would expire; one that lasts for hours every half hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.database import get_database
from tocsin.events import HandOver
from tocsin.expiry import HALF_HOUR, measure_expiries
from tocsin.handover import WORDED, describe
from tocsin.lost import SPOKEN
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel, Handling

ASKED = (Channel.CALL, Channel.SMS)
"""Nobody can be asked about an e-mail."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Statuses that are waited for equally long: asked about from `first` seconds before they expire, then `every` so many."""

    channel: Channel
    statuses: tuple[DeliveryStatus, ...]
    first: float
    every: float


def measure_silences(settings: Settings) -> list[Silence]:
    """Return when each pending status is asked about, at the speed of this process."""
    together: dict[tuple[Channel, float], list[DeliveryStatus]] = {}
    for status, lasts in measure_expiries(settings).items():
        if status.channel in ASKED:
            together.setdefault((status.channel, lasts), []).append(status)
    most = HALF_HOUR / settings.tocsin_speed
    return [
        Silence(channel, tuple(statuses), first=lasts - min(lasts / 3, most), every=min(lasts / 2, most))
        for (channel, lasts), statuses in together.items()
    ]


@dataclass(frozen=True, slots=True)
class Silent:
    """A delivery to be asked about under the carrier's own id."""

    hand_over: HandOver
    carrier_id: str


CLAIM = f"""
WITH chosen AS (
  SELECT id FROM delivery WHERE NOT expired AND expires_at <= now() + $1::float8 * interval '1 second'
    AND account = $2 AND status = ANY($3::smallint[]) AND handling = {Handling.TAKEN:d}
    AND carrier_id IS NOT NULL AND ended_at IS NULL
    AND coalesce(asked_at, '-infinity') <= now() - $4::float8 * interval '1 second'
  ORDER BY expires_at LIMIT $5 FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE delivery d SET asked_at = now(), asks = asks + 1 FROM chosen WHERE d.id = chosen.id
  RETURNING d.id, d.communication_id, d.verification_id, d.address, d.channel, {SPOKEN} AS spoken, d.carrier_id
)
{WORDED}"""


async def claim_silent(silence: Silence, account: str, *, limit: int) -> Sequence[Silent]:
    """Choose the deliveries nearest to their end to ask about now; nobody else then asks before it is their turn again."""
    values = [silence.first, account, list(silence.statuses), silence.every, limit]
    rows = await get_database().execute_query_dict(CLAIM, values)
    return [Silent(describe(row), row["carrier_id"]) for row in rows]
