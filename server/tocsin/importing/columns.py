"""The columns of an import: which there are, and where each stands in a file. Imports errors only."""

from collections.abc import Mapping, Sequence

from tocsin.errors import BadInput

REQUIRED = ("first_name", "last_name")
COLUMNS = ("reference", *REQUIRED, "locale", "call", "sms", "email", "verified", "groups", "categories")
LONGEST_NAME = 40


def read_header(cells: Sequence[str]) -> dict[str, int]:
    """Return where each column stands; BAD_INPUT for one that is unknown, doubled or missing."""
    names = [cell.strip().lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    for name in names:
        check_name(name, names)
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise BadInput(f"The column {missing[0]!r} is missing from the first line; add it. Nothing was imported.")
    return {name: index for index, name in enumerate(names)}


def check_name(name: str, names: Sequence[str]) -> None:
    """Refuse a column that would be ignored in silence."""
    if name not in COLUMNS:
        shown = name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…"
        raise BadInput(
            f"The column {shown!r} is unknown; the first line may name {', '.join(COLUMNS)}, "
            "separated by commas or semicolons. Nothing was imported."
        )
    if names.count(name) > 1:
        raise BadInput(f"The column {name!r} stands twice in the first line; keep one. Nothing was imported.")


def name_cells(columns: Mapping[str, int], cells: Sequence[str]) -> dict[str, str]:
    """Return the cells by column, without white space around them; what the line lacks is empty."""
    if any(cell.strip() for cell in cells[max(columns.values()) + 1 :]):
        raise BadInput("there are more cells than columns; a cell that holds the separator needs quotation marks")
    return {name: cells[index].strip() if index < len(cells) else "" for name, index in columns.items()}
