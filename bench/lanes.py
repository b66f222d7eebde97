"""A look at a long lane: the heads of its queues against sorting all that is planned, interleaved in one run.

Prints medians and their ratio, for a fresh lane and for one from which many have left without being cleaned up after.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Mapping

import asyncpg
from ground import make_database, run_postgres
from table import Row, give

from tocsin.database import connect_alone
from tocsin.waiting import HEADS, WAITS
from tocsin.words import Channel, Handling

ACCOUNT = "AC" + "1" * 32
PLACES = 4

SORTED = f"""
SELECT d.id FROM delivery d JOIN wave w ON w.id = d.wave_id JOIN communication c ON c.id = w.communication_id WHERE {WAITS}
ORDER BY CASE w.kind WHEN 'INITIAL' THEN 1 WHEN 'RECONTACT' THEN 2 ELSE 3 END, c.municipality_id, d.id LIMIT $3"""

STAGE = """
WITH town AS (INSERT INTO municipality (id, slug, name, time_zone, locale, week_start, version)
  SELECT gen_random_uuid(), 'bench-' || n, 'Bench', 'America/Toronto', 'FR', 7, 0 FROM generate_series(1, 10) n RETURNING id),
theme AS (INSERT INTO category (id, municipality_id, name, confirmation_required, voicemail_counts, channels)
  SELECT gen_random_uuid(), id, 'Floods', false, true, '{1}' FROM town RETURNING id, municipality_id),
alert AS (INSERT INTO communication (id, municipality_id, category_id, kind, state, title, channels,
    confirmation_required, voicemail_counts, created_at, modified_at, sent_at, list_version)
  SELECT gen_random_uuid(), municipality_id, id, 'REGULAR', 'IN_PROGRESS', 'Bench', '{1}', false, true, now(), now(), now(), 0
  FROM theme, generate_series(1, 10) RETURNING id)
INSERT INTO wave (id, communication_id, kind, number, ordinal, started_at, targets, planned_at)
SELECT gen_random_uuid(), id, 'INITIAL', 1, 1, now(), 0, now() FROM alert"""

# One wave holds nine tenths of the lane, ninety-nine share the rest. Citizens and recipients play no part here.
FILL = f"""
INSERT INTO delivery (id, communication_id, wave_id, recipient_id, channel, account, address, handling, fence, expired, dead, asks)
SELECT gen_random_uuid(), w.communication_id, w.id, gen_random_uuid(), {Channel.CALL:d}, $1, '+1418' || lpad(n::text, 7, '0'),
  {Handling.PLANNED:d}, 0, false, false, 0
FROM (SELECT *, row_number() OVER (ORDER BY id) AS place FROM wave) w,
  LATERAL generate_series(1, CASE WHEN w.place = 1 THEN $2::int * 9 / 10 ELSE $2::int / 990 END) n"""

LEAVE = f"""
UPDATE delivery SET handling = {Handling.TAKEN:d}, status = 160, ended_at = now() WHERE id IN (
  SELECT id FROM delivery WHERE wave_id = (SELECT wave_id FROM delivery GROUP BY wave_id ORDER BY count(*) DESC LIMIT 1)
  ORDER BY id LIMIT $1)"""


async def measure(connection: "asyncpg.Connection[asyncpg.Record]", rounds: int) -> dict[str, float]:
    """Return the median milliseconds of both ways."""
    taken: dict[str, list[float]] = {"heads": [], "sorted": []}
    for _ in range(rounds):
        for way, statement in (("heads", HEADS), ("sorted", SORTED)):
            begun = time.perf_counter()
            await connection.fetch(statement, ACCOUNT, Channel.CALL, PLACES)
            taken[way].append((time.perf_counter() - begun) * 1_000)
    return {way: statistics.median(times) for way, times in taken.items()}


async def run(url: str, *, planned: int, rounds: int) -> None:
    connection = await connect_alone(url)
    await connection.execute(
        "SET session_replication_role = replica; SET jit = off; ALTER TABLE delivery SET (autovacuum_enabled = off)"
    )
    await connection.execute(STAGE)
    await connection.execute(FILL, ACCOUNT, planned)
    await connection.execute("ANALYZE")
    fresh = make_row("fresh", await measure(connection, rounds), rounds)
    await connection.execute(LEAVE, planned // 10)
    left = make_row("a tenth gone, not vacuumed", await measure(connection, rounds), rounds)
    await connection.close()
    give([fresh, left])


def make_row(what: str, medians: Mapping[str, float], rounds: int) -> Row:
    ratio, against = medians["sorted"] / medians["heads"], "sorting all that is planned takes so many times it"
    return Row(f"a look at a long lane, {what}", medians["heads"], "ms", ratio, against, rounds=rounds)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planned", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    return parser


def main() -> None:
    options = make_parser().parse_args()
    print(f"a look at a lane of {options.planned} in 100 waves, median of {options.rounds} interleaved rounds")
    with run_postgres() as postgres:
        asyncio.run(run(make_database(postgres, "bench"), planned=options.planned, rounds=options.rounds))


if __name__ == "__main__":
    main()
