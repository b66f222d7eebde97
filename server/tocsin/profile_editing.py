"""Changing a citizen's profile, and all that follows from it, in one transaction. Imports consents and reachability.

What has been sent keeps the names and addresses that it was sent to; the next wave takes them as they are now.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.addresses import find_region
from tocsin.assessment import Moved, reassess
from tocsin.audit import Action, note
from tocsin.citizens import refresh_citizen_words
from tocsin.consents import Senders, follow_suppressions
from tocsin.database import CONTENDED
from tocsin.errors import NotFound, Unavailable
from tocsin.folding import fold_name
from tocsin.identifiers import expose
from tocsin.profile_changes import KnownPoint, PointChange, PointPlan, ProfileChanges, check_name, plan_points
from tocsin.reachability import lock_for_citizens, refresh_reachable
from tocsin.transactions import in_transaction
from tocsin.viewers import Viewer
from tocsin.words import Channel, Role

TRIES = 5
PAUSE = 0.05

FIND = """
SELECT z.first_name, z.last_name, z.locale, m.time_zone FROM citizen z JOIN municipality m ON m.id = z.municipality_id
WHERE z.id = $1 AND z.municipality_id = $2"""

# Citizens before points, as every writer of points.
LOCK = f"{FIND} FOR NO KEY UPDATE OF z"
POINTS = "SELECT id, address, channels FROM contact_point WHERE citizen_id = $1 ORDER BY id"

CITIZEN = """
UPDATE citizen SET first_name = $2, last_name = $3, first_name_key = $4, last_name_key = $5, locale = $6,
  modified_at = $7 WHERE id = $1"""
REMOVE = "DELETE FROM contact_point WHERE id = ANY($1::uuid[])"

# Two points may exchange their addresses, and at no instant may both have the same.
SET_ASIDE = "UPDATE contact_point SET address = id::text WHERE id = ANY($1::uuid[])"
FRESHEN = "UPDATE contact_point SET verified_at = NULL, dead_channels = '{}' WHERE id = ANY($1::uuid[])"
KEEP = "UPDATE contact_point SET address = $2, channels = $3 WHERE id = $1"
ADD = """
INSERT INTO contact_point (id, address, channels, citizen_id, suppressed_channels, dead_channels)
VALUES ($1, $2, $3, $4, '{}', '{}')"""


async def update_citizen(
    viewer: Viewer, citizen_id: UUID, changes: ProfileChanges, *, senders: Senders, now: datetime
) -> Moved:
    """Write the changes; BAD_INPUT or NOT_FOUND with the field that is wrong. Operators and administrators.

    An address that has changed is unverified, and a code on its way to the old one is void.
    """
    viewer.require(Role.OPERATOR)
    for attempt in range(TRIES):
        try:
            return await apply_changes(viewer, citizen_id, changes, senders=senders, now=now)
        except CONTENDED:
            await asyncio.sleep(PAUSE * attempt)
    raise Unavailable("The database is busy; try again in a moment.")


async def apply_changes(
    viewer: Viewer, citizen_id: UUID, changes: ProfileChanges, *, senders: Senders, now: datetime
) -> Moved:
    """Do it all in one transaction: tallies first, then citizen, points and recipients."""
    values = [citizen_id, viewer.municipality_id]
    async with in_transaction() as connection:
        if not await connection.execute_query_dict(FIND, values):
            raise NotFound("There is no such citizen in your municipality.")
        await lock_for_citizens(connection, [citizen_id])
        found = await connection.execute_query_dict(LOCK, values)
        if not found:
            raise NotFound("There is no such citizen in your municipality.")
        await write_person(connection, citizen_id, changes, stored=found[0], now=now)
        if changes.points is not None:
            region = find_region(found[0]["time_zone"])
            await write_points(connection, citizen_id, changes.points, region=region, senders=senders)
        await refresh_citizen_words(connection, [citizen_id])
        moved = await reassess(connection, await refresh_reachable(connection, [citizen_id]))
        await note(connection, viewer, Action.UPDATE_CITIZEN, subject_id=expose("citizen", citizen_id))
    return replace(moved, citizens=[citizen_id])


async def write_person(
    connection: BaseDBAsyncClient, citizen_id: UUID, changes: ProfileChanges, *, stored: dict[str, Any], now: datetime
) -> None:
    first = check_name(changes.first_name, stored["first_name"], shown="firstName")
    last = check_name(changes.last_name, stored["last_name"], shown="lastName")
    locale = changes.locale.value if changes.locale else stored["locale"]
    values = [citizen_id, first, last, fold_name(first), fold_name(last), locale, now]
    await connection.execute_query(CITIZEN, values)


async def write_points(
    connection: BaseDBAsyncClient, citizen_id: UUID, wanted: Sequence[PointChange], *, region: str, senders: Senders
) -> None:
    """Bring the points to what is wanted; what a new address has refused stays refused."""
    rows = await connection.execute_query_dict(POINTS, [citizen_id])
    known = [KnownPoint(row["id"], row["address"], frozenset(map(Channel, row["channels"]))) for row in rows]
    plan = plan_points(wanted, known, region=region)
    await connection.execute_query(REMOVE, [plan.removed])
    await connection.execute_query(SET_ASIDE, [plan.moved])
    await connection.execute_query(FRESHEN, [plan.moved])
    for statement, points, owner in ((KEEP, plan.kept, []), (ADD, plan.new, [citizen_id])):
        if points:
            await connection.execute_many(statement, [[*describe(point), *owner] for point in points])
    await follow_suppressions(connection, list_fresh(plan), senders)


def describe(point: KnownPoint) -> list[Any]:
    return [point.id, point.address, sorted(map(int, point.channels))]


def list_fresh(plan: PointPlan) -> list[UUID]:
    """Return the points whose address is new to them."""
    return [*plan.moved, *(point.id for point in plan.new)]
