"""Why somebody was not reached, in words for people. Imports words only."""

from tocsin.words import Locale, OutcomeReason, SkipReason

O, K = OutcomeReason, SkipReason  # noqa: E741 - the tables below are read by column

OUTCOME_WORDS: dict[OutcomeReason, tuple[str, str]] = {
    O.NO_USABLE_CONTACT_POINT: ("No usable telephone number or e-mail address", "Aucun numéro de téléphone ni courriel utilisable"),
    O.NO_RECEIPT: ("No receipt came back in time", "Aucun accusé de réception dans le délai"),
    O.NO_ANSWER: ("Nobody answered", "Personne n'a répondu"),
    O.BUSY: ("The line was busy", "La ligne était occupée"),
    O.FAX: ("A fax machine answered", "Un télécopieur a répondu"),
    O.FAILED: ("The attempt failed; the number may be wrong", "La tentative a échoué; le numéro est peut-être erroné"),
    O.UNDELIVERED: ("The message did not reach the telephone", "Le message n'a pas atteint l'appareil"),
    O.REBOUND: ("The mail server refuses the address", "Le serveur de messagerie refuse l'adresse"),
    O.REJECTED: ("The e-mail was held back because of a virus", "Le courriel a été retenu à cause d'un virus"),
    O.NOT_SENT: ("The e-mail did not leave; the address is unusable", "Le courriel n'est pas parti; l'adresse est inutilisable"),
    O.VOICEMAIL: ("A voice mailbox answered, which does not count", "Une boîte vocale a répondu, ce qui ne compte pas"),
    O.UNCONFIRMED: ("Reached, but the message was not confirmed", "Joint, mais le message n'a pas été confirmé"),
    O.UNCERTAIN: ("Unknown: the carrier's answer was lost", "Inconnu : la réponse du télécommunicateur s'est perdue"),
    O.CANCELLED: ("Cancelled before any attempt", "Annulé avant toute tentative"),
}  # fmt: skip

SKIP_WORDS: dict[SkipReason, tuple[str, str]] = {
    K.ALREADY_CONTACTED: ("Already contacted by another attempt", "Déjà contacté par une autre tentative"),
    K.CANCELLED: ("The communication was cancelled", "La communication a été annulée"),
    K.SUPPRESSED: ("The citizen asked for no more messages here", "Le citoyen ne veut plus de messages ici"),
    K.DEAD_ADDRESS: ("This address is known not to work", "On sait que cette adresse ne fonctionne pas"),
}


def explain_outcome(reason: OutcomeReason, locale: Locale) -> str:
    """Return why a recipient, or one attempt, is missed."""
    return OUTCOME_WORDS[reason][locale is Locale.FR]


def explain_skip(reason: SkipReason, locale: Locale) -> str:
    """Return why an attempt was not made."""
    return SKIP_WORDS[reason][locale is Locale.FR]
