"""What a simulator is started with and keeps: its account, its senders, its limits.
Imports only the knobs.
"""

from dataclasses import dataclass, field

from tocsin_carriers.knobs import Knobs


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierSettings:
    """One Twilio account. No `senders`: every well-formed one is accepted; likewise Messaging Services."""

    account_sid: str = "AC" + "5" * 32
    auth_token: str = "5" * 32
    sender: str = "+14185550100"
    """The number that a Messaging Service picks, and that inbound messages are written to."""
    senders: frozenset[str] = frozenset()
    messaging_services: frozenset[str] = frozenset()
    inbound_url: str | None = None
    """Where inbound messages are posted unless the control request names another address."""
    ledger_limit: int = 1_000_000
    """Messages remembered before further ones are refused with 503."""
    knobs: Knobs = field(default_factory=Knobs)
