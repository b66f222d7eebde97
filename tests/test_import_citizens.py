"""Promises about importing citizens: good rows are taken, bad ones told, nobody is doubled and nobody is exposed."""

import time
from pathlib import Path

import pytest
from openpyxl import Workbook

from tocsin.database import get_database
from tocsin.errors import BadInput, NotFound
from tocsin.importing.intake import Summary, take_in
from tocsin.importing.sheets import LONGEST_LINE
from tocsin.records.people import Citizen, ContactPoint, Group, Membership, Municipality, Subscription
from tocsin.words import Channel, Locale
from tocsin_server.import_command import import_citizens

HEADER = "reference,first_name,last_name,locale,call,sms,email,verified,groups,categories"
ALINE = "R1,Aline,Tremblay,fr,418-555-0142,418-555-0142,aline@exemple.test,yes,East;West,Floods"
BRUNO = "R2,Bruno,Côté,en,(418) 555-0143,,bruno@exemple.test,,East,"
CHANTAL = ",Chantal,Roy,,,+1 418 555 0144,,non,,"


class Town:
    """The municipality that imports go to, with its category Floods, and what was said of bad rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refused: list[tuple[int, str]] = []

    async def take(self, *rows: str, header: str = HEADER) -> Summary:
        """Import these rows as a CSV file."""
        return await self.take_bytes("\n".join([header, *rows]).encode())

    async def take_bytes(self, content: bytes, name: str = "citizens.csv") -> Summary:
        path = self.folder / name
        path.write_bytes(content)
        return await self.take_file(path)

    async def take_file(self, path: Path) -> Summary:
        self.refused.clear()
        return await take_in(path, "sainte-rive", name=None, refuse=lambda line, why: self.refused.append((line, why)))


@pytest.fixture
async def town(database: str, tmp_path: Path) -> Town:
    municipality = await Municipality.create(slug="sainte-rive", name="Sainte-Rive")
    channels = [1, 2, 3]
    for name in ("Floods", "Water"):
        await get_database().execute_query(
            "INSERT INTO category (id, municipality_id, name, confirmation_required, voicemail_counts, channels)"
            " VALUES (gen_random_uuid(), $1, $2, false, true, $3)",
            [municipality.id, name, channels],
        )
    return Town(tmp_path)


async def read_points(first_name: str) -> dict[str, tuple[list[int], bool]]:
    """Return channels and verification by address."""
    points = await ContactPoint.filter(citizen__first_name=first_name)
    return {point.address: (sorted(point.channels), point.verified_at is not None) for point in points}


async def read_groups(first_name: str) -> set[str]:
    rows = await Membership.filter(citizen__first_name=first_name).prefetch_related("group")
    return {row.group.name for row in rows}


async def read_categories(first_name: str) -> set[str]:
    rows = await Subscription.filter(citizen__first_name=first_name).prefetch_related("category")
    return {row.category.name for row in rows}


async def test_every_column_is_kept(town: Town) -> None:
    assert await town.take(ALINE, BRUNO, CHANTAL) == Summary(created=3)
    aline = await Citizen.get(reference="R1")
    assert (aline.first_name, aline.last_name, aline.locale) == ("Aline", "Tremblay", Locale.FR)
    assert await read_points("Aline") == {
        "+14185550142": ([Channel.CALL, Channel.SMS], True),
        "aline@exemple.test": ([Channel.EMAIL], True),
    }
    assert await read_groups("Aline") == {"East", "West"}
    assert await read_categories("Aline") == {"Floods"}


async def test_what_a_row_leaves_out_is_the_municipalitys_or_empty(town: Town) -> None:
    await town.take(BRUNO, CHANTAL)
    assert (await Citizen.get(first_name="Chantal")).locale == Locale.FR
    assert await read_points("Chantal") == {"+14185550144": ([Channel.SMS], False)}
    assert await read_categories("Bruno") == set(), "no choice means every category"


@pytest.mark.parametrize("again", [ALINE, BRUNO, CHANTAL, ",Denis,Gagnon,,,,,,,"])
async def test_the_same_file_twice_doubles_nobody(town: Town, again: str) -> None:
    await town.take(again)
    before = await Citizen.all().values("id", "modified_at")
    assert await town.take(again) == Summary(unchanged=1)
    assert await Citizen.all().values("id", "modified_at") == before


async def test_a_row_twice_in_one_file_is_one_citizen(town: Town) -> None:
    await town.take(CHANTAL, CHANTAL, ",chantal,ROY,,,418 555 0144,,,,")
    assert await Citizen.all().count() == 1


async def test_a_reference_finds_the_citizen_under_another_name(town: Town) -> None:
    await town.take(ALINE)
    assert await town.take("R1,Aline,Bouchard,en,,,,,,") == Summary(updated=1)
    aline = await Citizen.get()
    assert (aline.last_name, aline.locale) == ("Bouchard", Locale.EN)
    assert len(await read_points("Aline")) == 2, "empty cells leave addresses as they were"
    assert await read_groups("Aline") == {"East", "West"}


async def test_a_changed_number_replaces_the_old_one_and_is_unverified(town: Town) -> None:
    await town.take(ALINE)
    await ContactPoint.filter(address="+14185550142").update(dead_channels=[1])
    await town.take("R1,Aline,Tremblay,,418-555-0999,418-555-0999,aline@exemple.test,,,")
    assert await read_points("Aline") == {
        "+14185550999": ([Channel.CALL, Channel.SMS], False),
        "aline@exemple.test": ([Channel.EMAIL], True),
    }
    assert (await ContactPoint.get(address="+14185550999")).dead_channels == []


async def test_a_number_changed_on_one_channel_leaves_the_other(town: Town) -> None:
    await town.take(ALINE)
    await town.take("R1,Aline,Tremblay,,,418-555-0999,,,,")
    points = await read_points("Aline")
    assert points["+14185550142"] == ([Channel.CALL], True)
    assert points["+14185550999"] == ([Channel.SMS], False)


async def test_two_numbers_that_become_one_leave_one_point(town: Town) -> None:
    await town.take("R1,Aline,Tremblay,,418-555-0001,418-555-0002,,,,")
    await town.take("R1,Aline,Tremblay,,418-555-0003,418-555-0003,,,,")
    assert await read_points("Aline") == {"+14185550003": ([Channel.CALL, Channel.SMS], False)}


async def test_numbers_that_change_places_keep_their_verification(town: Town) -> None:
    await town.take("R1,Aline,Tremblay,,418-555-0001,418-555-0002,,x,,")
    await town.take("R1,Aline,Tremblay,,418-555-0002,418-555-0001,,,,")
    assert await read_points("Aline") == {
        "+14185550001": ([Channel.SMS], True),
        "+14185550002": ([Channel.CALL], True),
    }


async def test_without_a_reference_an_equal_address_is_the_same_citizen_and_loses_nothing(town: Town) -> None:
    await town.take(",Aline,Tremblay,,418-555-0142,,aline@exemple.test,yes,East,")
    assert await town.take(",aline,TREMBLAY,,418-555-0142,,work@exemple.test,,West,") == Summary(updated=1)
    citizen = await Citizen.get()
    assert set(await read_points(citizen.first_name)) == {"+14185550142", "aline@exemple.test", "work@exemple.test"}
    assert await read_groups(citizen.first_name) == {"East", "West"}


async def test_people_of_one_household_stay_two(town: Town) -> None:
    await town.take("R1,Jean,Roy,,418-555-0142,,,,,", "R2,Jean,Roy,,418-555-0142,,,,,", ",Paul,Roy,,418-555-0142,,,,,")
    assert await Citizen.all().count() == 3


async def test_a_reference_given_later_finds_who_had_none(town: Town) -> None:
    await town.take(CHANTAL)
    assert await town.take("R3" + CHANTAL) == Summary(updated=1)
    assert (await Citizen.get()).reference == "R3"


async def test_lists_of_a_known_reference_are_replaced(town: Town) -> None:
    await town.take(ALINE)
    await town.take("R1,Aline,Tremblay,,,,,,North,water")
    assert await read_groups("Aline") == {"North"}
    assert await read_categories("Aline") == {"Water"}


async def test_a_group_in_other_letters_is_the_same_group(town: Town) -> None:
    await town.take(ALINE, "R2,Bruno,Côté,,,,,,EAST; east ,")
    assert await Group.all().count() == 2


async def test_nobody_missing_from_a_second_file_is_deleted(town: Town) -> None:
    await town.take(ALINE, BRUNO)
    await town.take(ALINE)
    assert await Citizen.all().count() == 2


async def test_another_municipality_is_not_touched(town: Town) -> None:
    other = await Municipality.create(slug="elsewhere", name="Elsewhere")
    await town.take(ALINE, CHANTAL)
    await Citizen.all().update(municipality_id=other.id)
    assert await town.take(ALINE, CHANTAL) == Summary(created=2)


BAD = {
    "R3,,Roy,,,,,,,": "first_name: The text is missing",
    "R3,Chantal,\0,,,,,,,": "last_name: The text holds characters",
    "R3,Cha\x1bntal,Roy,,,,,,,": "first_name: Line breaks and control characters",
    f"R3,{'A' * 500},Roy,,,,,,,": "first_name: The text is too long: 500",
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
    f"{'R' * 101},Chantal,Roy,,,,,,,": "reference: The text is too long",
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


@pytest.mark.parametrize("word", ["yes", "OUI", "true", "1", "x", "Y", "o"])
async def test_each_word_for_yes_verifies(town: Town, word: str) -> None:
    await town.take(f"R1,Aline,Tremblay,,418-555-0142,,,{word},,")
    assert await read_points("Aline") == {"+14185550142": ([Channel.CALL], True)}


async def test_a_file_as_excel_writes_it_is_read(town: Town) -> None:
    rows = 'First_Name ;LAST_NAME;groups\r\nÉdith;Bouchard;"East;West"\r\n;;\r\n\r\nBruno;Côté\r\n'
    assert await town.take_bytes(b"\xef\xbb\xbf" + rows.encode()) == Summary(created=2)
    assert await read_groups("Édith") == {"East", "West"}


async def test_a_workbook_is_read_with_its_numbers(town: Town) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["reference", "first_name", "last_name", "call", "email", "verified"])
    sheet.append([17, "Aline", "Tremblay", 4185550142, "aline@exemple.test", True])
    sheet.append([None] * 6)
    sheet.append([18.0, "Bruno", None, 4185550143.0, None, None])
    workbook.save(town.folder / "citizens.xlsx")
    assert await town.take_file(town.folder / "citizens.xlsx") == Summary(created=1, refused=1)
    assert (await Citizen.get()).reference == "17"
    assert (await read_points("Aline"))["+14185550142"] == ([Channel.CALL], True)
    assert [line for line, _ in town.refused] == [4]


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
        await take_in(path, "val-clair", name=None, refuse=lambda line, why: None)
    with pytest.raises(BadInput, match="slug"):
        await take_in(path, "Val Clair", name="Val-Clair", refuse=lambda line, why: None)
    await take_in(path, "val-clair", name="Val-Clair", refuse=lambda line, why: None)
    assert (await Municipality.get(slug="val-clair")).name == "Val-Clair"


def test_the_command_says_how_it_ended(database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "citizens.csv"

    def run(*rows: str, create: str | None = "Sainte-Rive") -> tuple[int, str, str]:
        path.write_text("\n".join([HEADER, *rows]))
        code = import_citizens(path, municipality="sainte-rive", create=create, database_url=database_url)
        out, err = capsys.readouterr()
        return code, out, err

    assert run(BRUNO, create=None)[0] == 2
    assert run(BRUNO) == (0, "citizens: 1 new, 0 changed, 0 unchanged; rows refused: 0\n", "")
    code, _, err = run(BRUNO, "R9,Denis,Gagnon,,418-555-01,,denis@,,,")
    assert code == 1
    assert err == "line 3: call: this is not a telephone number that can be dialled\n"
    missing = import_citizens(tmp_path / "none.csv", municipality="sainte-rive", create=None, database_url=database_url)
    assert missing == 2
    assert "can't be read" in capsys.readouterr().err


def test_a_database_that_is_away_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "citizens.csv"
    path.write_text(f"{HEADER}\n{BRUNO}\n")
    url = "postgresql://nobody@127.0.0.1:9/none"
    assert import_citizens(path, municipality="sainte-rive", create=None, database_url=url) == 2
    assert capsys.readouterr().err.startswith("error: The database can't be reached")


async def test_two_thousand_citizens_are_quick(town: Town) -> None:
    rows = [
        f"R{n},Aline,Tremblay-{n},fr,418-555-{n:04},418-555-{n:04},c{n}@exemple.test,yes,East,Floods"
        for n in range(2000)
    ]
    began = time.perf_counter()
    assert await town.take(*rows) == Summary(created=2000)
    assert time.perf_counter() - began < 10, "three seconds on a quiet machine"
    assert await town.take(*rows) == Summary(unchanged=2000)
