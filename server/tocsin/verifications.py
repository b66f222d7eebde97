"""Verifications: one is asked for, planned as a delivery of its own, and confirmed by its code. Imports proofs and limits.

All that concerns the verifications of a citizen takes turns by the lock on his row. Only the newest one of a point has a
code that counts, and only for the address that it was sent to.
"""

import hmac
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.assessment import Moved
from tocsin.audit import Action, note
from tocsin.due import Work, demand_work
from tocsin.errors import BadInput, Conflict, NotAvailable, NotFound, RateLimited, TocsinError
from tocsin.identifiers import expose, make_id
from tocsin.lanes import demand_lanes
from tocsin.transactions import in_transaction
from tocsin.verification_limits import LONGEST_DAY, MOST_A_DAY, MOST_TRIES, measure_allowance
from tocsin.verification_proofs import make_code, read_code
from tocsin.viewers import Viewer
from tocsin.words import Channel, Handling, Role

# Locks the citizen in a statement of its own, so that the next one sees what was committed before.
LOCK = """
SELECT z.id FROM contact_point p JOIN citizen z ON z.id = p.citizen_id
WHERE p.id = $1 AND z.municipality_id = $2 FOR NO KEY UPDATE OF z"""

POINT = f"""
SELECT p.citizen_id, p.address, p.channels, p.suppressed_channels, p.verified_at, m.time_zone,
  ARRAY(SELECT v.requested_at FROM verification v
    WHERE v.contact_point_id = p.id AND v.requested_at > $2::timestamptz - {LONGEST_DAY}) AS requested
FROM contact_point p JOIN citizen z ON z.id = p.citizen_id JOIN municipality m ON m.id = z.municipality_id WHERE p.id = $1"""

# What has not gone out yet would only confuse beside the new one.
DROP = """
UPDATE verification SET ended_at = $2 WHERE contact_point_id = $1 AND ended_at IS NULL AND expires_at IS NULL"""
KEEP = """
INSERT INTO verification (id, contact_point_id, address, channel, requested_at, requested_by, wrong_tries)
VALUES ($1, $2, $3, $4, $5, $6, 0)"""

PLAN = f"""
INSERT INTO delivery (id, verification_id, contact_point_id, channel, account, address, handling, fence, expired, dead, asks)
SELECT $2, v.id, v.contact_point_id, v.channel, $3, v.address, {Handling.PLANNED:d}, 0, false, false, 0
FROM verification v WHERE v.id = $1 AND NOT EXISTS (
  SELECT FROM delivery d WHERE d.contact_point_id = v.contact_point_id AND d.channel = v.channel AND d.verification_id = v.id)"""

NEWEST = """
SELECT v.id, v.channel, v.wrong_tries, v.expires_at IS NULL AS waiting,
  v.ended_at IS NULL AND v.address = p.address AND v.expires_at > clock_timestamp() AS good
FROM verification v JOIN contact_point p ON p.id = v.contact_point_id
WHERE v.contact_point_id = $1 ORDER BY v.requested_at DESC, v.id DESC LIMIT 1"""

MISS = f"""
UPDATE verification SET wrong_tries = wrong_tries + 1,
  ended_at = CASE WHEN wrong_tries + 1 >= {MOST_TRIES} THEN clock_timestamp() END,
  expires_at = CASE WHEN wrong_tries + 1 >= {MOST_TRIES} THEN clock_timestamp() ELSE expires_at END WHERE id = $1"""

END = "UPDATE verification SET ended_at = clock_timestamp() WHERE id = $1"
VERIFY = "UPDATE contact_point SET verified_at = $2 WHERE id = $1"
TOUCH = "UPDATE citizen SET modified_at = $2 WHERE id = $1"

NAMES = {Channel.CALL: "calls", Channel.SMS: "text messages", Channel.EMAIL: "e-mails"}


async def request_verification(
    viewer: Viewer, point_id: UUID, channel: Channel, *, usable: Collection[Channel], now: datetime
) -> Moved:
    """Ask for one, to be sent at once. CONFLICT for what is verified, RATE_LIMITED with the instant to try again."""
    viewer.require(Role.OPERATOR)
    async with in_transaction() as connection:
        row = await lock_point(connection, viewer, point_id, now)
        check_request(row, channel, usable, now)
        made = make_id()
        await connection.execute_query(DROP, [point_id, now])
        await connection.execute_query(KEEP, [made, point_id, row["address"], channel, now, viewer.name])
        subject = expose("contact-point", point_id)
        await note(connection, viewer, Action.RESEND_VERIFICATION, subject_id=subject, detail=channel.name)
        await demand_work(connection, Work.VERIFY, made)
    return Moved({}, citizens=[row["citizen_id"]])


async def lock_point(connection: BaseDBAsyncClient, viewer: Viewer, point_id: UUID, now: datetime) -> Mapping[str, Any]:
    """Return an unverified point of the viewer's municipality, its citizen locked."""
    rows = await connection.execute_query_dict(LOCK, [point_id, viewer.municipality_id])
    rows = rows and await connection.execute_query_dict(POINT, [point_id, now])
    if not rows:
        raise NotFound("There is no such contact point in your municipality.")
    if rows[0]["verified_at"] is not None:
        raise Conflict("This address has been verified already; leave it as it is.", field="contactPointId")
    return rows[0]


def check_request(row: Mapping[str, Any], channel: Channel, usable: Collection[Channel], now: datetime) -> None:
    """Refuse what can't be sent, or not yet."""
    if channel not in row["channels"]:
        raise BadInput(f"This address is not used for {NAMES[channel]}; choose one of its channels.", field="channel")
    if channel in row["suppressed_channels"]:
        raise Conflict(
            f"The citizen has asked for no more {NAMES[channel]} at this address; choose another channel.",
            field="channel",
        )
    if channel not in usable:
        raise NotAvailable(f"No carrier is set up for {NAMES[channel]} here; choose another channel.", field="channel")
    allowance = measure_allowance(row["requested"], row["time_zone"], now)
    if allowance.retry_at is not None:
        message = f"A verification may be sent once a minute and {MOST_A_DAY} times a day; try again later."
        raise RateLimited(message, retry_at=allowance.retry_at)


async def plan_verification(verification_id: UUID, channel_accounts: Mapping[Channel, str]) -> None:
    """Plan the delivery of a verification, once, and ask for its lane; nothing where its point is gone meanwhile."""
    async with in_transaction() as connection:
        held = "SELECT channel FROM verification WHERE id = $1 FOR NO KEY UPDATE"
        for row in await connection.execute_query_dict(held, [verification_id]):
            channel = Channel(row["channel"])
            account = channel_accounts[channel]
            await connection.execute_query(PLAN, [verification_id, make_id(), account])
            await demand_lanes(connection, [(account, channel)])


async def confirm_code(viewer: Viewer, point_id: UUID, code: str, *, secret: str, now: datetime) -> Moved:
    """Take an address as verified by the code that was sent to it; BAD_INPUT for a wrong one, which counts as a try.

    CONFLICT where no code is good: verified already, none sent, its time over, or too many wrong ones.
    """
    viewer.require(Role.OPERATOR)
    given = read_code(code)
    async with in_transaction() as connection:
        row = await lock_point(connection, viewer, point_id, now)
        rows = await connection.execute_query_dict(NEWEST, [point_id])
        newest = check_newest(rows[0] if rows else None)
        refusal = None
        if hmac.compare_digest(given, make_code(secret, newest["id"])):
            await finish(connection, newest["id"], point_id, citizen_id=row["citizen_id"], now=now)
            subject = expose("contact-point", point_id)
            await note(connection, viewer, Action.CONFIRM_VERIFICATION, subject_id=subject)
        else:
            await connection.execute_query(MISS, [newest["id"]])
            refusal = tell_miss(MOST_TRIES - newest["wrong_tries"] - 1)
    if refusal is not None:
        raise refusal
    return Moved({}, citizens=[row["citizen_id"]])


def check_newest(row: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the verification whose code counts; CONFLICT where there is none."""
    if row is not None and row["channel"] == Channel.EMAIL:
        raise Conflict("An e-mail has a link and no code; ask the citizen to press its button.", field="contactPointId")
    if row is None or not row["good"]:
        waits = row is not None and row["waiting"]
        message = "The code has not been sent yet; wait a moment." if waits else "No code is good here; send a new one."
        raise Conflict(message, field="contactPointId")
    return row


def tell_miss(left: int) -> TocsinError:
    """Return what is said of a wrong code; of what it should have been nothing."""
    tries = "try" if left == 1 else "tries"
    again = f"This is not the code that was sent; ask for it again, {left} more {tries} left."
    return BadInput(again if left else "This is not the code that was sent; send a new one.", field="code")


async def finish(
    connection: BaseDBAsyncClient, verification_id: UUID, point_id: UUID, *, citizen_id: UUID, now: datetime
) -> None:
    """Write down that an address is the citizen's, who is locked."""
    await connection.execute_query(END, [verification_id])
    await connection.execute_query(VERIFY, [point_id, now])
    await connection.execute_query(TOUCH, [citizen_id, now])
