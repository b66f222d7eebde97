"""Whether Twilio's account signed a request: HMAC-SHA1 over the URL and the sorted form. Imports nothing of ours."""

import base64
import hmac
from collections.abc import Iterable


def is_signed(url: str, pairs: Iterable[tuple[str, str]], header: bytes | None, tokens: Iterable[str]) -> bool:
    """Whether the header is the signature, under one of the tokens, of this very URL and form; junk is only False.

    A repeated field counts once for each distinct value. The order of UTF-8 bytes is that of code points.
    """
    if not header:
        return False
    fields = [name + value for name, value in sorted(set(pairs))]
    signed = encode(url + "".join(fields))
    # An empty token would let anybody sign.
    return any(hmac.compare_digest(sign(token, signed), header) for token in tokens if token)


def sign(token: str, signed: bytes) -> bytes:
    return base64.b64encode(hmac.digest(encode(token), signed, "sha1"))


def encode(text: str) -> bytes:
    """Never fails: a lone surrogate, which Twilio cannot have signed, becomes bytes that match nothing."""
    return text.encode("utf-8", "surrogatepass")
