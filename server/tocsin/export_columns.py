"""The columns of workbooks: headers in both languages, widths, and what kind of cells stand below. Imports labels only."""

from dataclasses import dataclass
from enum import Enum

from tocsin.labels import Words


class ColumnKind(Enum):
    """How the cells of a column are kept."""

    TEXT = "TEXT"
    ADDRESS = "ADDRESS"
    INSTANT = "INSTANT"


@dataclass(frozen=True, slots=True)
class Column:
    """A header in both languages, and how wide and of what kind the cells below are."""

    words: Words
    width: int
    kind: ColumnKind = ColumnKind.TEXT


FIRST, LAST = Column(("First name", "Prénom"), 18), Column(("Last name", "Nom"), 22)

PEOPLE_COLUMNS = (
    FIRST,
    LAST,
    Column(("E-mail address", "Adresse courriel"), 32, ColumnKind.ADDRESS),
    Column(("Telephone number", "Numéro de téléphone"), 20, ColumnKind.ADDRESS),
    Column(("Communication status", "Statut de la communication"), 26),
)

DELIVERY_COLUMNS = (
    FIRST,
    LAST,
    Column(("Wave", "Vague"), 22),
    Column(("Channel", "Canal"), 14),
    Column(("Address", "Adresse"), 32, ColumnKind.ADDRESS),
    Column(("Status", "Statut"), 24),
    Column(("Handed over", "Remis le"), 20, ColumnKind.INSTANT),
    Column(("Status since", "Statut depuis"), 20, ColumnKind.INSTANT),
    Column(("Reason", "Raison"), 44),
    Column(("Error code", "Code d'erreur"), 14),
)

SENT_COLUMNS = (
    Column(("Communication", "Communication"), 44),
    Column(("Type", "Type"), 14),
    Column(("Status", "Statut"), 14),
    Column(("Date sent", "Date d'envoi"), 20, ColumnKind.INSTANT),
    Column(("Date completed", "Date de fin"), 20, ColumnKind.INSTANT),
    Column(("Recipient", "Destinataire"), 44),
)
