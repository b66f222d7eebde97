"""Oracles: Amazon's own signer, its own clients, and its documentation of what a topic signs."""

from __future__ import annotations

import base64
from typing import Any

from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from botocore.session import get_session  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import load_pem_x509_certificate

KEY_ID, SECRET, REGION = "AKIDTESTS", "a secret of the tests", "ca-central-1"
TOPIC = "arn:aws:sns:ca-central-1:123456789012:tocsin-events"

# What Amazon's documentation says is signed, in this order; what is not there is left out.
SIGNED = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    "UnsubscribeConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
}
HASHES: dict[str, HashAlgorithm] = {"1": SHA1(), "2": SHA256()}


def sign_with_botocore(
    method: str, url: str, headers: dict[str, str], body: bytes, *, service: str, token: str | None = None
) -> dict[str, str]:
    request = AWSRequest(method=method, url=url, headers=headers, data=body)
    SigV4Auth(Credentials(KEY_ID, SECRET, token), service, REGION).add_auth(request)
    return dict(request.headers.items())


def open_amazon(service: str, url: str, *, secret: str = SECRET, region: str = REGION) -> Any:
    """Amazon's own client of a service, which tries once."""
    return get_session().create_client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def is_signed(fields: dict[str, str], pem: bytes) -> bool:
    """Whether this certificate has signed what has to be."""
    text = "".join(f"{name}\n{fields[name]}\n" for name in SIGNED[fields["Type"]] if name in fields)
    key = load_pem_x509_certificate(pem).public_key()
    assert isinstance(key, RSAPublicKey)
    try:
        key.verify(base64.b64decode(fields["Signature"]), text.encode(), PKCS1v15(), HASHES[fields["SignatureVersion"]])
    except InvalidSignature:
        return False
    return True
