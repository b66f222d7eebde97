"""What every Twilio request shares: Basic authentication, the account in the path, the form.
Imports settings, stage, Twilio's errors.
"""

import base64
import binascii
import hmac
from urllib.parse import parse_qsl

from starlette.requests import Request

from tocsin_carriers.settings import CarrierSettings
from tocsin_carriers.stage import Stage
from tocsin_carriers.twilio_errors import TwilioError

API_VERSION = "2010-04-01"


def authenticate(request: Request, settings: CarrierSettings) -> None:
    """Wrong credentials: 20003. Right ones, but another account's path: not found."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    expected = f"{settings.account_sid}:{settings.auth_token}".encode()
    if scheme.lower() != "basic" or not hmac.compare_digest(_decode(credentials), expected):
        raise TwilioError(20003)
    if request.path_params["account_sid"] != settings.account_sid:
        raise not_found(request)


def refuse_load(stage: Stage) -> None:
    """429 in a burst; 503 when the ledger can remember no more."""
    if stage.in_burst():
        raise TwilioError(20429)
    if stage.ledger.is_full:
        limit = f"{stage.ledger.limit:,} messages"
        raise TwilioError(
            20503, f"The simulator's ledger is full ({limit}): reset it, or start it with a higher limit."
        )


def not_found(request: Request) -> TwilioError:
    return TwilioError(20404, request.url.path)


async def read_form(request: Request) -> dict[str, str]:
    """The last value of each field."""
    return dict(await read_fields(request))


async def read_fields(request: Request) -> list[tuple[str, str]]:
    """Every field as it was sent, repeated ones too; a body that is not a form has none."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return []
    try:
        return parse_qsl((await request.body()).decode("utf-8"), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise TwilioError(20001, "the form is not URL-encoded UTF-8") from error


def _decode(credentials: str) -> bytes:
    try:
        return base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        return b""
