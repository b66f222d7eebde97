"""A town with one sent communication, as large as asked for: rows as planning and reports leave them, made set by set."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from tocsin.search import fold_address, keep_words
from tocsin.statuses import DeliveryStatus

RARE = 5
"""So many recipients are not contacted."""

FIRST = ["Al", "Be", "Cha", "De", "É", "Flo", "Ga", "Hu", "I", "Jo", "Ka", "Li", "Ma", "Na", "O", "Pa", "Ro", "Sa", "Tho",
         "Zo"]  # fmt: skip
MIDDLE = ["ine", "rno", "ntal", "nis", "dith", "rence", "elle", "go", "vie", "seph"]
LAST = ["Trem", "Cô", "Gag", "Bou", "Gau", "Mo", "La", "Pel", "Si", "Le", "Ber", "Du", "Fo", "Ouel", "Gir", "Po", "Ca", "Ni",
        "Ar", "Ev", "In", "Ju", "Qu", "Wi"]  # fmt: skip
ENDING = ["blay", "té", "er", "non", "chard", "thier", "rin", "voie", "letier", "mard", "vesque", "geron", "bé", "rtier",
          "lette", "ard", "ulin", "ron", "seau", "colas"]  # fmt: skip


def pick(syllables: list[str], skew: float = 1.0) -> str:
    """Return the SQL of one of the syllables; a larger skew prefers those at the beginning."""
    listed = ", ".join(f"'{syllable}'" for syllable in syllables)
    return f"(ARRAY[{listed}])[1 + floor({len(syllables)} * power(random(), {skew}))::int]"


CELLS = {
    1: 1000 + DeliveryStatus.SMS_RECEIVED,
    2: 2000 + DeliveryStatus.SMS_SENT,
    3: 3000 + DeliveryStatus.SMS_UNDELIVERED,
}
OPENED, SPAM = 1000 + DeliveryStatus.EMAIL_OPENED, 1000 + DeliveryStatus.EMAIL_SPAM

TOWN = """
WITH town AS (INSERT INTO municipality (id, slug, name, time_zone, locale, week_start, version)
  VALUES (gen_random_uuid(), 'bench-' || gen_random_uuid(), 'Bench', 'America/Toronto', 'FR', 7, 0) RETURNING id),
theme AS (INSERT INTO category (id, municipality_id, name, confirmation_required, voicemail_counts, channels)
  SELECT gen_random_uuid(), id, 'Floods', false, true, '{2,3}' FROM town RETURNING id, municipality_id)
INSERT INTO communication (id, municipality_id, category_id, kind, state, title, channels, confirmation_required,
  voicemail_counts, created_at, modified_at, sent_at, list_version)
SELECT gen_random_uuid(), municipality_id, id, 'REGULAR', 'IN_PROGRESS', 'Bench', '{2,3}', false, true, now(), now(), now(), 0
FROM theme RETURNING id, municipality_id"""

PEOPLE = f"""
INSERT INTO citizen (id, municipality_id, first_name, last_name, first_name_key, last_name_key, locale, modified_at)
SELECT gen_random_uuid(), $1, first, last, translate(lower(first), 'éô', 'eo'), translate(lower(last), 'éô', 'eo'), 'FR', now()
FROM (SELECT {pick(FIRST, 1.5)} || {pick(MIDDLE)} || {pick(["", "e"])} AS first,
  {pick(LAST, 1.5)} || {pick(ENDING)} || CASE WHEN random() < 0.3 THEN '' ELSE '-' || {pick(LAST)} || {pick(ENDING)} END AS last
  FROM generate_series(1, $2)) named"""

RECIPIENTS = f"""
INSERT INTO recipient (id, communication_id, citizen_id, first_name, last_name, first_name_key, last_name_key, locale, email,
  phone, outcome, reason, unconfirmed, uncertain, pending, sms_best, email_best, version)
SELECT gen_random_uuid(), $1, id, first_name, last_name, first_name_key, last_name_key, 'FR', 'citizen' || n || '@exemple.test',
  '+1418' || lpad((n * 7919 % 10000000)::text, 7, '0'), outcome, CASE outcome WHEN 3 THEN 8 END, false, 0, (outcome = 2)::int,
  CASE outcome {" ".join(f"WHEN {outcome} THEN {cell}" for outcome, cell in CELLS.items())} END,
  CASE WHEN n % 3 = 0 THEN CASE WHEN n % 2000 = 0 THEN {SPAM} ELSE {OPENED} END END, 1 + n / 500
FROM (SELECT *, CASE WHEN n <= {RARE} THEN 3 WHEN random() < 0.8 THEN 1 ELSE 2 END AS outcome
  FROM (SELECT *, row_number() OVER () AS n FROM citizen WHERE municipality_id = $2) numbered) judged"""

TALLY = """
INSERT INTO tally (communication_id, version, total, contacted, in_progress, not_contacted, unconfirmed, uncertain, pending,
  counts, changed_at)
SELECT $1, max(version), count(*), count(*) FILTER (WHERE outcome = 1), count(*) FILTER (WHERE outcome = 2),
  count(*) FILTER (WHERE outcome = 3), 0, 0, count(*) FILTER (WHERE outcome = 2),
  (SELECT jsonb_object_agg(cell, n) FROM (SELECT cell, count(*) AS n
    FROM recipient, unnest(ARRAY[sms_best, email_best]) cell WHERE communication_id = $1 AND cell IS NOT NULL GROUP BY cell) c),
  now()
FROM recipient WHERE communication_id = $1"""

TEXTS = ("first_name_key", "last_name_key", fold_address("email"), fold_address("phone"))
WORDS = f"""
INSERT INTO recipient_search (recipient_id, words) SELECT id, {keep_words("communication_id", *TEXTS)}
FROM recipient WHERE communication_id = $1"""
CITIZEN_WORDS = f"""
INSERT INTO citizen_search (citizen_id, words) SELECT citizen_id, {keep_words("$2::uuid", *TEXTS)}
FROM recipient WHERE communication_id = $1"""

INDEXES = """
SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('citizen', 'recipient', 'citizen_search', 'recipient_search')
  AND indexdef NOT LIKE 'CREATE UNIQUE%' ORDER BY indexname"""


@dataclass(frozen=True, slots=True)
class BenchTown:
    """A municipality and the communication that was sent to everybody in it."""

    municipality_id: UUID
    communication_id: UUID
    size: int


async def stage_towns(url: str, sizes: list[int]) -> list[BenchTown]:
    """Make towns of these sizes; indexes are built at the end, which is faster and leaves them as a vacuum would."""
    connection = await asyncpg.connect(url)
    await connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SELECT setseed(0.5)")
    await connection.execute("SET session_replication_role = replica")
    indexes = await connection.fetch(INDEXES)
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['indexname']}")
    towns = [await stage_town(connection, size) for size in sizes]
    for index in indexes:
        await connection.execute(index["indexdef"])
    for table in ("citizen", "recipient", "citizen_search", "recipient_search", "tally"):
        await connection.execute(f"VACUUM ANALYZE {table}")
    await connection.execute("CHECKPOINT")
    await connection.close()
    return towns


async def stage_town(connection: "asyncpg.Connection[asyncpg.Record]", size: int) -> BenchTown:
    [row] = await connection.fetch(TOWN)
    communication, municipality = row["id"], row["municipality_id"]
    await connection.execute(PEOPLE, municipality, size)
    await connection.execute(RECIPIENTS, communication, municipality)
    await connection.execute(TALLY, communication)
    await connection.execute(WORDS, communication)
    await connection.execute(CITIZEN_WORDS, communication, municipality)
    return BenchTown(municipality, communication, size)
