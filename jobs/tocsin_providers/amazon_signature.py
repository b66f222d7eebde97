"""Signature version 4 on our requests to Amazon, by botocore's signer and nothing else of it. Imports settings."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.settings import Settings


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a signature is for: the service as Amazon signs it, such as `ses`, and its region."""

    service: str
    region: str


class Signer:
    """Signs with one key. Botocore is loaded here: a fifth of a second that processes without e-mail are spared."""

    def __init__(self, settings: Settings) -> None:
        from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
        from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
        from botocore.credentials import Credentials  # type: ignore[import-untyped]

        # In full it writes every request that it signs, a temporary key's token included.
        logging.getLogger("botocore").setLevel(logging.WARNING)
        self._auth, self._request = SigV4Auth, AWSRequest
        self._credentials = Credentials(
            settings.aws_access_key_id, settings.aws_secret_access_key, settings.aws_session_token
        )

    def sign(self, url: str, body: bytes, headers: Mapping[str, str], scope: Scope) -> dict[str, str]:
        """Return the headers of a POST together with those that sign it, valid for some minutes from now."""
        request = self._request(method="POST", url=url, data=body, headers=dict(headers))
        self._auth(self._credentials, scope.service, scope.region).add_auth(request)
        return dict(request.headers.items())
