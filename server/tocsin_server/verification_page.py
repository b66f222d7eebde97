"""The page behind the link in a verification's e-mail: one button, no script, in the citizen's language. Imports links.

GET changes nothing; POST confirms. Nothing of the citizen is shown, and nothing of a page is kept by anybody.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tocsin.assessment import Moved
from tocsin.database import CONTENDED, UNREACHABLE
from tocsin.errors import NotFound
from tocsin.times import tell_time
from tocsin.verification_links import NOBODYS, Link, Standing, confirm_link, find_link
from tocsin.words import Locale

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

STATUSES = {Standing.OPEN: 200, Standing.VERIFIED: 200, Standing.OVER: 410, Standing.UNKNOWN: 404}


@dataclass(frozen=True, slots=True)
class Wording:
    """What the page says in one language."""

    title: str
    button: str
    away: str
    sentences: Mapping[Standing, str]


WORDINGS: Mapping[Locale, Wording] = {
    Locale.FR: Wording(
        "Vérification de votre adresse courriel",
        "Confirmer mon adresse",
        "La page n'est pas disponible en ce moment. Réessayez dans une minute.",
        {
            Standing.OPEN: "Confirmez que vous recevez à cette adresse les alertes de votre municipalité.",
            Standing.VERIFIED: "Merci, votre adresse est confirmée. Vous pouvez fermer cette page.",
            Standing.OVER: "Ce lien n'est plus valable. Demandez-en un nouveau à votre municipalité.",
            Standing.UNKNOWN: "Ce lien n'existe pas. Ouvrez-le en entier, tel qu'il est dans le courriel.",
        },
    ),
    Locale.EN: Wording(
        "Verification of your e-mail address",
        "Confirm my address",
        "The page is not available just now. Try again in a minute.",
        {
            Standing.OPEN: "Confirm that you receive your municipality's alerts at this address.",
            Standing.VERIFIED: "Thank you, your address is confirmed. You may close this page.",
            Standing.OVER: "This link is no longer good. Ask your municipality for a new one.",
            Standing.UNKNOWN: "There is no such link. Open all of it, as it is in the e-mail.",
        },
    ),
}

log = structlog.get_logger(__name__)


class VerificationPage:
    """The route of the links. `secret` is what they are derived from; `announce` is called after what was confirmed."""

    def __init__(
        self, secret: str, announce: Callable[[Moved], None], *, now: Callable[[], datetime] = tell_time
    ) -> None:
        self._secret = secret
        self._announce = announce
        self._now = now

    async def answer(self, request: Request) -> Response:
        """Show where the link stands; on POST confirm by it first."""
        try:
            link = await self._follow(request)
        except NotFound:
            link = NOBODYS
        except (*UNREACHABLE, *CONTENDED) as error:
            log.warning("verification page away", error=type(error).__name__)
            return HTMLResponse(write_away(), 503, {**HEADERS, "Retry-After": "5"})
        return HTMLResponse(write_page(link), STATUSES[link.standing], HEADERS)

    async def _follow(self, request: Request) -> Link:
        token = request.path_params["token"]
        if request.method != "POST":
            return await find_link(token, self._secret)
        link, moved = await confirm_link(token, self._secret, now=self._now())
        self._announce(moved)
        return link


def write_page(link: Link) -> str:
    """Return the page in the citizen's language, in both where he is not known."""
    languages = [link.locale] if link.locale else list(WORDINGS)
    parts = []
    for locale in languages:
        button = WORDINGS[locale].button if link.standing is Standing.OPEN else None
        parts.append(write_part(locale, WORDINGS[locale].sentences[link.standing], button=button))
    return write_document(languages, parts, link.municipality)


def write_away() -> str:
    return write_document(
        list(WORDINGS), [write_part(locale, wording.away) for locale, wording in WORDINGS.items()], None
    )


def write_part(locale: Locale, sentence: str, *, button: str | None = None) -> str:
    form = f'<form method="post"><button type="submit">{escape(button)}</button></form>' if button else ""
    title = escape(WORDINGS[locale].title)
    return f'<section lang="{locale.lower()}"><h1>{title}</h1><p>{escape(sentence)}</p>{form}</section>'


def write_document(languages: Sequence[Locale], parts: Sequence[str], municipality: str | None) -> str:
    title = " / ".join(WORDINGS[locale].title for locale in languages)
    shown = f"<p>{escape(municipality)}</p>" if municipality else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{languages[0].lower()}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title></head>\n'
        f"<body><main>{shown}{''.join(parts)}</main></body></html>\n"
    )
