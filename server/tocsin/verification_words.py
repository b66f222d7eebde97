"""What a verification says, in the citizen's language. Imports proofs, events and settings.

The words are made at the moment of handing over, and kept nowhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from tocsin.events import HandOver
from tocsin.settings import Settings
from tocsin.verification_proofs import PATH, make_code, make_token
from tocsin.words import Channel, Locale


@dataclass(frozen=True, slots=True)
class Wording:
    """What is said in one language; `{municipality}` and `{proof}` are filled in."""

    call: str
    text: str
    subject: str
    email: str


WORDINGS: Mapping[Locale, Wording] = {
    Locale.FR: Wording(
        "Bonjour. Ceci est un appel de vérification de {municipality}. Votre code est : {proof}.",
        "{municipality} : votre code de vérification est le {proof}. Il est valable 15 minutes.",
        "{municipality} : confirmez votre adresse courriel",
        "Bonjour,\n\nPour recevoir les alertes de {municipality} à cette adresse, ouvrez ce lien et confirmez :\n\n{proof}"
        "\n\nLe lien est valable 24 heures. Si vous n'attendiez pas ce message, ignorez-le.\n",
    ),
    Locale.EN: Wording(
        "Hello. This is a verification call from {municipality}. Your code is: {proof}.",
        "{municipality}: your verification code is {proof}. It is valid for 15 minutes.",
        "{municipality}: confirm your e-mail address",
        "Hello,\n\nTo receive the alerts of {municipality} at this address, open this link and confirm:\n\n{proof}"
        "\n\nThe link is valid for 24 hours. If you did not expect this message, ignore it.\n",
    ),
}


def spell_digits(settings: Settings, verification_id: UUID) -> str:
    """Return a code as a voice reads it: digit by digit, with pauses between them."""
    return ", ".join(make_code(settings.tocsin_secret, verification_id))


def write_digits(settings: Settings, verification_id: UUID) -> str:
    return make_code(settings.tocsin_secret, verification_id)


def write_link(settings: Settings, verification_id: UUID) -> str:
    return f"{settings.public_url.rstrip('/')}{PATH}{make_token(settings.tocsin_secret, verification_id)}"


PROOFS: Mapping[Channel, tuple[Callable[[Settings, UUID], str], Callable[[Wording], str]]] = {
    Channel.CALL: (spell_digits, lambda wording: wording.call),
    Channel.SMS: (write_digits, lambda wording: wording.text),
    Channel.EMAIL: (write_link, lambda wording: wording.email),
}


def put_into_words(hand_over: HandOver, channel: Channel, settings: Settings) -> HandOver:
    """Return what is to be handed over: a communication's text as it is, a verification's made now."""
    if hand_over.verification_id is None:
        return hand_over
    wording, (prove, choose) = WORDINGS[hand_over.locale], PROOFS[channel]
    filled = {"municipality": hand_over.municipality, "proof": prove(settings, hand_over.verification_id)}
    subject = wording.subject.format(**filled) if channel is Channel.EMAIL else None
    return replace(hand_over, text=choose(wording).format(**filled), subject=subject)
