"""An adapter for calls before a carrier on a socket, and calls as that carrier describes them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import httpx2
from providers.carrier_socket import Carrier, listen

from tocsin.events import HandOver
from tocsin.settings import read_settings
from tocsin.words import Locale
from tocsin_providers.twilio_voice import TwilioVoice

ACCOUNT = "AC" + "1" * 32
CALL = "CA" + "5d0f" * 8
DELIVERY = UUID("0198c0de-0000-7000-8000-000000000001")
PUBLIC_ID = f"delivery-{DELIVERY.hex}"
HAND_OVER = HandOver(DELIVERY, PUBLIC_ID, "+14185550142", "Évacuez la zone A & B.", locale=Locale.FR)
NOW = datetime(2026, 11, 23, 22, 41, tzinfo=UTC)
BASE = "https://alerts.exemple.test/webhooks/twilio/voice"
FRAGMENT = "#rc=5&rp=ct,rt,5xx"
T = TypeVar("T")


async def speak_to(carrier: Carrier, act: Callable[[TwilioVoice], Awaitable[T]]) -> T:
    """Let the adapter of one account do something with a carrier on a socket."""
    async with listen(carrier) as port, httpx2.AsyncClient(trust_env=False) as client:
        return await act(configure(client, port))


def configure(client: httpx2.AsyncClient, port: int) -> TwilioVoice:
    settings = read_settings(
        public_url="https://alerts.exemple.test",
        twilio_base_url=f"http://127.0.0.1:{port}",
        twilio_account_sid=ACCOUNT,
        twilio_auth_token="secret-token",
        twilio_from="+14185550100",
        twilio_messaging_service_sid="MG" + "2" * 32,
        twilio_ring_seconds=25,
    )
    return TwilioVoice(settings, client)


def resource(**fields: object) -> dict[str, object]:
    """A call as Twilio describes it."""
    return {
        "sid": CALL,
        "status": "queued",
        "to": HAND_OVER.address,
        "from": "+14185550100",
        "date_created": "Mon, 23 Nov 2026 22:41:01 +0000",
        "start_time": None,
        "end_time": None,
        "duration": None,
        "answered_by": None,
        "direction": "outbound-api",
        **fields,
    }
