"""Amazon's events over real HTTP: what is answered when, what is kept, and what moves."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from providers.amazon_events_told import CARRIER_ID, Told, bounce, complaint, tell
from providers.amazon_stand_in import (
    ACCOUNT,
    GIVEN,
    PATH,
    PEM,
    Amazon,
    Fields,
    compose,
    enclose,
    invite,
    listen,
    make_certificate,
    seal,
    stamp,
)
from stage.cast import Alert, assess_all, count_rows, found_town, send_by_hand, settle_citizens
from stage.house import open_house
from structlog.testing import capture_logs

from tocsin.identifiers import expose
from tocsin.records.communications import Delivery, Tally
from tocsin.records.work import DeliveryEvent
from tocsin.settings import Settings
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.words import Channel

S = DeliveryStatus
DAY = timedelta(days=1)


@pytest.fixture
async def amazon() -> AsyncIterator[Amazon]:
    pem = make_certificate(begins=tell_time() - DAY, ends=tell_time() + DAY)
    async with listen(Amazon({f"GET {PEM}": compose(200, pem), "POST /": compose(200)})) as serving:
        yield serving


@pytest.fixture
async def settings(database_url: str, amazon: Amazon) -> AsyncIterator[Settings]:
    given: dict[str, Any] = {
        **GIVEN,
        "sns_endpoint_url": amazon.url,
        "sns_cert_origins": (amazon.url,),
        "ses_endpoint_url": amazon.url,
    }
    async with open_house(database_url, **given) as chosen:
        yield chosen


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=30) as opened:
        yield opened


@pytest.fixture
async def alert(settings: Settings) -> Alert:
    """An alert by e-mail to one citizen, handed over."""
    town = await found_town()
    await settle_citizens(town, 1, [Channel.EMAIL])
    sent = await send_by_hand(town)
    await Delivery.filter(communication_id=sent.id).update(channel=Channel.EMAIL, account=ACCOUNT)
    await assess_all(sent)
    return sent


def about(alert: Alert, told: Told) -> Told:
    """The event, tagged with the alert's delivery where it has tags."""
    if "tags" in told["mail"]:
        told["mail"]["tags"]["delivery"] = [expose("delivery", alert.deliveries[0].id)]
    return told


async def post(client: httpx2.AsyncClient, settings: Settings, fields: Fields | bytes) -> httpx2.Response:
    headers = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}
    body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    return await client.post(settings.public_url + PATH, content=body, headers=headers)


def dress(amazon: Amazon, fields: Fields) -> Fields:
    """Seal it now, under the certificate of this machine's origin."""
    return seal({**fields, "Timestamp": stamp(tell_time()), "SigningCertURL": amazon.url + PEM})


async def report(client: httpx2.AsyncClient, settings: Settings, amazon: Amazon, told: Told) -> int:
    return (await post(client, settings, dress(amazon, enclose(told)))).status_code


async def status_of(alert: Alert) -> DeliveryStatus | None:
    return (await Delivery.get(id=alert.deliveries[0].id)).status


async def test_an_event_is_committed_before_204(
    client: httpx2.AsyncClient, settings: Settings, amazon: Amazon, alert: Alert
) -> None:
    assert await report(client, settings, amazon, about(alert, tell("Delivery"))) == 204
    assert await status_of(alert) is S.EMAIL_RECEIVED
    assert (await Tally.get(communication_id=alert.id)).contacted == 1


async def test_an_event_in_two_envelopes_counts_once(
    client: httpx2.AsyncClient, settings: Settings, amazon: Amazon, alert: Alert
) -> None:
    told = about(alert, bounce("Permanent", "NoEmail"))
    assert await report(client, settings, amazon, told) == 204
    before = await Tally.get(communication_id=alert.id).values()
    again = await post(client, settings, dress(amazon, enclose(told, MessageId="another")))
    assert (again.status_code, await count_rows("delivery_event")) == (204, 1)
    assert await Tally.get(communication_id=alert.id).values() == before


async def test_a_soft_bounce_is_missed_at_once_and_a_later_delivery_counts_still(
    client: httpx2.AsyncClient, settings: Settings, amazon: Amazon, alert: Alert
) -> None:
    await report(client, settings, amazon, about(alert, tell("Send")))
    assert (await Tally.get(communication_id=alert.id)).in_progress == 1
    await report(client, settings, amazon, about(alert, bounce("Transient", "MailboxFull")))
    assert (await Tally.get(communication_id=alert.id)).not_contacted == 1
    assert await status_of(alert) is S.EMAIL_SENT
    await report(client, settings, amazon, about(alert, tell("Delivery")))
    assert (await Tally.get(communication_id=alert.id)).contacted == 1


async def test_an_unknown_word_is_kept_and_moves_nothing(
    client: httpx2.AsyncClient, settings: Settings, amazon: Amazon, alert: Alert
) -> None:
    assert await report(client, settings, amazon, about(alert, tell("Teleported"))) == 204
    assert await count_rows("delivery_event") == 1
    assert (await Tally.get(communication_id=alert.id)).version == 1


async def test_a_forgery_is_403_and_junk_is_400(
    client: httpx2.AsyncClient, settings: Settings, amazon: Amazon, alert: Alert
) -> None:
    told = about(alert, tell("Delivery"))
    forged = {**dress(amazon, enclose(told)), "Message": json.dumps(about(alert, tell("Open")))}
    with capture_logs() as logs:
        assert (await post(client, settings, forged)).status_code == 403
        assert (await post(client, settings, b"hello")).status_code == 400
    assert await count_rows("delivery_event") == 0
    assert [(line["kind"], line["reason"]) for line in logs] == [
        ("ForgedWebhook", "The signature does not fit."),
        ("MalformedWebhook", "The body has to be a JSON object in UTF-8 of at most 262144 bytes."),
    ]


async def test_while_the_certificate_is_out_of_reach_amazon_shall_come_back(
    client: httpx2.AsyncClient, settings: Settings, amazon: Amazon, alert: Alert
) -> None:
    amazon.answers.clear()
    answer = await post(client, settings, dress(amazon, enclose(about(alert, tell("Delivery")))))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert await count_rows("delivery_event") == 0


async def test_a_subscription_is_confirmed_or_put_off(
    client: httpx2.AsyncClient, settings: Settings, amazon: Amazon
) -> None:
    assert (await post(client, settings, dress(amazon, invite()))).status_code == 204
    assert len(amazon.bodies("POST / ")) == 1
    amazon.answers["POST /"] = compose(500)
    assert (await post(client, settings, dress(amazon, invite()))).status_code == 503


async def test_another_accounts_delivery_is_not_moved_by_our_topic(
    client: httpx2.AsyncClient, settings: Settings, amazon: Amazon, alert: Alert
) -> None:
    await Delivery.filter(communication_id=alert.id).update(account="210987654321")
    assert await report(client, settings, amazon, about(alert, tell("Delivery"))) == 204
    assert (await status_of(alert), await count_rows("parked_event")) == (None, 1)


async def test_an_identitys_notification_is_matched_by_the_id_that_amazon_gave(
    client: httpx2.AsyncClient, settings: Settings, amazon: Amazon, alert: Alert
) -> None:
    """It carries no tags: the answer to the hand-over, which is in the ledger, says whose id that is."""
    await write_answer(alert)
    assert await report(client, settings, amazon, complaint(tagged=False)) == 204
    assert (await status_of(alert), await count_rows("parked_event")) == (S.EMAIL_SPAM, 0)


async def test_both_shapes_of_one_event_count_once(
    client: httpx2.AsyncClient, settings: Settings, amazon: Amazon, alert: Alert
) -> None:
    await write_answer(alert)
    for tagged in (False, True, False):
        assert await report(client, settings, amazon, about(alert, complaint(tagged=tagged))) == 204
    assert await count_rows("delivery_event") == 2


async def test_a_notification_about_an_id_that_nobody_knows_is_parked(
    client: httpx2.AsyncClient, settings: Settings, amazon: Amazon, alert: Alert
) -> None:
    assert await report(client, settings, amazon, complaint(tagged=False)) == 204
    assert (await status_of(alert), await count_rows("parked_event")) == (None, 1)


async def write_answer(alert: Alert) -> None:
    """Put the answer to the hand-over into the ledger, as the lane does."""
    await DeliveryEvent.create(
        event_key=f"amazon_ses:{CARRIER_ID}:rest:accepted",
        delivery_id=alert.deliveries[0].id,
        provider="amazon_ses",
        provider_word="accepted",
        status=S.EMAIL_SENT,
        received_at=tell_time(),
        carrier_id=CARRIER_ID,
    )
