"""Every setting, read from the environment once and passed on. Imports arns, crashes and errors.

A missing or weak setting is one sentence in a ConfigurationError, before anything listens.
"""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from tocsin.arns import REGION, read_topic
from tocsin.crashes import CrashPoint
from tocsin.errors import ConfigurationError

MINIMUM_SECRET = 32


class Settings(BaseSettings):
    """The environment of one process; the field `twilio_from` is the variable TWILIO_FROM."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: str | None = None
    redis_url: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    public_url: str = "http://127.0.0.1:8000"
    tocsin_secret: str = ""
    tocsin_data_dir: Path = Path(".tocsin")
    tocsin_production: bool | None = None
    tocsin_log_level: str = "info"
    tocsin_speed: float = Field(1.0, gt=0, description="Divides expiry times: for drills and tests only.")
    tocsin_crash_at: CrashPoint | None = None
    twilio_account_sid: str = ""
    twilio_auth_token: str = ""
    twilio_auth_token_previous: str | None = None
    twilio_base_url: str = "https://api.twilio.com"
    twilio_from: str | None = None
    twilio_messaging_service_sid: str | None = None
    twilio_messages_per_second: float = Field(10.0, gt=0)
    twilio_validity_seconds: int = Field(1800, ge=1, le=36000)
    twilio_calls_per_second: float = Field(1.0, gt=0)
    twilio_ring_seconds: int = Field(30, ge=5, le=600)
    ses_region: str | None = None
    ses_from: str | None = None
    ses_configuration_set: str | None = None
    ses_endpoint_url: str | None = None
    ses_messages_per_second: float = Field(14.0, gt=0)
    sns_topic_arns: Annotated[tuple[str, ...], NoDecode] = ()
    sns_endpoint_url: str | None = None
    sns_cert_origins: Annotated[tuple[str, ...], NoDecode] = ()
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = None
    aws_session_token: str | None = None
    lane_concurrency: int = Field(16, ge=1, le=256)
    lane_pause_seconds: float = Field(60.0, gt=0)
    lane_failure_seconds: float = Field(1800.0, ge=0)
    webhook_queue_limit: int = Field(10_000, ge=1)
    webhook_body_limit: int = Field(65_536, ge=1024)
    graphql_cost_limit: int = Field(50_000, ge=1)
    graphql_depth_limit: int = Field(20, ge=1)
    graphql_alias_limit: int = Field(50, ge=0)
    graphql_directive_limit: int = Field(50, ge=0)
    graphql_token_limit: int = Field(10_000, ge=100)
    graphql_body_limit: int = Field(1_048_576, ge=1024)
    graphql_trusted_documents: Path | None = None
    socket_operation_limit: int = Field(20, ge=1)
    socket_prepared_frames: bool = True
    socket_principal_limit: int = Field(32, ge=1)
    socket_address_limit: int = Field(512, ge=1)
    socket_message_rate: float = Field(50.0, ge=1)
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_client_id: str | None = None
    tocsin_stop_seconds: float = Field(6.0, ge=0, le=300)
    notify_socket: str | None = None
    metrics_port: int | None = Field(None, ge=1, le=65535)
    otel_exporter_otlp_endpoint: str | None = None
    metrics_token: str | None = Field(None, min_length=16)
    tocsin_retention_days: int | None = Field(None, ge=1)
    tocsin_reminder_minutes: Annotated[tuple[int, ...], NoDecode] = (30, 60)

    @property
    def in_production(self) -> bool:
        """Whether strangers are shown no more than they need: unless it is said, where others reach this server."""
        if self.tocsin_production is None:
            return not is_loopback(urlsplit(self.public_url).hostname or "")
        return self.tocsin_production

    @model_validator(mode="before")
    @classmethod
    def forget_empty(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take an empty variable as none, but of the reminders, where nothing means: send none."""
        return {name: value for name, value in values.items() if value != "" or name == "tocsin_reminder_minutes"}

    @field_validator("sns_topic_arns", "sns_cert_origins", mode="before")
    @classmethod
    def split_list(cls, value: object) -> object:
        """Read a list separated by commas."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("tocsin_reminder_minutes", mode="before")
    @classmethod
    def split_minutes(cls, value: object) -> object:
        """Read `30,60`; nothing at all means no reminders."""
        if isinstance(value, str):
            return tuple(int(part) for part in value.split(",") if part.strip())
        return value


REQUIRED = {
    "twilio_account_sid": "the account that sends texts and calls (AC and 32 hexadecimal digits)",
    "twilio_auth_token": "the token that signs Twilio's webhooks",
}


EMAIL_REQUIRED = (
    "ses_region",
    "ses_from",
    "ses_configuration_set",
    "sns_topic_arns",
    "aws_access_key_id",
    "aws_secret_access_key",
)
EMAIL_OPTIONAL = ("ses_endpoint_url", "sns_endpoint_url", "sns_cert_origins")
MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+", re.ASCII)


def read_settings(**overrides: object) -> Settings:
    """Read the environment; ConfigurationError names the variable and what to do."""
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]  # names are checked by pydantic
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "the environment"
        raise ConfigurationError(f"{name} is not usable: {first['msg']}. Correct it and start again.") from None
    return settings


def check_secret(settings: Settings) -> None:
    """Refuse a secret from which keys should not be derived."""
    secret = settings.tocsin_secret
    if not secret:
        raise ConfigurationError(
            "TOCSIN_SECRET is not set; give it at least 32 random characters (for example from `openssl rand -hex 32`)."
        )
    if len(secret) < MINIMUM_SECRET or len(set(secret)) < 8:
        raise ConfigurationError("TOCSIN_SECRET is too weak; give it at least 32 random characters.")


def check_service(settings: Settings) -> None:
    """Refuse to serve or to work with what could not be served: called before anything listens."""
    check_secret(settings)
    for name, use in REQUIRED.items():
        if not getattr(settings, name):
            raise ConfigurationError(f"{name.upper()} is not set; it is {use}.")
    if not (settings.twilio_from or settings.twilio_messaging_service_sid):
        raise ConfigurationError("Set TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID; texts need a sender.")
    for name in ("public_url", "twilio_base_url"):
        check_url(name.upper(), str(getattr(settings, name)))
    if settings.redis_url is not None:
        check_redis(settings.redis_url)
        if settings.database_url is None:
            raise ConfigurationError(
                "REDIS_URL is set without DATABASE_URL; set what all processes can reach, or neither."
            )
    check_email(settings)
    check_sign_in(settings)


def check_sign_in(settings: Settings) -> None:
    """Refuse an identity provider that is set up in part: the page would lead its readers nowhere."""
    if settings.oidc_issuer and not settings.oidc_audience:
        raise ConfigurationError("OIDC_ISSUER is set without OIDC_AUDIENCE; set the audience its tokens are for.")
    if settings.oidc_client_id and not settings.oidc_issuer:
        raise ConfigurationError("OIDC_CLIENT_ID is set without OIDC_ISSUER; set where the page's readers sign in.")


def check_redis(value: str) -> None:
    """Refuse what is no URL of a Redis."""
    try:
        parts = urlsplit(value)
        sound = (parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0) or (
            parts.scheme == "unix" and parts.path
        )
    except ValueError:
        sound = False
    if not sound:
        raise ConfigurationError("REDIS_URL has to look like redis://user:password@host:6379/0, rediss:// or unix://.")


def is_email_set_up(settings: Settings) -> bool:
    """Whether all that e-mail needs is there."""
    return all(getattr(settings, name) for name in EMAIL_REQUIRED)


def check_email(settings: Settings) -> None:
    """Refuse e-mail that is set up in part or wrongly; Amazon's keys alone may be there for something else."""
    for origin in settings.sns_cert_origins:
        check_loopback("SNS_CERT_ORIGINS", origin, path=False)
    named = [name for name in (*EMAIL_REQUIRED, *EMAIL_OPTIONAL) if getattr(settings, name)]
    if all(name.startswith("aws_") for name in named):
        return
    missing = [name.upper() for name in EMAIL_REQUIRED if name not in named]
    if missing:
        raise ConfigurationError(f"E-mail is set up in part; set {', '.join(missing)} too, or none of SES_* and SNS_*.")
    check_names(settings)
    if settings.sns_endpoint_url:
        check_loopback("SNS_ENDPOINT_URL", settings.sns_endpoint_url)
    if settings.ses_endpoint_url:
        parts = check_url("SES_ENDPOINT_URL", settings.ses_endpoint_url)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise ConfigurationError("SES_ENDPOINT_URL has to be https, but for an address of this machine.")


def check_names(settings: Settings) -> None:
    """Refuse what Amazon would not recognise, and topics of several accounts: an account is what events are believed by."""
    if not REGION.fullmatch(settings.ses_region or ""):
        raise ConfigurationError("SES_REGION has to be a region of Amazon's, such as ca-central-1.")
    if not MAILBOX.fullmatch(settings.ses_from or ""):
        raise ConfigurationError("SES_FROM has to be one e-mail address in ASCII, without a name before it.")
    topics = [read_topic(arn) for arn in settings.sns_topic_arns]
    if None in topics:
        raise ConfigurationError("SNS_TOPIC_ARNS has to list topics such as arn:aws:sns:ca-central-1:123456789012:ses.")
    if len({topic.account for topic in topics if topic}) > 1:
        raise ConfigurationError("SNS_TOPIC_ARNS names topics of several accounts; keep those of one.")


def check_url(name: str, value: str) -> SplitResult:
    """Return the parts of an absolute http(s) URL; refuse what has a query, a fragment or credentials, or is none."""
    try:
        parts = urlsplit(value)
        absolute = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        parts, absolute = urlsplit(""), False
    if not absolute or parts.query or parts.fragment or parts.username is not None:
        raise ConfigurationError(
            f"{name} has to be an absolute http or https URL without query, fragment or credentials."
        )
    return parts


def check_loopback(name: str, value: str, *, path: bool = True) -> None:
    """Refuse a URL of any other machine; without `path`, also one that is more than an origin."""
    parts = check_url(name, value)
    if not is_loopback(parts.hostname or "") or not (path or parts.path in ("", "/")):
        raise ConfigurationError(
            f"{name} may only lead to this machine, such as http://127.0.0.1:9000: elsewhere Amazon's own hosts are used."
        )


def is_loopback(host: str) -> bool:
    """Whether a name or number is this machine's without asking anybody."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
