"""The customer's URLs in a request to Twilio: checked, and parted from their connection overrides.
Imports loopback, overrides, Twilio's errors.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs

from tocsin_carriers.loopback import split_loopback_url
from tocsin_carriers.retries import RetryPolicy
from tocsin_carriers.twilio_errors import TwilioError
from tocsin_carriers.twilio_overrides import OverrideError, split_overrides


@dataclass(frozen=True, slots=True)
class Address:
    """Where to post, and how to insist."""

    url: str
    policy: RetryPolicy

    @property
    def delivery(self) -> str | None:
        """The customer's own id, which it puts into the query."""
        parts = split_loopback_url(self.url)
        return parse_qs(parts.query).get("delivery", [None])[0] if parts else None


def read_address(text: str, *, refusal: int) -> Address | None:
    """None for an empty text. `refusal`: the error for what is no URL on this machine; 11243 for bad overrides."""
    if not text:
        return None
    try:
        url, policy = split_overrides(text)
    except OverrideError as error:
        raise TwilioError(11243, str(error)) from error
    if split_loopback_url(url) is None:
        raise TwilioError(refusal, url)
    return Address(url, policy)
