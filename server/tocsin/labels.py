"""What things are called where people read them: in English and in French. Imports words and statuses.

Statuses have their labels in tocsin.statuses, reasons theirs in tocsin.reasons.
"""

from collections.abc import Mapping
from typing import TypeAlias

from tocsin.words import (
    Channel,
    CommunicationKind,
    CommunicationState,
    ExportState,
    Handling,
    Locale,
    Outcome,
    WaveKind,
)

Words: TypeAlias = tuple[str, str]
"""English and French."""

S, H, W = CommunicationState, Handling, WaveKind

EVERYBODY: Words = ("All citizens", "Tous les citoyens")

KINDS: Mapping[CommunicationKind, Words] = {
    CommunicationKind.REGULAR: ("Regular", "Régulière"),
    CommunicationKind.CAMPAIGN: ("Campaign", "Campagne"),
}

STATES: Mapping[CommunicationState, Words] = {
    S.DRAFT: ("Draft", "Brouillon"),
    S.SCHEDULED: ("Scheduled", "Planifiée"),
    S.IN_PROGRESS: ("In progress", "En cours"),
    S.COMPLETED: ("Completed", "Terminée"),
    S.CANCELLED: ("Cancelled", "Annulée"),
    S.FAILED: ("Failed", "Échouée"),
}

JOINED: Mapping[Outcome, Words] = {
    Outcome.CONTACTED: ("Joined", "Joint"),
    Outcome.IN_PROGRESS: ("Not joined", "Non joint"),
    Outcome.NOT_CONTACTED: ("Not joined", "Non joint"),
}

CHANNELS: Mapping[Channel, Words] = {
    Channel.CALL: ("Call", "Appel"),
    Channel.SMS: ("Text message", "Message texte"),
    Channel.EMAIL: ("E-mail", "Courriel"),
}

WAVES: Mapping[WaveKind, Words] = {
    W.INITIAL: ("First sending", "Premier envoi"),
    W.AUTO_REMINDER: ("Automatic reminder", "Rappel automatique"),
    W.RECONTACT: ("Recontact", "Recontact"),
}

HANDLINGS: Mapping[Handling, Words] = {
    H.PLANNED: ("Waiting to be sent", "En attente d'envoi"),
    H.SENDING: ("Being handed over", "En cours de remise"),
    H.TAKEN: ("With the carrier", "Chez le télécommunicateur"),
    H.UNCERTAIN: ("Uncertain", "Incertain"),
    H.SKIPPED: ("Not attempted", "Non tenté"),
}
"""What stands in a status's place while there is none."""

EXPORT_FAULTS: Mapping[ExportState, Words] = {
    ExportState.FAILED: (
        "The workbook could not be made; ask for the export again.",
        "Le classeur n'a pu être produit; demandez l'exportation de nouveau.",
    ),
}


def choose(words: Words, locale: Locale) -> str:
    """Return the words of a language."""
    return words[locale is Locale.FR]


def label_wave(kind: WaveKind, number: int, locale: Locale) -> str:
    """Return what a round of attempts is called; the first sending bears no number."""
    name = choose(WAVES[kind], locale)
    return name if kind is WaveKind.INITIAL else f"{name} {number}"
