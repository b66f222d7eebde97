"""What proves that an address is a citizen's: a code of six digits, or a link. Both are derived from a verification's key.

Nothing that opens anything is stored: without TOCSIN_SECRET the tables tell no code and no link. Imports errors and secrets.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from uuid import UUID

from tocsin.errors import BadInput, NotFound
from tocsin.identifiers import expose, resolve
from tocsin.secrets import Purpose, derive_key

PATH = "/verify/"
DIGITS = 6
CODE = re.compile(r"[0-9]{6}", re.ASCII)
TOKEN = re.compile(r"(verification-[0-9a-f]{32})\.([\w-]{43})", re.ASCII)


def make_code(secret: str, verification_id: UUID) -> str:
    """Return the digits that are spoken or written to the citizen."""
    digest = hmac.digest(derive_key(secret, Purpose.CODES), f"code/{verification_id.hex}".encode(), "sha256")
    return f"{int.from_bytes(digest) % 10**DIGITS:0{DIGITS}}"


def read_code(text: str) -> str:
    """Return six digits without what people write between them; BAD_INPUT for anything else, which is no try."""
    code = re.sub(r"[\s-]", "", text)
    if not CODE.fullmatch(code):
        raise BadInput(f"A code has {DIGITS} digits; ask the citizen for all of them.", field="code")
    return code


def make_token(secret: str, verification_id: UUID) -> str:
    """Return the last part of a link's path, of characters that a URL carries as they are."""
    signed = expose("verification", verification_id)
    return f"{signed}.{sign(secret, signed)}"


def read_token(secret: str, token: str) -> UUID:
    """Return the verification that a link is of; NOT_FOUND where it is not one of ours."""
    found = TOKEN.fullmatch(token)
    if found is None or not hmac.compare_digest(sign(secret, found[1]), found[2]):
        raise NotFound("This link is not one of ours, or it was cut off.")
    return resolve("verification", found[1])


def sign(secret: str, signed: str) -> str:
    digest = hmac.digest(derive_key(secret, Purpose.CODES), f"link/{signed}".encode(), "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
