"""Promises of the recount about calls and e-mails: it knows their words, and a category's switches, as the server does."""

from pathlib import Path
from typing import Any

import pytest
from faults.recounting import list_violations
from stage.cast import ACCOUNT, assess, found_town, send_by_hand, settle_citizens

from tocsin.database import get_database
from tocsin.events import Event
from tocsin.expiry import measure_expiries
from tocsin.ledger import apply_events
from tocsin.records.communications import Tally
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus, Switches
from tocsin.words import Channel

S = DeliveryStatus
CALLS = [
    ({"word": "completed"}, "completed", S.CALL_COMPLETED),
    ({"word": "detection", "detail": "machine_end_beep"}, "machine_end_beep", S.CALL_VOICEMAIL),
    ({"word": "detection", "detail": "fax"}, "fax", S.CALL_FAX),
    ({"word": "gather", "detail": "1"}, "digit 1", S.CALL_CONFIRMED),
    ({"word": "gather", "detail": ""}, "no digit", S.CALL_IN_PROGRESS),
    ({"word": "document"}, "fetched", S.CALL_IN_PROGRESS),
    ({"word": "busy"}, "busy", S.CALL_BUSY),
]
EMAILS = [
    ({"word": "Send"}, "Send", S.EMAIL_SENT),
    ({"word": "Delivery"}, "Delivery", S.EMAIL_RECEIVED),
    ({"word": "Bounce:Permanent:NoEmail"}, "Bounce:Permanent:NoEmail", S.EMAIL_REBOUND),
    ({"word": "Bounce:Permanent:Suppressed"}, "Bounce:Permanent:Suppressed", S.EMAIL_NOT_SENT),
    ({"word": "Open"}, "Open", S.EMAIL_OPENED),
    ({"word": "Complaint:abuse"}, "Complaint:abuse", S.EMAIL_SPAM),
]
PROVIDERS = {Channel.CALL: ("twilio_voice", CALLS), Channel.EMAIL: ("amazon_ses", EMAILS)}


@pytest.mark.parametrize("channel", PROVIDERS)
@pytest.mark.parametrize(
    "switches", [Switches(), Switches(voicemail_counts=False), Switches(confirmation_required=True)], ids=str
)
async def test_the_recount_agrees_about_every_word_and_sees_a_wrong_count(
    database: str, tmp_path: Path, channel: Channel, switches: Switches
) -> None:
    provider, words = PROVIDERS[channel]
    await settle_citizens(town := await found_town(switches=switches), len(words))
    alert = await send_by_hand(town, channel=channel)
    await assess(alert.id)
    ledger: list[dict[str, Any]] = []
    for delivery, (callback, word, status) in zip(alert.deliveries, words, strict=True):
        sid = f"CA{delivery.id.hex}"
        event = Event(f"{sid}:{word}", provider, ACCOUNT, delivery.id, word, status, carrier_id=sid)
        await apply_events([event], measure_expiries(read_settings()))
        told = {**callback, "kind": "genuine", "state": "acknowledged"}
        name = f"delivery-{delivery.id.hex}"
        ledger.append({"delivery": name, "sid": sid, "direction": "outbound", "callbacks": [told]})
    assert await list_violations(database, tmp_path, ledger) == []
    tally = await Tally.get(communication_id=alert.id)
    assert tally.not_contacted > 0
    await get_database().execute_query("UPDATE recipient SET outcome = 2 WHERE outcome = 3")
    assert await list_violations(database, tmp_path, ledger) != []
