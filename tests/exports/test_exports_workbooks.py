"""Promises about workbooks themselves: every cell is what it says, whoever opens it, and a full sheet is followed by the next."""

import io
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from exports.hostile import expect, list_names
from exports.readers import OFFICE, read_cells, read_with_office
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from tocsin.export_columns import DELIVERY_COLUMNS, PEOPLE_COLUMNS, SENT_COLUMNS, Column, ColumnKind
from tocsin.labels import EXPORT_FAULTS, JOINED, KINDS, STATES, WAVES, choose
from tocsin.words import CommunicationKind, CommunicationState, ExportState, Locale, Outcome, WaveKind
from tocsin_jobs.workbooks import MOST_ROWS, WorkbookWriter

NAMES = ("Statistics", "Statistiques")


def write(rows: list[list[Any]], directory: Path, *, columns: Any = PEOPLE_COLUMNS, **options: Any) -> bytes:
    """Write one sheet and return the file."""
    workbook = WorkbookWriter(options.pop("locale", Locale.EN), **options)
    writer = workbook.begin_sheet(NAMES, columns)
    for row in rows:
        writer.append(row)
    writer.close()
    path = directory / "written.xlsx"
    workbook.save(path)
    return path.read_bytes()


def test_two_thousand_hostile_names_are_read_as_they_were_written(tmp_path: Path) -> None:
    names = list_names(2_000)
    content = write([[name, name, name, name, "Joined"] for name in names], tmp_path)
    [rows] = read_cells(content).values()
    assert len(rows) == 2_001
    for name, row in zip(names, rows[1:], strict=True):
        assert [value or "" for value in row[:4]] == [expect(name)] * 4


@pytest.mark.skipif(
    OFFICE is None, reason="LibreOffice is not installed (Debian: apt-get install libreoffice-calc-nogui)"
)
def test_libreoffice_shows_two_thousand_hostile_names_as_they_were_written(tmp_path: Path) -> None:
    names = list_names(2_000)
    content = write([[name, name, name, name, "Joined"] for name in names], tmp_path)
    [rows] = read_with_office(content, tmp_path).values()
    for name, row in zip(names, rows[1:], strict=True):
        assert row[:4] == [expect(name)] * 4


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=80), min_size=1, max_size=12))
def test_any_text_is_kept_as_text(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    content = write([[text, text, text, text, "Joined"] for text in texts], tmp_path_factory.mktemp("book"))
    [rows] = read_cells(content).values()
    assert [[value or "" for value in row[:4]] for row in rows[1:]] == [[expect(text)] * 4 for text in texts]


@pytest.mark.parametrize(("text", "kept"), [
    ("x" * 40_000, "x" * 32_767), ("😀" * 20_000, "😀" * 16_383), ("=" + "😀" * 20_000, "=" + "😀" * 16_383),
])  # fmt: skip
def test_a_text_is_as_long_as_a_cell_can_hold(tmp_path: Path, text: str, kept: str) -> None:
    [rows] = read_cells(write([[text, None, text, None, None]], tmp_path)).values()
    assert rows[1] == [kept, None, kept, None, None]


def test_no_part_of_the_file_holds_a_formula(tmp_path: Path) -> None:
    content = write([["=1+1", "=1+1", "=1+1", "=1+1", "=1+1"]], tmp_path)
    with ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count("=1+1") == 5


def test_addresses_and_tempting_texts_stay_text_even_when_edited(tmp_path: Path) -> None:
    content = write([["=1", "Roy", "a@exemple.test", "+14185550142", None]], tmp_path)
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    assert [cell.number_format for cell in sheet[2][:4]] == ["@", "General", "@", "@"]


def test_instants_are_real_dates(tmp_path: Path) -> None:
    at = datetime(2026, 11, 1, 1, 30, 59)  # noqa: DTZ001 - a cell has no zone
    content = write([["Alert", "Regular", "Completed", at, None, "All"]], tmp_path, columns=SENT_COLUMNS)
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    assert (sheet["D2"].value, sheet["D2"].is_date, sheet["E2"].value) == (at, True, None)


@pytest.mark.parametrize("columns", [PEOPLE_COLUMNS, DELIVERY_COLUMNS, SENT_COLUMNS])
@pytest.mark.parametrize("locale", Locale)
def test_a_sheet_has_a_frozen_header_filters_and_widths(
    tmp_path: Path, columns: tuple[Column, ...], locale: Locale
) -> None:
    rows = [[None if column.kind is ColumnKind.INSTANT else "x" for column in columns]] * 3
    sheet = load_workbook(io.BytesIO(write(rows, tmp_path, columns=columns, locale=locale))).worksheets[0]
    assert [cell.value for cell in sheet[1]] == [choose(column.words, locale) for column in columns]
    assert sheet.freeze_panes == "A2"
    letters = [get_column_letter(index) for index in range(1, len(columns) + 1)]
    assert sheet.auto_filter.ref == f"A1:{letters[-1]}4"
    widths = [sheet.column_dimensions[letter].width for letter in letters]
    assert widths == [column.width for column in columns]


def test_an_empty_sheet_has_its_header(tmp_path: Path) -> None:
    sheet = load_workbook(io.BytesIO(write([], tmp_path))).worksheets[0]
    assert (sheet.max_row, sheet.auto_filter.ref) == (1, "A1:E1")


@pytest.mark.parametrize(("rows", "sizes"), [(3, [3]), (4, [3, 1]), (7, [3, 3, 1]), (6, [3, 3])])
def test_a_full_sheet_is_followed_by_the_next(tmp_path: Path, rows: int, sizes: list[int]) -> None:
    content = write([[f"row {n}", None, None, None, None] for n in range(rows)], tmp_path, most_rows=3)
    cells = read_cells(content)
    assert list(cells) == ["Statistics", "Statistics 2", "Statistics 3"][: len(sizes)]
    assert [len(sheet) - 1 for sheet in cells.values()] == sizes
    assert all(sheet[0][0] == "First name" for sheet in cells.values())
    assert [row[0] for sheet in cells.values() for row in sheet[1:]] == [f"row {n}" for n in range(rows)]


def test_a_sheet_is_full_where_excels_is() -> None:
    assert MOST_ROWS + 1 == 2**20


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (JOINED, Outcome), (KINDS, CommunicationKind), (STATES, CommunicationState), (WAVES, WaveKind),
        (EXPORT_FAULTS, [ExportState.FAILED]),
    ],
)  # fmt: skip
def test_every_word_has_its_label_in_both_languages(table: Any, words: Any) -> None:
    assert set(table) == set(words)
    assert all(len(label) == 2 and all(label) for label in table.values())
