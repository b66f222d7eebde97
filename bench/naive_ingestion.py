"""The naive way, for comparison: a route, Twilio's validator, and one ORM transaction for each webhook.

It does the same work: ledger, rank, outcome of the recipient over all his deliveries, his row, and the counts.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tocsin.database import open_database
from tocsin.identifiers import resolve
from tocsin.outcome import Assessment, Attempt, assess
from tocsin.records.communications import Communication, Delivery, Recipient, Tally, Wave
from tocsin.records.work import DeliveryEvent
from tocsin.statuses import DeliveryStatus, Switches
from tocsin.times import tell_time
from tocsin.words import Channel, Handling, Outcome
from tocsin_providers.twilio_messaging import WORDS

SLICES = {Outcome.CONTACTED: "contacted", Outcome.IN_PROGRESS: "in_progress", Outcome.NOT_CONTACTED: "not_contacted"}


async def take(request: Request) -> Response:
    """Check, write and count one report."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    validator = RequestValidator(request.app.state.token)
    if not validator.validate(str(request.url), form, request.headers.get("x-twilio-signature", "")):
        return Response(status_code=403)
    delivery_id = resolve("delivery", request.query_params["delivery"])
    async with in_transaction() as connection:
        communication_id = (await Delivery.get(id=delivery_id, using_db=connection)).communication_id  # type: ignore[attr-defined]
        tally = await Tally.select_for_update().using_db(connection).get(communication_id=communication_id)
        key = f"{form['MessageSid']}:{form['MessageStatus']}"
        if not await DeliveryEvent.exists(event_key=key, using_db=connection):
            await append(connection, key, form, delivery_id=str(delivery_id))
            await raise_rank(connection, str(delivery_id), WORDS[form["MessageStatus"]], tally=tally)
    return Response(status_code=204)


async def append(connection: BaseDBAsyncClient, key: str, form: dict[str, str], *, delivery_id: str) -> None:
    await DeliveryEvent.create(
        event_key=key,
        delivery_id=delivery_id,
        provider="twilio_messaging",
        provider_word=form["MessageStatus"],
        status=WORDS[form["MessageStatus"]],
        received_at=tell_time(),
        carrier_id=form["MessageSid"],
        using_db=connection,
    )


async def raise_rank(connection: BaseDBAsyncClient, delivery_id: str, status: DeliveryStatus, *, tally: Tally) -> None:
    delivery = await Delivery.get(id=delivery_id, using_db=connection)
    if delivery.status is not None and delivery.status >= status:
        return
    delivery.status, delivery.handling, delivery.status_at = status, Handling.TAKEN, tell_time()
    await delivery.save(using_db=connection, update_fields=["status", "handling", "status_at"])
    recipient = await Recipient.get(id=delivery.recipient_id, using_db=connection)  # type: ignore[attr-defined]
    communication = await Communication.get(id=tally.communication_id, using_db=connection)
    rows = await Delivery.filter(recipient_id=recipient.id).using_db(connection)
    waves = {
        wave.id: wave.ordinal for wave in await Wave.filter(communication_id=communication.id).using_db(connection)
    }
    attempts = [
        Attempt(row.channel, waves[row.wave_id], row.handling, row.status, row.skip_reason, row.expired)  # type: ignore[attr-defined]
        for row in rows
    ]
    switches = Switches(communication.confirmation_required, communication.voicemail_counts)
    await count(connection, recipient, assess(attempts, switches), tally=tally)


async def count(connection: BaseDBAsyncClient, recipient: Recipient, assessment: Assessment, *, tally: Tally) -> None:
    tally.version += 1
    if recipient.outcome is not None:
        setattr(tally, SLICES[recipient.outcome], getattr(tally, SLICES[recipient.outcome]) - 1)
    setattr(tally, SLICES[assessment.outcome], getattr(tally, SLICES[assessment.outcome]) + 1)
    tally.pending += assessment.pending - recipient.pending
    cell = assessment.cells.get(Channel.SMS)
    for key, step in ((recipient.sms_best, -1), (cell, 1)):
        if key is not None:
            tally.counts[str(key)] = tally.counts.get(str(key), 0) + step
    tally.changed_at = tell_time()
    await tally.save(using_db=connection)
    recipient.outcome, recipient.pending, recipient.version = assessment.outcome, assessment.pending, tally.version
    recipient.sms_best = cell
    await recipient.save(using_db=connection)


def main() -> None:
    port, url = int(sys.argv[1]), sys.argv[2]

    @asynccontextmanager
    async def live(app: Starlette) -> AsyncIterator[None]:
        async with open_database(url):
            yield

    app = Starlette(routes=[Route("/webhooks/twilio/messaging", take, methods=["POST"])], lifespan=live)
    app.state.token = os.environ["TWILIO_AUTH_TOKEN"]
    uvicorn.run(app, port=port, log_level="warning", access_log=False, lifespan="on")


if __name__ == "__main__":
    main()
