"""Excel workbooks: the first sheet, read row by row, its values as the text a person sees. Imports errors only."""

import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook

from tocsin.errors import BadInput

MOST_BYTES = 1 << 30
BROKEN = "The workbook is damaged; open it in Excel, save it again as .xlsx, and import that."


def check_workbook(path: Path) -> None:
    """Refuse a damaged workbook, or one that would unpack to more than memory should hold."""
    try:
        with ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise BadInput("The workbook is too large; split it, or save it as CSV in UTF-8.")
            damaged = archive.testzip() is not None
    except BadZipFile:
        damaged = True
    if damaged:
        raise BadInput(BROKEN)


def read_workbook(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield number and cells of every row."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl says which decorations it leaves out; the values are all there
            workbook = load_workbook(path, read_only=True, data_only=True)
            try:
                for number, values in enumerate(workbook.worksheets[0].iter_rows(values_only=True), start=1):
                    yield number, tuple(map(write_value, values))
            finally:
                workbook.close()
    except (BadZipFile, ParseError, KeyError, ValueError, TypeError, IndexError):
        raise BadInput(BROKEN) from None


def write_value(value: object) -> str:
    """Return a cell's value as text: a telephone number kept as a number has no decimals, an empty cell nothing."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
