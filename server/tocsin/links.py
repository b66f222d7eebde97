"""Links to workbooks that work for a minute: signed with a key of their own, good only beside the requester's bearer. Imports errors.

Whoever has a link knows that there is such a workbook; what is in it the bearer decides.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tocsin.errors import Forbidden, NotAvailable
from tocsin.identifiers import expose, resolve

PATH = "/exports/"
LIFETIME = timedelta(seconds=60)
LINK = re.compile(r"(export-[0-9a-f]{32})\.([0-9]{1,12})\.([\w-]{43})", re.ASCII)


def make_link(key: bytes, export_id: UUID, now: datetime) -> str:
    """Return the last part of a path, of characters that a URL carries as they are."""
    signed = f"{expose('export', export_id)}.{int((now + LIFETIME).timestamp())}"
    return f"{signed}.{sign(key, signed)}"


def read_link(key: bytes, link: str, now: datetime) -> UUID:
    """Return the workbook that a link leads to: FORBIDDEN where it is not ours, NOT_AVAILABLE where its minute is over."""
    found = LINK.fullmatch(link)
    signed = link.rpartition(".")[0]
    if found is None or not hmac.compare_digest(sign(key, signed), found[3]):
        raise Forbidden("This link is not one of ours, or it was changed; ask for the export's link again.")
    if now >= datetime.fromtimestamp(int(found[2]), UTC):
        raise NotAvailable("This link is over; ask for the export's link again.")
    return resolve("export", found[1])


def sign(key: bytes, signed: str) -> str:
    digest = hmac.digest(key, f"exports/{signed}".encode(), "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
