"""A file of rows, whatever its format: lines with their number, read one by one. Imports errors only.

A cell never spans lines, so broken quotation marks spoil one row and not the rest of the file.
"""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tocsin.errors import BadInput
from tocsin.importing.workbooks import check_workbook, read_workbook

LONGEST_LINE = 65_536
PIECE = 1 << 20
WORKBOOK_START = b"PK\x03\x04"
NOT_UTF8 = (
    "The file is not UTF-8 text; save it as CSV in UTF-8 (or as .xlsx) and import it again. Nothing was imported."
)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: its cells as text, or the fault that kept it from being split."""

    number: int
    cells: tuple[str, ...] = ()
    fault: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing at all stands on the line."""
        return self.fault is None and not any(cell.strip() for cell in self.cells)


def open_sheet(path: Path) -> Iterator[Line]:
    """Return the lines of a CSV file or of a workbook's first sheet; BAD_INPUT, before the first line, for all else."""
    try:
        with path.open("rb") as file:
            start = file.read(len(WORKBOOK_START))
    except OSError as error:
        raise BadInput(f"The file can't be read: {error.strerror}.") from None
    if start == WORKBOOK_START:
        check_workbook(path)
        return (Line(number, cells) for number, cells in read_workbook(path))
    if path.suffix.lower() == ".xlsx":
        raise BadInput("The file is not an Excel workbook; save it as .xlsx or as CSV in UTF-8 and import it again.")
    check_encoding(path)
    return read_text(path)


def check_encoding(path: Path) -> None:
    """Read the whole file once, so that a wrong encoding is known before anything is imported."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BadInput(NOT_UTF8) from None


def read_text(path: Path) -> Iterator[Line]:
    """Yield the lines of a CSV file; its first one tells whether `,` or `;` separates the cells."""
    with path.open(encoding="utf-8-sig") as file:
        separator = ","
        for number, text in enumerate(cut_lines(file), start=1):
            if number == 1:
                separator = max(",;", key=text.count)
            yield split_line(number, text, separator)


def cut_lines(file: TextIO) -> Iterator[str]:
    """Yield each line without its end; of one that is too long, only as much as shows that it is."""
    while text := file.readline(LONGEST_LINE + 1):
        rest = text
        while rest and not rest.endswith("\n") and len(rest) > LONGEST_LINE:
            rest = file.readline(LONGEST_LINE + 1)
        yield text.rstrip("\n")


def split_line(number: int, text: str, separator: str) -> Line:
    """Split one line into cells, or say why that can't be done."""
    if len(text) > LONGEST_LINE:
        return Line(number, fault=f"the line is longer than {LONGEST_LINE} characters")
    try:
        cells = next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        return Line(number, fault="the quotation marks are broken; a cell that opens with one has to close on its line")
    return Line(number, tuple(cells))
