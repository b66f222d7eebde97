"""One signed form post as Twilio sends it. Imports ledger, settings, signature."""

from collections.abc import Mapping
from urllib.parse import urlencode

from tocsin_carriers.ledger import Callback, Kind, Outgoing
from tocsin_carriers.settings import CarrierSettings
from tocsin_carriers.twilio_signature import sign

USER_AGENT = "TwilioProxy/1.1"


def signed_post(url: str, form: Mapping[str, str], callback: Callback, settings: CarrierSettings) -> Outgoing:
    """A forged callback is signed with a token that is not the account's."""
    key = settings.auth_token + ("0" if callback.kind is Kind.FORGED else "")
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "I-Twilio-Idempotency-Token": callback.token,
        "User-Agent": USER_AGENT,
        "X-Twilio-Signature": sign(key, url, form),
    }
    return Outgoing(url, headers, urlencode(form).encode("ascii"))
