"""What a simulator is started with and keeps: its account, its senders, its limits.
Imports only the knobs.
"""

from dataclasses import dataclass, field

from tocsin_carriers.knobs import Knobs


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierSettings:
    """One Twilio account and one of Amazon's. No `senders`: every well-formed one is accepted; likewise
    Messaging Services, configuration sets and the senders of e-mails.
    """

    account_sid: str = "AC" + "5" * 32
    auth_token: str = "5" * 32
    sender: str = "+14185550100"
    """The number that a Messaging Service picks, and that inbound messages are written to."""
    senders: frozenset[str] = frozenset()
    messaging_services: frozenset[str] = frozenset()
    inbound_url: str | None = None
    """Where inbound messages are posted unless the control request names another address."""
    aws_access_key_id: str | None = None
    """The key that has to sign; None: any."""
    aws_secret_access_key: str | None = None
    """Its secret; None: signatures have to be well-formed and are not computed."""
    topic_arn: str = "arn:aws:sns:ca-central-1:123456789012:tocsin-events"
    """The topic that events of e-mails are published to. It names the region and the account too."""
    events_url: str | None = None
    """Who is subscribed to the topic at the start; a control request may do it later."""
    configuration_sets: frozenset[str] = frozenset()
    email_senders: frozenset[str] = frozenset()
    """Verified addresses and domains."""
    waiting_limit: int = 100_000
    """Events kept while no subscription is confirmed; further ones are lost."""
    ledger_limit: int = 1_000_000
    """Messages remembered before further ones are refused with 503."""
    knobs: Knobs = field(default_factory=Knobs)

    @property
    def region(self) -> str:
        return self.topic_arn.split(":")[3]

    @property
    def aws_account(self) -> str:
        return self.topic_arn.split(":")[4]
