"""An OpenID Connect issuer on a socket, for the tests of whom we trust."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from stage.serving import open_listener, serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tokens import AUDIENCE, NOW, claim, forge


@cache
def make_rsa(name: str, size: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, size)


@cache
def make_curve(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def publish(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, key_id: str, **fields: Any) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        entry = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        entry = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**entry, "kid": key_id, **fields}


@dataclass
class Identity:
    """An OpenID Connect issuer that publishes what a test tells it to, and counts how often it is asked."""

    url: str = ""
    keys: list[Any] = field(default_factory=list)
    discovery: dict[str, Any] = field(default_factory=dict)
    broken: Response | None = None
    asked: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    async def describe(self, request: Request) -> Response:
        return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.discovery})

    async def list_keys(self, request: Request) -> Response:
        self.asked += 1
        if not self.open.is_set():
            self.entered.set()
            await self.open.wait()
        return self.broken or JSONResponse({"keys": self.keys})

    def sign(self, key: Any, key_id: str | None = "one", *, algorithm: str = "RS256", **changes: Any) -> str:
        theirs = {"iss": self.url, "aud": AUDIENCE, "iat": int(NOW.timestamp()), **changes}
        return forge(claim(**theirs), algorithm=algorithm, key=key, **({"kid": key_id} if key_id else {}))

    def list_routes(self) -> list[Route]:
        return [Route("/.well-known/openid-configuration", self.describe), Route("/keys", self.list_keys)]


@asynccontextmanager
async def open_identity() -> AsyncIterator[Identity]:
    """Serve on a free port of the loopback address, with one RSA key."""
    issuer = Identity()
    async with serve_identity(issuer):
        yield issuer


@asynccontextmanager
async def serve_identity(issuer: Identity) -> AsyncIterator[None]:
    issuer.open.set()
    config = uvicorn.Config(Starlette(routes=issuer.list_routes()), ws="none", lifespan="off", log_config=None)
    async with serving(uvicorn.Server(config), open_listener()) as port:
        issuer.url = f"http://127.0.0.1:{port}"
        issuer.keys = [publish(make_rsa("one"), "one")]
        yield
