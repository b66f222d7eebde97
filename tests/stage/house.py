"""A real server on a loopback port over a database of its own, and Twilio's webhooks signed as Twilio signs them."""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from stage.cast import ACCOUNT
from stage.serving import open_listener, serving
from tocsin.settings import Settings, read_settings
from tocsin_server.prepared_sockets import choose_sockets
from tocsin_server.serving import make_server

TOKEN = "b" * 31 + "7"
SECRET = "a drill is a drill is a drill 0123456789"
PATH = "/webhooks/twilio/messaging"


def choose_settings(port: int, **overrides: object) -> Settings:
    """Settings for a server that reaches nothing but this machine."""
    return read_settings(
        **{
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
            "tocsin_secret": SECRET,
            "twilio_account_sid": ACCOUNT,
            "twilio_auth_token": TOKEN,
            "twilio_base_url": "http://127.0.0.1:9",
            "twilio_from": "+14185550100",
            **overrides,
        }
    )


@asynccontextmanager
async def open_house(database_url: str, *, working: bool = False, **overrides: object) -> AsyncIterator[Settings]:
    """Serve in this loop until left; tests may use the records through the server's own pool."""
    listener = open_listener()
    with tempfile.TemporaryDirectory(prefix="tocsin-house-") as directory:
        settings = choose_settings(listener.getsockname()[1], **{"tocsin_data_dir": directory, **overrides})
        sockets = await choose_sockets(prepared=settings.socket_prepared_frames)
        server = make_server(settings, database_url, working=working, sockets=sockets)
        async with serving(server, listener):
            yield settings


def make_form(word: str, **fields: str) -> dict[str, str]:
    """The fields of a status callback."""
    sid = "SM" + "0" * 31 + "1"
    return {"AccountSid": ACCOUNT, "MessageSid": sid, "MessageStatus": word, "To": "+14185550142", **fields}


def sign(
    settings: Settings, query: str, form: Mapping[str, str], token: str = TOKEN, *, path: str = PATH
) -> tuple[str, bytes, dict[str, str]]:
    """Return URL, body and headers of a webhook, signed by Twilio's own library."""
    url = f"{settings.public_url}{path}{'?' * bool(query)}{query}"
    signature = RequestValidator(token).compute_signature(url, dict(form))
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    return url, urlencode(form).encode(), headers
