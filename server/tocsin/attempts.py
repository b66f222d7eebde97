"""Making a wave's deliveries set by set, in one statement a chunk: whom, where, and what is left out. Imports pictures, search, words.

A point is used on each channel that the communication and the point share. What its citizen refused is skipped, and what
is known to be dead where he has another; in later waves nobody who is contacted is tried, and nowhere where the last
attempt is still open.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.audience import NOBODY, list_audience
from tocsin.identifiers import NEW_KEY
from tocsin.pictures import OPEN
from tocsin.search import fold_address, keep_words
from tocsin.words import Channel, Handling, Outcome, SkipReason, WaveKind

WANTED = {
    WaveKind.AUTO_REMINDER: (Outcome.IN_PROGRESS, Outcome.NOT_CONTACTED),
    WaveKind.RECONTACT: (Outcome.NOT_CONTACTED,),
}
"""Whom a later wave of each kind tries."""

WAYS = "way AS (SELECT * FROM unnest($4::smallint[], $5::text[]) AS way (channel, account))"

POINT = """p.id AS point_id, p.address, way.channel, way.account, way.channel = ANY(p.suppressed_channels) AS suppressed,
    way.channel = ANY(p.dead_channels) AS dead"""

MAKE = f"""
judged AS (
  SELECT *, bool_or(NOT suppressed AND NOT dead) OVER (PARTITION BY recipient_id, channel) AS alive FROM point
), reasoned AS (
  SELECT *, CASE WHEN suppressed THEN {SkipReason.SUPPRESSED:d}
    WHEN dead AND alive THEN {SkipReason.DEAD_ADDRESS:d} END AS reason FROM judged WHERE NOT open
), made AS (
  INSERT INTO delivery (id, communication_id, wave_id, recipient_id, contact_point_id, channel, account, address, handling,
    skip_reason)
  SELECT {NEW_KEY}, $1, $2, recipient_id, point_id, channel, account, address,
    CASE WHEN reason IS NULL THEN {Handling.PLANNED:d} ELSE {Handling.SKIPPED:d} END, reason
  FROM reasoned ORDER BY recipient_id, channel, point_id
  RETURNING recipient_id, account, channel
)"""


def first_address(condition: str) -> str:
    """Return the SQL of a person's oldest address of some kind, which the grid shows."""
    return f"(SELECT p.address FROM contact_point p WHERE p.citizen_id = n.id AND {condition} ORDER BY p.id LIMIT 1)"


RECIPIENT_WORDS = keep_words(
    "$1::uuid", "first_name_key", "last_name_key", fold_address("email"), fold_address("phone")
)

FIRST = f"""
WITH {WAYS}, person AS (
  SELECT {NEW_KEY} AS key, c.id, c.first_name, c.last_name, c.first_name_key, c.last_name_key, c.locale
  FROM citizen c WHERE c.id = ANY($3::uuid[]) ORDER BY c.id
), point AS (
  SELECT n.key AS recipient_id, {POINT}, false AS open
  FROM person n JOIN contact_point p ON p.citizen_id = n.id JOIN way ON way.channel = ANY(p.channels)
), listed AS (
  INSERT INTO recipient (id, communication_id, citizen_id, first_name, last_name, first_name_key, last_name_key, locale, email,
    phone, reachable, unconfirmed, uncertain, pending, version)
  SELECT n.key, $1, n.id, n.first_name, n.last_name, n.first_name_key, n.last_name_key, n.locale,
    {first_address(f"{Channel.EMAIL:d} = ANY(p.channels)")},
    {first_address(f"p.channels && '{{{Channel.CALL:d},{Channel.SMS:d}}}'")},
    EXISTS (SELECT FROM point WHERE point.recipient_id = n.key AND NOT suppressed), false, 0, 0, 0
  FROM person n RETURNING id, first_name_key, last_name_key, email, phone
), findable AS (
  INSERT INTO recipient_search (recipient_id, words) SELECT id, {RECIPIENT_WORDS} FROM listed
), {MAKE}
SELECT recipient_id, account, channel FROM made UNION ALL SELECT key, NULL, NULL FROM person"""

AGAIN = f"""
WITH {WAYS}, point AS (
  SELECT r.id AS recipient_id, {POINT}, EXISTS (SELECT FROM delivery d WHERE d.recipient_id = r.id
    AND d.contact_point_id = p.id AND d.channel = way.channel AND d.address = p.address AND {OPEN}) AS open
  FROM recipient r JOIN contact_point p ON p.citizen_id = r.citizen_id JOIN way ON way.channel = ANY(p.channels)
  WHERE r.communication_id = $1 AND r.citizen_id = ANY($3::uuid[]) AND r.outcome = ANY($6::smallint[])
), {MAKE}
SELECT recipient_id, account, channel FROM made"""

NEXT = """
SELECT citizen_id FROM recipient WHERE communication_id = $1 AND citizen_id > $2 AND outcome IS NOT NULL
ORDER BY citizen_id LIMIT $3"""


@dataclass(frozen=True, slots=True)
class Round:
    """The wave whose deliveries are made: whose it is, and the account of each channel that is used."""

    communication_id: UUID
    wave_id: UUID
    kind: WaveKind
    ways: Mapping[Channel, str]


@dataclass(frozen=True, slots=True)
class Made:
    """Whose deliveries were made, and the accounts and channels that they wait for."""

    recipients: Sequence[UUID]
    ways: Collection[tuple[str, Channel]]


async def list_citizens(connection: BaseDBAsyncClient, round_: Round, after: UUID | None, *, limit: int) -> list[UUID]:
    """Return the citizens who come next: of the audience in a first wave, of the recipients in a later one."""
    if round_.kind is WaveKind.INITIAL:
        return await list_audience(connection, round_.communication_id, after, limit=limit)
    rows = await connection.execute_query_dict(NEXT, [round_.communication_id, after or NOBODY, limit])
    return [row["citizen_id"] for row in rows]


async def make_attempts(connection: BaseDBAsyncClient, round_: Round, citizens: Sequence[UUID]) -> Made:
    """Make the deliveries of these citizens, in a first wave their recipients too; the caller holds the tally's lock."""
    if not citizens:
        return Made((), ())
    values: list[Any] = [round_.communication_id, round_.wave_id, list(citizens)]
    values += [[int(channel) for channel in round_.ways], list(round_.ways.values())]
    first = round_.kind is WaveKind.INITIAL
    wanted = [] if first else [[int(outcome) for outcome in WANTED[round_.kind]]]
    rows = await connection.execute_query_dict(FIRST if first else AGAIN, [*values, *wanted])
    ways = {(row["account"], Channel(row["channel"])) for row in rows if row["account"] is not None}
    return Made(sorted({row["recipient_id"] for row in rows}), ways)
