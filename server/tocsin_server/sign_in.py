"""Where the page signs its readers in: the identity provider of the settings, if there is one. Imports settings."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from tocsin.settings import Settings


@dataclass(frozen=True, slots=True)
class SignIn:
    """An issuer, the client that it knows the page by, and the audience that its tokens have to name."""

    issuer: str
    client_id: str
    audience: str

    @property
    def origin(self) -> str:
        """The origin that the page may connect to."""
        url = urlsplit(self.issuer)
        return f"{url.scheme}://{url.netloc}"

    def describe(self) -> str:
        """Return what the page is told, as JSON; none of it is secret."""
        return json.dumps({"issuer": self.issuer, "clientId": self.client_id, "audience": self.audience})


def read_sign_in(settings: Settings) -> SignIn | None:
    """Return where the page signs in; nothing where tokens are pasted."""
    issuer, client_id, audience = settings.oidc_issuer, settings.oidc_client_id, settings.oidc_audience
    return SignIn(issuer, client_id, audience) if issuer and client_id and audience else None
