"""Signature version 4, written anew from Amazon's description: whether a request as it was on the wire is signed."""

import hashlib
import hmac
import re
from urllib.parse import quote, unquote

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/([0-9]{8})/([^/]+)/([^/]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)


def read_headers(head: str) -> dict[str, str]:
    """Return the headers of a request by their names in lower case."""
    pairs = [line.split(":", 1) for line in head.split("\r\n")[1:] if line]
    return {name.strip().lower(): " ".join(value.split()) for name, value in pairs}


def verify(request: bytes, secret: str, *, service: str, region: str) -> str:
    """Return the key's id of a request that is signed for this service and region; AssertionError where it is not."""
    head, _, body = request.partition(b"\r\n\r\n")
    method, target, _ = head.decode("ascii").split("\r\n")[0].split(" ")
    headers = read_headers(head.decode("latin-1"))
    found = AUTHORIZATION.fullmatch(headers["authorization"])
    assert found, headers["authorization"]
    key_id, day, its_region, its_service, names, signature = found.groups()
    assert (its_region, its_service) == (region, service)
    signed = names.split(";")
    assert {"host", "x-amz-date"} <= set(signed)
    assert signed == sorted(signed)
    path, _, query = target.partition("?")
    canonical = "\n".join(
        [
            method,
            quote(unquote(path), safe="/-_.~"),
            "&".join(sorted(query.split("&"))),
            *(f"{name}:{headers[name]}" for name in signed),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    moment = headers["x-amz-date"]
    assert moment.startswith(day)
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    derived = b"AWS4" + secret.encode()
    for part in (day, region, service, "aws4_request"):
        derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
    assert hmac.new(derived, text.encode(), hashlib.sha256).hexdigest() == signature
    return key_id
