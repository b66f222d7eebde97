"""A load client for webhooks: signed requests prepared beforehand, sent over keep-alive connections on loopback.

It parses no more of an answer than its first line and its end, so that the server is what is measured.
"""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

PATH = "/webhooks/twilio/messaging"


@dataclass(frozen=True, slots=True)
class Target:
    """Where and as whom the load is sent."""

    port: int
    account: str
    token: str


def prepare(target: Target, delivery: str, sid: str, word: str) -> bytes:
    """Return one whole HTTP request."""
    url = f"http://127.0.0.1:{target.port}{PATH}?delivery={delivery}"
    form = {
        "AccountSid": target.account,
        "ApiVersion": "2010-04-01",
        "From": "+14185550100",
        "MessageSid": sid,
        "MessageStatus": word,
        "SmsSid": sid,
        "SmsStatus": word,
        "To": "+14185550142",
    }
    plain = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(target.token.encode(), plain.encode(), hashlib.sha1).digest()).decode()
    body = urlencode(form).encode()
    head = (
        f"POST {PATH}?delivery={delivery} HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\nX-Twilio-Signature: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def fire(port: int, requests: Sequence[bytes], connections: int) -> float:
    """Send every request once over so many connections; return the seconds it took. Anything but 204 is an error."""
    waiting = list(reversed(requests))
    started = time.perf_counter()
    await asyncio.gather(*(empty_out(port, waiting) for _ in range(connections)))
    return time.perf_counter() - started


async def empty_out(port: int, waiting: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while waiting:
        writer.write(waiting.pop())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 204"):
            raise RuntimeError(f"the server answered {head[:40]!r}")
    writer.close()
    await writer.wait_closed()
