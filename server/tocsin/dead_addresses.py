"""Addresses that can never be reached on a channel, as their newest attempt with a verdict says. Imports statuses.

Whatever the order of reports, it ends alike: only what the ledger says of the deliveries decides. A point that has got
another address since is another point.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.statuses import FINAL, MEANINGS, DeliveryStatus
from tocsin.words import Standing

REACHING = frozenset(status for status in FINAL if MEANINGS[status].standing is Standing.REACHED)
"""A telephone or a mailbox that is there, whether or not a category takes it for contact."""

MARKED = "SELECT id FROM contact_point WHERE id = ANY($1::uuid[]) AND dead_channels <> '{}'"

# What others report just now of later attempts has to be seen; shared, so that it keeps them only until we commit.
HOLD_LATER = """
SELECT d.id FROM delivery d JOIN unnest($1::uuid[], $2::smallint[], $3::uuid[]) AS tried (point_id, channel, delivery_id)
  ON d.contact_point_id = tried.point_id AND d.channel = tried.channel AND d.id > tried.delivery_id
ORDER BY d.id FOR SHARE OF d"""

HOLD_POINTS = "SELECT id FROM contact_point WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"

MARK = f"""
WITH newest AS (
  SELECT DISTINCT ON (d.contact_point_id, d.channel) d.contact_point_id, d.channel,
    d.dead AND d.status NOT IN ({", ".join(str(int(status)) for status in sorted(REACHING))}) AS dead
  FROM unnest($1::uuid[], $2::smallint[]) AS tried (point_id, channel)
  JOIN contact_point p ON p.id = tried.point_id
  JOIN delivery d ON d.contact_point_id = p.id AND d.channel = tried.channel AND d.address = p.address
  WHERE d.status IN ({", ".join(str(int(status)) for status in sorted(FINAL))})
  ORDER BY d.contact_point_id, d.channel, d.id DESC
), verdict AS (
  SELECT contact_point_id, coalesce(array_agg(channel) FILTER (WHERE dead), '{{}}') AS dying,
    coalesce(array_agg(channel) FILTER (WHERE NOT dead), '{{}}') AS living
  FROM newest GROUP BY contact_point_id
)
UPDATE contact_point p SET dead_channels = ARRAY(
  SELECT DISTINCT channel FROM unnest(p.dead_channels || v.dying) channel WHERE channel <> ALL(v.living) ORDER BY channel)
FROM verdict v WHERE p.id = v.contact_point_id AND (NOT p.dead_channels @> v.dying OR p.dead_channels && v.living)
RETURNING p.id"""

Row = Mapping[str, Any]


async def mark_addresses(connection: BaseDBAsyncClient, rows: Sequence[Row]) -> None:
    """Bring contact points up to date after these deliveries (id, contact_point_id, status, dead) were raised.

    The caller holds the tallies' locks. A batch that holds no verdict asks nothing; one without a dead address, whether
    one of its points was marked before.
    """
    judged = [row for row in rows if row["status"] in FINAL and row["contact_point_id"] is not None]
    marked = await find_marked(connection, judged)
    touched = [row for row in judged if row["dead"] or row["contact_point_id"] in marked]
    if not touched:
        return
    points = [row["contact_point_id"] for row in touched]
    channels = [DeliveryStatus(row["status"]).channel for row in touched]
    await connection.execute_query_dict(HOLD_LATER, [points, channels, [row["id"] for row in touched]])
    await connection.execute_query_dict(HOLD_POINTS, [points])
    await connection.execute_query_dict(MARK, [points, channels])


async def find_marked(connection: BaseDBAsyncClient, rows: Sequence[Row]) -> set[UUID]:
    """Return the points of living deliveries that are dead on some channel."""
    living = {row["contact_point_id"] for row in rows if not row["dead"]}
    if not living:
        return set()
    return {row["id"] for row in await connection.execute_query_dict(MARKED, [list(living)])}
