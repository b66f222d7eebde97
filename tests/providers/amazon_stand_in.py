"""Amazon's hosts on a loopback socket, every connection of this process on record, and envelopes signed as Amazon signs.

Nothing here is shared with what it tests.
"""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from tocsin.settings import Settings, read_settings
from tocsin_providers.amazon_ses import AmazonSes
from tocsin_providers.webhook import RefusedWebhook, Report, Webhook

NOW = datetime(2026, 11, 23, 22, 41, 9, tzinfo=UTC)
ACCOUNT, REGION = "123456789012", "ca-central-1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:ses-events"
ORIGIN = f"https://sns.{REGION}.amazonaws.com"
PEM = "/SimpleNotificationService-0a1b2c3d4e5f.pem"
CERTIFICATE_URL = ORIGIN + PEM
SENDER = "alertes@ville.test"
PATH = "/webhooks/ses"
GIVEN: dict[str, object] = {
    "ses_region": REGION,
    "ses_from": SENDER,
    "ses_configuration_set": "alertes",
    "sns_topic_arns": (TOPIC,),
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "a secret key of the tests",
    "ses_endpoint_url": None,
    "sns_endpoint_url": None,
    "sns_cert_origins": (),
    "aws_session_token": None,
}

GREETING_TEXT = "Successfully validated SNS topic for Amazon SES event publishing."

Fields = dict[str, Any]
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def compose(status: int, body: bytes | object = b"", **headers: str) -> bytes:
    """Return an answer as it is on the wire."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(content)}\r\n{extra}\r\n".encode() + content


@dataclass
class Amazon:
    """Answers by method and path; an empty answer hangs up after reading, None never comes. Others are 404."""

    answers: dict[str, bytes | None] = field(default_factory=dict)
    requests: list[bytes] = field(default_factory=list)
    port: int = 0
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            writer.close()
            return
        lengths = [int(line[16:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")]
        self.requests.append(head + await reader.readexactly(sum(lengths)))
        answer = self.answers.get(
            " ".join(head.decode("latin-1").split(" ")[:2]), compose(404, b"", Connection="close")
        )
        if answer is None:
            await self._over.wait()
        writer.write(answer or b"")
        await writer.drain()
        writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bodies(self, start: str) -> list[bytes]:
        """Return the bodies of requests whose first line starts so."""
        return [one.partition(b"\r\n\r\n")[2] for one in self.requests if one.startswith(start.encode())]

    def end(self) -> None:
        self._over.set()


@asynccontextmanager
async def listen(amazon: Amazon) -> AsyncIterator[Amazon]:
    server = await asyncio.start_server(amazon.serve, "127.0.0.1", 0)
    amazon.port = server.sockets[0].getsockname()[1]
    async with server:
        yield amazon
        amazon.end()


class Detour(httpx2.AsyncBaseTransport):
    """Takes every request to the stand-in by a real socket, and notes for which URL it was."""

    def __init__(self, amazon: Amazon) -> None:
        self.asked: list[str] = []
        self._amazon = amazon
        self._inner = httpx2.AsyncHTTPTransport(verify=False)  # only ever plain, and loading authorities takes long

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(str(request.url))
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._amazon.port)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


_recordings: list[list[object]] = []


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if _recordings and event in ("socket.connect", "socket.getaddrinfo"):
        _recordings[-1].append(arguments[1] if event == "socket.connect" else arguments[0])


sys.addaudithook(_note)


@contextmanager
def recorded_connections() -> Iterator[list[object]]:
    """Every address that this process connects to or looks up, by whatever library; the interpreter itself tells."""
    _recordings.append([])
    try:
        yield _recordings[-1]
    finally:
        _recordings.pop()


@dataclass
class Stage:
    """An adapter whose Amazon is the stand-in; `now` is the adapter's clock."""

    ses: AmazonSes
    amazon: Amazon
    detour: Detour
    clock: list[datetime]

    async def read(self, fields: Fields | bytes) -> Report:
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        (reader,) = [self.ses.readers()[PATH]]
        return await reader(Webhook(PATH, b"", body, {b"content-type": b"text/plain; charset=UTF-8"}))


def configure(**overrides: object) -> Settings:
    return read_settings(**{**GIVEN, **overrides})


@asynccontextmanager
async def open_stage(amazon: Amazon | None = None, **overrides: object) -> AsyncIterator[Stage]:
    """Put an adapter on stage; without an Amazon given, one that has the certificate and takes confirmations."""
    usual = Amazon({f"GET {PEM}": compose(200, make_certificate()), "POST /": compose(200, b"<ok/>")})
    clock = [NOW]
    async with listen(amazon or usual) as serving:
        detour = Detour(serving)
        async with httpx2.AsyncClient(transport=detour, trust_env=False) as client:
            ses = AmazonSes(configure(**overrides), client, tell_time=lambda: clock[0])
            yield Stage(ses, serving, detour, clock)


@cache
def make_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def make_certificate(key: Key | None = None, *, begins: datetime | None = None, ends: datetime | None = None) -> bytes:
    """Return a certificate in PEM, valid a day before and after NOW unless told."""
    chosen = key or make_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=chosen.public_key(),
        serial_number=1,
        not_valid_before=begins or NOW - timedelta(days=1),
        not_valid_after=ends or NOW + timedelta(days=2),
    )
    return builder.sign(chosen, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def seal(
    fields: Fields, *, key: rsa.RSAPrivateKey | None = None, algorithm: hashes.HashAlgorithm | None = None
) -> Fields:
    """Return the fields with their signature, made as Amazon's documentation describes it."""
    if fields["Type"] == "Notification":
        names = ["Message", "MessageId", *(["Subject"] if "Subject" in fields else []), "Timestamp", "TopicArn", "Type"]
    else:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = ""
    for name in names:
        text += name + "\n" + fields[name] + "\n"
    signature = (key or make_key()).sign(text.encode("utf-8"), padding.PKCS1v15(), algorithm or hashes.SHA256())
    return {**fields, "Signature": base64.b64encode(signature).decode()}


def enclose(message: object, *, when: datetime = NOW, **fields: str) -> Fields:
    """Return a notification, not yet sealed."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": stamp(when),
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE_URL,
        "UnsubscribeURL": f"{ORIGIN}/?Action=Unsubscribe&SubscriptionArn={TOPIC}:c9135db0",
        **fields,
    }


def invite(kind: str = "SubscriptionConfirmation", **fields: str) -> Fields:
    """Return the offer of a subscription, or the news of its end, not yet sealed."""
    return {
        "Type": kind,
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "Token": "2336412f37" * 20,
        "TopicArn": TOPIC,
        "Message": f"You have chosen to subscribe to the topic {TOPIC}.\nTo confirm, visit the SubscribeURL.",
        "SubscribeURL": f"{ORIGIN}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37",
        "Timestamp": stamp(NOW),
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE_URL,
        **fields,
    }


def stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03}Z"


async def refuse(stage: Stage, fields: Fields | bytes, error: type[RefusedWebhook]) -> None:
    """It is refused, and nobody was connected to or looked up for it."""
    with recorded_connections() as connections, pytest.raises(error):
        await stage.read(fields)
    assert (connections, stage.detour.asked) == ([], [])
