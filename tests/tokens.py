"""Tokens, good and forged, for the tests of who is let in."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from tocsin.errors import Unauthenticated
from tocsin.secrets import Purpose, derive_key
from tocsin.settings import Settings, read_settings
from tocsin.words import Role
from tocsin_server.authentication import Authenticator, issue_token

NOW = datetime(2026, 11, 23, 22, 41, 5, 500_000, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECRET = "6f1d9a3c5b7e2048"
SECRET += "a8c4e0d2f6b19375"
AUDIENCE = "tocsin-console"


def configure(**overrides: object) -> Settings:
    absent = {"oidc_issuer": None, "oidc_audience": None, "oidc_client_id": None}
    return read_settings(**{"tocsin_secret": SECRET, **absent, **overrides})


SETTINGS = configure()


def issue(**changes: Any) -> str:
    wanted: dict[str, Any] = {
        "municipality": "valmont",
        "subject": "m.roy",
        "name": "Manon Roy",
        "role": Role.OPERATOR,
        "now": NOW,
        "lifetime": HOUR,
    }
    return f"Bearer {issue_token(SETTINGS, **{**wanted, **changes})}"


def forge(payload: dict[str, Any], *, algorithm: str = "HS256", key: Any = None, **header: Any) -> str:
    """A token with whatever claims, signed with our key unless another is given."""
    key = derive_key(SECRET, Purpose.TOKENS) if key is None else key
    return f"Bearer {jwt.encode(payload, key, algorithm, headers=header or None)}"


def claim(**changes: Any) -> dict[str, Any]:
    """The claims of a good token of ours; None leaves one out."""
    claims: dict[str, Any] = {
        "sub": "m.roy",
        "name": "Manon Roy",
        "municipality": "valmont",
        "role": "OPERATOR",
        "jti": "1",
        "iss": "tocsin",
        "aud": "tocsin",
        "iat": NOW.timestamp(),
        "exp": (NOW + HOUR).timestamp(),
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def encode_part(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


async def refuse(authenticator: Authenticator, authorization: str | None, now: datetime = NOW) -> str:
    """Return the sentence of the refusal."""
    with pytest.raises(Unauthenticated) as refused:
        await authenticator.authenticate(authorization, None, now)
    return refused.value.message
