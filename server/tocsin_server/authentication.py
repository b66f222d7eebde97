"""Who sends a request: bearer tokens of our own and of an OpenID Connect issuer, and the caller's language.

Imports settings, secrets, principals and oidc.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt

from tocsin.errors import ConfigurationError, Unauthenticated
from tocsin.principals import NAME_LENGTH, SUBJECT_LENGTH, Claims, recognise_principal
from tocsin.secrets import Purpose, derive_key
from tocsin.settings import Settings, check_secret
from tocsin.viewers import Viewer
from tocsin.words import Locale, Role
from tocsin_server.oidc import IssuerKeys

ISSUER = "tocsin"
AUDIENCE = "tocsin"
ALGORITHM = "HS256"
OURS = ("sub", "name", "municipality", "role", "jti", "iss", "aud", "exp", "iat")
THEIRS = ("sub", "municipality", "role", "iss", "aud", "exp", "iat")
LEEWAY = timedelta(seconds=30)
LONGEST_TOKEN = 8192
LONGEST_HEADER = 1000
BEARER = re.compile(r"bearer +([\w-]+\.[\w-]+\.[\w-]*)", re.ASCII | re.IGNORECASE)
LANGUAGE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?", re.ASCII)
MALFORMED = "The token is not one of ours; ask for a new token."
REFUSALS: Mapping[type[Exception], str] = {
    jwt.InvalidAudienceError: "The token is meant for another audience; ask for a token for Tocsin.",
    jwt.InvalidIssuerError: "The token comes from an issuer that is not trusted here; ask for a token for Tocsin.",
    jwt.InvalidSignatureError: "The token's signature does not fit; ask for a new token.",
    jwt.InvalidAlgorithmError: "The token is signed in a way that is not accepted here; ask for a new token.",
}


def issue_token(
    settings: Settings,
    *,
    municipality: str,
    subject: str,
    name: str,
    role: Role,
    now: datetime,
    lifetime: timedelta,
) -> str:
    """Return a bearer token; `iat` keeps the fraction of a second, so that one made just after a revocation holds."""
    check_secret(settings)
    payload = {
        "sub": subject,
        "name": name,
        "municipality": municipality,
        "role": role.value,
        "jti": uuid4().hex,
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now.timestamp(),
        "exp": int((now + lifetime).timestamp()),
    }
    return jwt.encode(payload, derive_key(settings.tocsin_secret, Purpose.TOKENS), ALGORITHM)


class Authenticator:
    """Turns an Authorization header into a viewer. The issuer decides key and algorithm, never the token."""

    def __init__(self, settings: Settings) -> None:
        check_secret(settings)
        if settings.oidc_issuer and not settings.oidc_audience:
            raise ConfigurationError("OIDC_ISSUER is set without OIDC_AUDIENCE; set the audience its tokens are for.")
        self._key = derive_key(settings.tocsin_secret, Purpose.TOKENS)
        self._issuer = settings.oidc_issuer
        self._audience = settings.oidc_audience
        self._issuer_keys = IssuerKeys(settings.oidc_issuer) if settings.oidc_issuer else None

    async def authenticate(
        self, authorization: str | None, locale: str | None, now: datetime, *, accept_language: str | None = None
    ) -> Viewer:
        """Return the bearer; Unauthenticated says why not, Unavailable that the issuer's keys can't be had."""
        token = read_bearer(authorization)
        claims = read_claims(await self._verify(token, now), now)
        viewer = await recognise_principal(claims)
        return replace(viewer, locale=choose_locale(locale, accept_language, viewer.locale))

    async def _verify(self, token: str, now: datetime) -> dict[str, Any]:
        header, issuer = peek(token)
        if self._issuer_keys is None or issuer != self._issuer:
            return decode(token, self._key, algorithm=ALGORITHM, issuer=ISSUER, audience=AUDIENCE, required=OURS)
        key = await self._issuer_keys.find(str(header.get("kid", "")), now)
        if key is None:
            raise Unauthenticated("The token is signed with a key that its issuer does not publish; log in again.")
        algorithm, audience = key.algorithm_name, self._audience or ""
        return decode(token, key, algorithm=algorithm, issuer=issuer, audience=audience, required=THEIRS)


def read_bearer(authorization: str | None) -> str:
    """Return the token of an Authorization header."""
    if not authorization:
        raise Unauthenticated("A bearer token is missing; send `Authorization: Bearer <token>`.")
    found = BEARER.fullmatch(authorization.strip()) if len(authorization) <= LONGEST_TOKEN else None
    if found is None:
        raise Unauthenticated("The authorization is not a bearer token; send `Authorization: Bearer <token>`.")
    return found[1]


def peek(token: str) -> tuple[dict[str, Any], object]:
    """Return header and issuer as the token claims them: only to choose who has to have signed it."""
    try:
        unproven = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise Unauthenticated(MALFORMED) from None
    return unproven["header"], unproven["payload"].get("iss")


def decode(
    token: str, key: bytes | jwt.PyJWK, *, algorithm: str, issuer: object, audience: str, required: tuple[str, ...]
) -> dict[str, Any]:
    """Return the proven payload. Its instants are read by `read_claims`, against the caller's `now`."""
    options = {"require": list(required), "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=str(issuer),
            audience=audience,
            options=options,  # type: ignore[arg-type]
        )
    except jwt.MissingRequiredClaimError as error:
        raise Unauthenticated(f"The token has no claim `{error.claim}`; ask for a new token.") from None
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise Unauthenticated(REFUSALS.get(type(error), MALFORMED)) from None


def read_claims(payload: dict[str, Any], now: datetime) -> Claims:
    """Return what a proven payload says, refusing what is expired, not yet valid or not usable."""
    issued_at, expires_at = read_instant(payload, "iat"), read_instant(payload, "exp")
    if expires_at <= now:
        raise Unauthenticated("The token has expired; ask for a new token.")
    if max(issued_at, read_instant(payload, "nbf") if "nbf" in payload else issued_at) > now + LEEWAY:
        raise Unauthenticated("The token is not valid yet; check the clocks, or ask for a new token.")
    subject = read_text(payload, "sub", SUBJECT_LENGTH)
    return Claims(
        municipality=read_text(payload, "municipality", SUBJECT_LENGTH),
        subject=subject,
        name=read_text(payload, "name", NAME_LENGTH) if "name" in payload else subject[:NAME_LENGTH],
        role=read_role(payload),
        issued_at=issued_at,
        expires_at=expires_at,
    )


def read_instant(payload: dict[str, Any], claim: str) -> datetime:
    value = payload[claim]
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11 and math.isfinite(value):
        return datetime.fromtimestamp(value, UTC)
    raise Unauthenticated(f"The token's claim `{claim}` is no instant; ask for a new token.")


def read_text(payload: dict[str, Any], claim: str, longest: int) -> str:
    value = payload[claim]
    if isinstance(value, str) and 0 < len(value) <= longest and value.isprintable():
        return value
    raise Unauthenticated(f"The token's claim `{claim}` is no text of 1 to {longest} characters; ask for a new token.")


def read_role(payload: dict[str, Any]) -> Role:
    name = read_text(payload, "role", LONGEST_HEADER).upper()
    if name not in Role.__members__:
        raise Unauthenticated("The token's role is not viewer, operator or admin; ask for a new token.")
    return Role[name]


def choose_locale(explicit: str | None, accept_language: str | None, municipality_locale: Locale) -> Locale:
    """Return the caller's language: as said, else as its browser prefers, else the municipality's."""
    said = read_locale(explicit or "")
    return said or prefer_locale(accept_language or "") or municipality_locale


def read_locale(text: str) -> Locale | None:
    """Return the language of a tag such as `FR` or `fr-CA`."""
    return Locale.__members__.get(text.strip().partition("-")[0].upper())


def prefer_locale(header: str) -> Locale | None:
    """Return the best of ours in an Accept-Language header; of equals, the first."""
    ranges = (LANGUAGE.fullmatch(part) for part in header[:LONGEST_HEADER].split(","))
    wishes = [(float(found[2] or 1), read_locale(found[1])) for found in ranges if found]
    usable = [(weight, locale) for weight, locale in wishes if locale and weight > 0]
    return max(usable, key=lambda wish: wish[0])[1] if usable else None
