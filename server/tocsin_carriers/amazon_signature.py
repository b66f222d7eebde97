"""Signature Version 4 as Amazon checks it: written from its specification, imports nothing of ours but errors.

The form is always checked; who signed, and the signature itself, where the keys are known.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_to_bytes

from tocsin_carriers.amazon_errors import AmazonError

_ALGORITHM = "AWS4-HMAC-SHA256"
_LONGEST_SKEW = timedelta(minutes=5)
_DATE = "%Y%m%dT%H%M%SZ"
_HEADER = re.compile(
    rf"{_ALGORITHM} +Credential=(?P<key_id>\w+)/(?P<day>\d{{8}})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)"
    r"/aws4_request, *SignedHeaders=(?P<signed>[a-z0-9;-]+), *Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key. Without an id every key is accepted; without a secret no signature is computed."""

    key_id: str | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What the signature covers: path and query as they were on the wire, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Scope:
    """What a credential has to be good for."""

    region: str
    service: str


@dataclass(frozen=True, slots=True)
class _Authorization:
    key_id: str
    day: str
    scope: Scope
    signed: Sequence[str]
    signature: str


def check_signature(request: SignedRequest, keys: Keys, scope: Scope, *, now: datetime) -> None:
    """AmazonError for what Amazon refuses; with its own words, since people search for them."""
    authorization = _read(request)
    _check_scope(authorization, scope)
    date = _read_date(request, authorization, now)
    if keys.key_id is not None and not hmac.compare_digest(authorization.key_id, keys.key_id):
        raise AmazonError("UnrecognizedClientException")
    if keys.secret is None:
        return
    expected = _sign(request, authorization, keys.secret, date)
    if not hmac.compare_digest(authorization.signature, expected):
        raise AmazonError(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        )


def _read(request: SignedRequest) -> _Authorization:
    header = request.headers.get("authorization", "")
    if not header:
        raise AmazonError("MissingAuthenticationTokenException")
    found = _HEADER.fullmatch(header)
    if found is None:
        raise AmazonError(
            "IncompleteSignatureException",
            f"Authorization header requires {_ALGORITHM} with 'Credential', 'SignedHeaders' and 'Signature' parameters.",
        )
    signed = found["signed"].split(";")
    _check_signed_headers(request, signed)
    scope = Scope(found["region"], found["service"])
    return _Authorization(found["key_id"], found["day"], scope, signed, found["signature"])


def _check_signed_headers(request: SignedRequest, signed: Sequence[str]) -> None:
    needed = {"host", "x-amz-date"} | ({"x-amz-security-token"} & set(request.headers))
    if not needed <= set(signed) or not set(signed) <= set(request.headers) or list(signed) != sorted(set(signed)):
        raise AmazonError(
            "InvalidSignatureException",
            f"'SignedHeaders' must be sorted, be in the request, and name {' and '.join(sorted(needed))}.",
        )


def _check_scope(authorization: _Authorization, scope: Scope) -> None:
    for noun, given, expected in (
        ("service", authorization.scope.service, scope.service),
        ("region", authorization.scope.region, scope.region),
    ):
        if given != expected:
            raise AmazonError(
                "InvalidSignatureException", f"Credential should be scoped to correct {noun}: '{expected}'. "
            )


def _read_date(request: SignedRequest, authorization: _Authorization, now: datetime) -> str:
    text = request.headers["x-amz-date"]
    try:
        date = datetime.strptime(text, _DATE).replace(tzinfo=UTC)
    except ValueError:
        date = None
    if date is None or not text.startswith(authorization.day):
        raise AmazonError("IncompleteSignatureException", "'X-Amz-Date' must be the credential's day and ISO 8601.")
    if abs(now - date) > _LONGEST_SKEW:
        raise AmazonError(
            "InvalidSignatureException", f"Signature expired or not yet current: {text} is not within 5 minutes."
        )
    return text


def _sign(request: SignedRequest, authorization: _Authorization, secret: str, date: str) -> str:
    scope = f"{authorization.day}/{authorization.scope.region}/{authorization.scope.service}/aws4_request"
    digest = hashlib.sha256(canonical_request(request, authorization.signed).encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, f"{_ALGORITHM}\n{date}\n{scope}\n{digest}".encode(), "sha256").hex()


def canonical_request(request: SignedRequest, signed: Sequence[str]) -> str:
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in signed)
    return "\n".join(
        (
            request.method,
            quote(request.path, safe="/-_.~") or "/",
            _canonical_query(request.query),
            headers,
            ";".join(signed),
            hashlib.sha256(request.body).hexdigest(),
        )
    )


def _canonical_query(query: str) -> str:
    """Sorted after encoding, each byte that is not unreserved as %XX; `+` is a plus and no space."""
    pairs = [part.partition("=")[::2] for part in query.split("&") if part]
    encoded = sorted((_encode(name), _encode(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _encode(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="-_.~")
