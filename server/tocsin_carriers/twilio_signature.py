"""The X-Twilio-Signature header: base64 of HMAC-SHA1 over the URL and the sorted form. Written from the
specification, imports nothing of ours.
"""

import base64
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit


def sign(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """`url` is the one the customer gave; neither its fragment nor its user:password is signed."""
    text = signed_url(url) + "".join(name + form[name] for name in sorted(form))
    digest = hmac.digest(auth_token.encode(), text.encode(), "sha1")
    return base64.b64encode(digest).decode("ascii")


def signed_url(url: str) -> str:
    address = url.partition("#")[0]
    authority = urlsplit(address).netloc
    return address.replace(authority, authority.rpartition("@")[2], 1) if "@" in authority else address
