"""An OpenID Connect issuer that signs the readers of the page in, and hands codes out against PKCE. Imports identities."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

from identities import Identity, make_rsa, serve_identity
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from tokens import AUDIENCE, encode_part

from tocsin.times import tell_time

CLIENT = "tocsin-page"
ANYBODY = {"Access-Control-Allow-Origin": "*"}


@dataclass
class Issuer(Identity):
    """Signs in whoever comes, as an operator of Sainte-Rive; `lie` names what it gets wrong on purpose."""

    lie: str | None = None
    wanted: dict[str, str] = field(default_factory=dict)
    code: str | None = None
    token: str = ""

    async def describe(self, request: Request) -> Response:
        endpoints = {"authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token"}
        return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/keys", **endpoints}, headers=ANYBODY)

    async def authorize(self, request: Request) -> Response:
        self.wanted = dict(request.query_params)
        self.code = uuid4().hex
        answer = {"code": self.code, "state": "forged" if self.lie == "state" else self.wanted["state"]}
        if self.lie == "refusal":
            answer = {"error": "access_denied", "state": self.wanted["state"]}
        return RedirectResponse(f"{self.wanted['redirect_uri']}#{urlencode(answer)}", 302)

    async def exchange(self, request: Request) -> Response:
        given = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        challenge = encode_part(hashlib.sha256(given["code_verifier"].encode()).digest())
        proven = given["code"] == self.code and challenge == self.wanted["code_challenge"]
        if not proven or (given["client_id"], given["redirect_uri"]) != (CLIENT, self.wanted["redirect_uri"]):
            return JSONResponse({"error": "invalid_grant"}, 400, headers=ANYBODY)
        self.code = None
        self.token = self.issue(aud=AUDIENCE, municipality="sainte-rive", role="operator", name="Odile")
        about = self.issue(aud=CLIENT, nonce="forged" if self.lie == "nonce" else self.wanted["nonce"])
        answer = {"access_token": self.token, "id_token": about, "token_type": "Bearer", "expires_in": 3600}
        return JSONResponse(answer, headers=ANYBODY)

    def issue(self, **claims: Any) -> str:
        now = tell_time()
        begins, ends = int(now.timestamp()), int((now + timedelta(hours=1)).timestamp())
        return self.sign(make_rsa("one"), "one", iat=begins, exp=ends, **claims).removeprefix("Bearer ")

    def list_routes(self) -> list[Route]:
        ours = [Route("/authorize", self.authorize), Route("/token", self.exchange, methods=["POST"])]
        return [*super().list_routes(), *ours]


@asynccontextmanager
async def open_issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    async with serve_identity(issuer):
        yield issuer
