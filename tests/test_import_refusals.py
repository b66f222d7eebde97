"""Promises about files that can't be imported as they are: bad rows are told by line, hopeless files by one sentence."""

from pathlib import Path

import pytest
from import_town import ALINE, BRUNO, HEADER, Town, found_import_town

from tocsin.errors import BadInput, NotFound
from tocsin.importing.intake import Summary, take_in
from tocsin.importing.sheets import LONGEST_LINE
from tocsin.records.people import Citizen, Municipality
from tocsin_server.import_command import import_citizens


@pytest.fixture
async def town(database: str, tmp_path: Path) -> Town:
    return await found_import_town(tmp_path)


BAD = {
    "R3,,Roy,,,,,,,": "first_name: The text is missing",
    "R3,Chantal,\0,,,,,,,": "last_name: The text holds characters",
    "R3,Cha\x1bntal,Roy,,,,,,,": "first_name: Line breaks and control characters",
    f"R3,{'A' * 501},Roy,,,,,,,": "first_name: The text has 501 characters",
    "R3,Chantal,Roy,de,,,,,,": "locale: this is neither EN nor FR",
    "R3,Chantal,Roy,,911,,,,,": "call: this is not a telephone number that can be dialled",
    "R3,Chantal,Roy,,,4.18555E+09,,,,": "sms: this is not a telephone number",
    "R3,Chantal,Roy,,418-555-0142 poste 12,,,,,": "call: this is not a telephone number",
    "R3,Chantal,Roy,,+1 418 555 0142;ext=5,,,,,": "call: this is not a telephone number",
    "R3,Chantal,Roy,,,,chantal@,,,": "email: this is not an e-mail address",
    "R3,Chantal,Roy,,,,chéri@exemple.test,,,": "email: this is not an e-mail address",
    "R3,Chantal,Roy,,,,,perhaps,,": "verified: this is neither yes nor no",
    "R3,Chantal,Roy,,,,,,,Comets": "categories: the municipality has no such category",
    "R3,Chantal,Roy,,,,,,,,more": "there are more cells than columns",
    'R3,"Chan"tal,Roy,,,,,,,': "the quotation marks are broken",
    'R3,"Chantal,Roy,,,,,,,': "the quotation marks are broken",
    "R1,Chantal,Roy,,,,,,,": "reference: line 2 of this file has the same",
    f"{'R' * 101},Chantal,Roy,,,,,,,": "reference: The text has 101 characters",
    "x" * (3 * LONGEST_LINE): "the line is longer than",
}


@pytest.mark.parametrize(("row", "reason"), BAD.items(), ids=range(len(BAD)))
async def test_a_bad_row_is_told_by_line_and_the_others_are_taken(town: Town, row: str, reason: str) -> None:
    assert await town.take(ALINE, row, BRUNO) == Summary(created=2, refused=1)
    ((line, why),) = town.refused
    assert line == 3
    assert why.startswith(reason)


async def test_a_refused_row_does_not_use_up_its_reference(town: Town) -> None:
    assert await town.take("R1,,Tremblay,,,,,,,", ALINE) == Summary(created=1, refused=1)


HOPELESS = {
    b"": "The first line is empty",
    b"\n\n": "The first line is empty",
    HEADER.encode() + b",shoe_size\n": "The column 'shoe_size' is unknown",
    b"first_name,last_name,first_name\n": "The column 'first_name' stands twice",
    b"first_name,call\n": "The column 'last_name' is missing",
    b'"first_name,last_name\n': "The first line can't be read",
    "first_name,last_name\nÉdith,Roy\n".encode("latin-1"): "The file is not UTF-8",
    "first_name,last_name\nÉdith,Roy\n".encode("utf-16"): "The file is not UTF-8",
    b"first_name,last_name\nAline,Roy\n" + b"Aline,Roy\n" * 2000 + b"\xe9": "The file is not UTF-8",
    b"PK\x03\x04 and nothing more": "The workbook is damaged",
}


@pytest.mark.parametrize(("content", "reason"), HOPELESS.items(), ids=range(len(HOPELESS)))
async def test_a_hopeless_file_is_one_error_and_nothing_is_imported(town: Town, content: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        await town.take_bytes(content)
    assert await Citizen.all().count() == 0


async def test_text_named_as_a_workbook_is_refused(town: Town) -> None:
    with pytest.raises(BadInput, match="not an Excel workbook"):
        await town.take_bytes(HEADER.encode(), name="citizens.xlsx")


async def test_a_missing_municipality_is_made_only_when_asked(town: Town) -> None:
    path = town.folder / "citizens.csv"
    path.write_text(f"{HEADER}\n{BRUNO}\n")
    with pytest.raises(NotFound, match="--create"):
        await take_in(path, "val-clair", name=None, senders={}, refuse=lambda line, why: None)
    with pytest.raises(BadInput, match="slug"):
        await take_in(path, "Val Clair", name="Val-Clair", senders={}, refuse=lambda line, why: None)
    await take_in(path, "val-clair", name="Val-Clair", senders={}, refuse=lambda line, why: None)
    assert (await Municipality.get(slug="val-clair")).name == "Val-Clair"


def test_the_command_says_how_it_ended(database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "citizens.csv"

    def run(*rows: str, create: str | None = "Sainte-Rive") -> tuple[int, str, str]:
        path.write_text("\n".join([HEADER, *rows]))
        code = import_citizens(path, municipality="sainte-rive", create=create, senders={}, database_url=database_url)
        out, err = capsys.readouterr()
        return code, out, err

    assert run(BRUNO, create=None)[0] == 2
    assert run(BRUNO) == (0, "citizens: 1 new, 0 changed, 0 unchanged; rows refused: 0\n", "")
    code, _, err = run(BRUNO, "R9,Denis,Gagnon,,418-555-01,,denis@,,,")
    assert code == 1
    assert err == "line 3: call: this is not a telephone number that can be dialled\n"
    missing = import_citizens(
        tmp_path / "none.csv", municipality="sainte-rive", create=None, senders={}, database_url=database_url
    )
    assert missing == 2
    assert "can't be read" in capsys.readouterr().err


def test_a_database_that_is_away_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "citizens.csv"
    path.write_text(f"{HEADER}\n{BRUNO}\n")
    url = "postgresql://nobody@127.0.0.1:9/none"
    assert import_citizens(path, municipality="sainte-rive", create=None, senders={}, database_url=url) == 2
    assert capsys.readouterr().err.startswith("error: The database can't be reached")
