"""Every setting, read from the environment once and passed on. Imports errors only.

A missing or weak setting is one sentence in a ConfigurationError, before anything listens.
"""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

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
    tocsin_log_level: str = "info"
    tocsin_speed: float = Field(1.0, gt=0, description="Divides expiry times: for drills and tests only.")
    twilio_account_sid: str = ""
    twilio_auth_token: str = ""
    twilio_auth_token_previous: str | None = None
    twilio_base_url: str = "https://api.twilio.com"
    twilio_from: str | None = None
    twilio_messaging_service_sid: str | None = None
    twilio_messages_per_second: float = Field(10.0, gt=0)
    twilio_validity_seconds: int = Field(1800, ge=1, le=36000)
    lane_concurrency: int = Field(16, ge=1, le=256)
    webhook_queue_limit: int = Field(10_000, ge=1)
    webhook_body_limit: int = Field(65_536, ge=1024)
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_client_id: str | None = None
    tocsin_reminder_minutes: Annotated[tuple[int, ...], NoDecode] = (30, 60)

    @model_validator(mode="before")
    @classmethod
    def forget_empty(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take an empty variable as none, but of the reminders, where nothing means: send none."""
        return {name: value for name, value in values.items() if value != "" or name == "tocsin_reminder_minutes"}

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


def check_url(name: str, value: str) -> None:
    """Refuse what is not an absolute http(s) URL without query, fragment and credentials."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ConfigurationError(
            f"{name} has to be an absolute http or https URL without query, fragment or credentials."
        )
