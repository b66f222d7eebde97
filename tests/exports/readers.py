"""Workbooks as others read them: openpyxl, and LibreOffice where it is installed."""

import csv
import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

OFFICE = shutil.which("soffice")
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


def read_cells(content: bytes) -> dict[str, list[list[Any]]]:
    """Return the values of every sheet by its name, the header first; no cell may be a formula or an error."""
    workbook = load_workbook(io.BytesIO(content))
    cells: dict[str, list[list[Any]]] = {}
    for sheet in workbook.worksheets:
        rows = list(sheet.iter_rows())
        assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "d"}, "no formula, no error"
        cells[sheet.title] = [[cell.value for cell in row] for row in rows]
    return cells


def read_with_office(content: bytes, directory: Path) -> dict[str, list[list[str]]]:
    """Return what LibreOffice shows, as text, of every sheet by its name."""
    assert OFFICE is not None, "asked for only where it is"
    file = directory / "book.xlsx"
    file.write_bytes(content)
    subprocess.run(
        [OFFICE, "--headless", f"-env:UserInstallation=file://{directory}/profile", "--convert-to", EVERY_SHEET,
         "--outdir", str(directory / "sheets"), str(file)],
        check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    sheets = {}
    for path in (directory / "sheets").iterdir():
        with path.open(encoding="utf-8", newline="") as opened:
            sheets[path.stem.removeprefix("book-")] = list(csv.reader(opened))
    return sheets
