"""Serves the control-room page: hashed assets for a year, the page itself for every other address. Imports sign_in.

Everything is read once at the start and answered from memory, so no address can lead to a file that is not the console's.
"""

import html
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from tocsin_server.sign_in import SignIn

STATIC = Path(__file__).with_name("static")
HASHED = "/assets/"
OTHERS = ("/graphql", "/webhooks", "/exports", "/verify", "/healthz", "/readyz", "/metrics")
NONCE = "%NONCE%"
SIGN_IN = "%SIGN_IN%"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
FOREVER = "public, max-age=31536000, immutable"
MISSING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Tocsin</title>
<h1>Tocsin runs, but its page has not been built</h1>
<p>The API is at <code>/graphql</code>. For the page, run <code>make install</code> where Tocsin lies and start it again.</p>
<h1 lang="fr">Tocsin fonctionne, mais sa page n'a pas été construite</h1>
<p lang="fr">L'API se trouve à <code>/graphql</code>. Pour obtenir la page, lancez <code>make install</code> à l'endroit où se
trouve Tocsin, puis redémarrez-le.</p></html>"""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is answered: its type, and its bytes by content encoding (none: as it is)."""

    media_type: str
    bodies: Mapping[str, bytes]


class Console:
    """Answers GET and HEAD for every address that is nobody else's."""

    def __init__(self, public_url: str, directory: Path = STATIC, *, sign_in: SignIn | None = None) -> None:
        self._assets = dict(read_assets(directory))
        self._page = read_page(directory).replace(SIGN_IN, html.escape(sign_in.describe()) if sign_in else "")
        self._headers = make_headers(public_url)
        self._policy = make_policy(public_url, sign_in)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        response = self._refuse(request) or self._answer(request)
        response.headers.update(self._headers)
        await response(scope, receive, send)

    def _refuse(self, request: Request) -> Response | None:
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("Only GET and HEAD are answered here.", 405, headers={"Allow": "GET, HEAD"})
        path = request.url.path
        if any(path == other or path.startswith(f"{other}/") for other in OTHERS):
            return PlainTextResponse("There is nothing at this address.", 404)
        return None

    def _answer(self, request: Request) -> Response:
        path = request.url.path
        asset = self._assets.get(path)
        if asset is not None:
            return answer_asset(asset, request.headers.get("accept-encoding", ""), hashed=path.startswith(HASHED))
        if path.startswith(HASHED):
            return PlainTextResponse("There is no such asset; load the page again.", 404)
        nonce = secrets.token_urlsafe(16)
        policy = self._policy.replace(NONCE, nonce)
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": policy}
        return Response(self._page.replace(NONCE, nonce), media_type="text/html; charset=utf-8", headers=headers)


def answer_asset(asset: Asset, accepted: str, *, hashed: bool) -> Response:
    """Answer with the smallest of an asset's bodies that the browser takes."""
    wanted = {
        part.split(";")[0].strip().lower() for part in accepted.split(",") if not part.replace(" ", "").endswith(";q=0")
    }
    encoding = next((name for name, _ in ENCODINGS if name in asset.bodies and name in wanted), "")
    headers = {"Cache-Control": FOREVER if hashed else "no-cache", "Vary": "Accept-Encoding"}
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(asset.bodies[encoding], media_type=asset.media_type, headers=headers)


def read_assets(directory: Path) -> Iterable[tuple[str, Asset]]:
    """Give every file of the build by its address, but the page and what only the build needs."""
    compressed = tuple(suffix for _, suffix in ENCODINGS)
    for file in sorted(directory.rglob("*")):
        name = file.relative_to(directory).as_posix()
        if file.is_file() and not name.startswith(".") and name != "index.html" and not name.endswith(compressed):
            bodies = {"": file.read_bytes()}
            siblings = ((encoding, file.with_name(file.name + suffix)) for encoding, suffix in ENCODINGS)
            bodies.update({encoding: sibling.read_bytes() for encoding, sibling in siblings if sibling.exists()})
            yield f"/{name}", Asset(guess_type(name)[0] or "application/octet-stream", bodies)


def read_page(directory: Path) -> str:
    """Return the page; where nothing has been built, one that says so."""
    page = directory / "index.html"
    return page.read_text(encoding="utf-8") if page.exists() else MISSING


def make_policy(public_url: str, sign_in: SignIn | None = None) -> str:
    """Return what the page may do: load from here, connect to here and to who signs its readers in, and nothing else.

    Libraries that write a style sheet are given the nonce. Older browsers do not take 'self' for a WebSocket.
    """
    url = urlsplit(public_url)
    socket = f"{'wss' if url.scheme == 'https' else 'ws'}://{url.netloc}"
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'self' 'nonce-{NONCE}'",
        "font-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"'self' {socket}{f' {sign_in.origin}' if sign_in else ''}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def make_headers(public_url: str) -> dict[str, str]:
    """Return the headers of every answer."""
    refused = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
    headers = {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in refused),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    if urlsplit(public_url).scheme == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers
