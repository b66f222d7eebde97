"""Writing workbooks row by row: text stays text, whatever it looks like, and instants are real dates. Imports the rows of exports."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell.cell import ERROR_CODES, Cell, WriteOnlyCell
from openpyxl.cell.rich_text import CellRichText
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.dimensions import ColumnDimension, DimensionHolder
from openpyxl.worksheet.filters import AutoFilter

from tocsin.export_columns import Column, ColumnKind
from tocsin.export_rows import CellValue
from tocsin.labels import Words, choose
from tocsin.words import Locale

MOST_ROWS = 1_048_575
"""Of a sheet, the header left out."""

MOST_CHARACTERS = 32_767
"""Of a cell, as UTF-16 counts them."""

FORMATS = {ColumnKind.TEXT: "@", ColumnKind.ADDRESS: "@", ColumnKind.INSTANT: "yyyy-mm-dd hh:mm:ss"}
UNKEPT = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
"""Control characters, and what XML has no place for."""

TEMPTING = ("=", "+", "-", "@")
"""What a spreadsheet takes for a formula when somebody edits the cell, unless the cell is formatted as text."""

CODED = re.compile(r"(?<=_)(?=x[0-9A-Fa-f]+_)")
"""Where a text would be read as the code of a character: it is kept in two runs, split here."""


def clean(text: str) -> str:
    """Return the text without what a cell can't hold."""
    kept = UNKEPT.sub("", text)
    if len(kept) > MOST_CHARACTERS // 2:
        kept = kept.encode("utf-16-le")[: 2 * MOST_CHARACTERS].decode("utf-16-le", "ignore")
    return kept


def is_treacherous(text: str) -> bool:
    """Whether a text would become something else if it were not said to be text."""
    return text.startswith(TEMPTING) or text in ERROR_CODES or ("_x" in text and CODED.search(text) is not None)


class ColumnCells:
    """The cells of a column: two that serve row after row, since a row is written before the next is made."""

    def __init__(self, sheet: WriteOnlyWorksheet, index: int, column: Column) -> None:
        self._kind = column.kind
        self._plain = make_cell(sheet, index)
        self._formatted = make_cell(sheet, index)
        self._formatted.number_format = FORMATS[column.kind]
        self._formatted.data_type = self._plain.data_type = "n" if column.kind is ColumnKind.INSTANT else "s"

    def fill(self, value: CellValue) -> Cell | None:
        """Return the cell with a value in it; nothing for nothing.

        The value is set as it is: openpyxl would look for formulas and errors in it.
        """
        if isinstance(value, datetime):
            self._formatted._value = to_excel(value)  # type: ignore[attr-defined,no-untyped-call]
            return self._formatted
        text = clean(value or "")
        if not text:
            return None
        treacherous = is_treacherous(text)
        cell = self._formatted if treacherous or self._kind is ColumnKind.ADDRESS else self._plain
        coded = treacherous and CODED.search(text)
        cell._value = CellRichText(*CODED.split(text)) if coded else text  # type: ignore[attr-defined]
        return cell


def make_cell(sheet: WriteOnlyWorksheet, index: int) -> Cell:
    cell: Cell = WriteOnlyCell(sheet)
    cell.column = index
    return cell


class TypedSheet(WriteOnlyWorksheet):
    """A sheet whose rows are made of its columns' cells. openpyxl makes a new cell for every value that has a format."""

    # openpyxl's stubs leave out what it takes over from its ordinary sheets.
    column_dimensions: "DimensionHolder[str, ColumnDimension]"
    auto_filter: AutoFilter

    def __init__(self, workbook: Workbook, title: str, columns: Sequence[Column], *, locale: Locale) -> None:
        super().__init__(workbook, title)
        self.freeze_panes = "A2"
        for index, column in enumerate(columns, start=1):
            self.column_dimensions[get_column_letter(index)].width = column.width
        self._heads = [make_head(self, index, choose(column.words, locale)) for index, column in enumerate(columns, 1)]
        self._cells_of_columns = [ColumnCells(self, index, column) for index, column in enumerate(columns, 1)]

    def _values_to_row(self, values: Sequence[CellValue], row_index: int) -> Iterator[Cell]:
        found = self._heads if row_index == 1 else map(ColumnCells.fill, self._cells_of_columns, values)
        for cell in found:
            if cell is not None:
                cell.row = row_index
                yield cell


def make_head(sheet: WriteOnlyWorksheet, index: int, words: str) -> Cell:
    cell = make_cell(sheet, index)
    cell.value = words
    cell.font = Font(bold=True)
    return cell


class SheetWriter:
    """Writes the rows of one sheet; where it is full the next begins, of the same name and a number."""

    def __init__(
        self, workbook: Workbook, name: Words, columns: Sequence[Column], *, locale: Locale, most_rows: int
    ) -> None:
        self._workbook = workbook
        self._name = choose(name, locale)
        self._columns = columns
        self._locale = locale
        self._most_rows = most_rows
        self._sheets = 0
        self._begin()

    def append(self, values: Sequence[CellValue]) -> None:
        """Write a row."""
        if self._rows == self._most_rows:
            self.close()
            self._begin()
        self._sheet.append(values)
        self._rows += 1

    def close(self) -> None:
        """Finish the sheet: filters over all that it holds."""
        self._sheet.auto_filter.ref = f"A1:{get_column_letter(len(self._columns))}{self._rows + 1}"

    def _begin(self) -> None:
        self._sheets += 1
        self._rows = 0
        title = self._name if self._sheets == 1 else f"{self._name} {self._sheets}"
        self._sheet = TypedSheet(self._workbook, title, self._columns, locale=self._locale)
        self._workbook._add_sheet(self._sheet)  # type: ignore[attr-defined]
        self._sheet.append([])  # the header


class WorkbookWriter:
    """A workbook in the making."""

    def __init__(self, locale: Locale, *, most_rows: int = MOST_ROWS) -> None:
        self._workbook = Workbook(write_only=True)
        self._workbook.properties.creator = "Tocsin"
        self._locale = locale
        self._most_rows = most_rows

    def begin_sheet(self, name: Words, columns: Sequence[Column]) -> SheetWriter:
        return SheetWriter(self._workbook, name, columns, locale=self._locale, most_rows=self._most_rows)

    def save(self, path: Path) -> None:
        self._workbook.save(path)
