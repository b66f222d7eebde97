"""Promises about importing citizens: everything said is kept, a second file updates, nobody is doubled or lost."""

import time
from pathlib import Path

import pytest
from import_town import (
    ALINE,
    BRUNO,
    CHANTAL,
    SENDERS,
    Town,
    found_import_town,
    read_categories,
    read_groups,
    read_points,
)
from openpyxl import Workbook
from stage.cast import Town as Stage
from stage.cast import assess, send_by_hand
from stage.promptness import measure_crowding

from tocsin.consents import keep_consents
from tocsin.events import Consent
from tocsin.importing.intake import Summary
from tocsin.records.communications import Recipient, Tally
from tocsin.records.people import Category, Citizen, ContactPoint, Group, Municipality
from tocsin.words import Channel, Locale


@pytest.fixture
async def town(database: str, tmp_path: Path) -> Town:
    return await found_import_town(tmp_path)


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


async def test_a_name_may_be_as_long_as_names_get(town: Town) -> None:
    longest = "Æ" * 500
    assert await town.take(f"R9,{longest},{longest},,,,,,,") == Summary(created=1)
    citizen = await Citizen.get(reference="R9")
    assert (citizen.first_name, citizen.last_name) == (longest, longest)


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


async def test_what_a_number_has_refused_holds_for_whoever_has_it_now(town: Town) -> None:
    """Known before it was imported, taken over by a change, and left behind with the old number."""
    sender = SENDERS[Channel.SMS]
    for number in ("+14185550142", "+14185550999"):
        await keep_consents([Consent(number, Channel.SMS, sender, number, stopped=True)], SENDERS)
    await keep_consents([Consent("other", Channel.SMS, "+15145550100", "+14185550144", stopped=True)], SENDERS)
    await town.take(ALINE, CHANTAL, "R4,Denis,Gagnon,,,418-555-0145,,,,")
    assert await read_suppressed() == {"+14185550142": [Channel.SMS]}
    await town.take("R1,Aline,Tremblay,,418-555-0777,418-555-0777,,,,", "R4,Denis,Gagnon,,,418-555-0999,,,,")
    assert await read_suppressed() == {"+14185550999": [Channel.SMS]}


async def test_a_number_that_is_imported_makes_its_citizen_eligible_for_a_recontact(town: Town) -> None:
    await town.take("R1,Aline,Tremblay,,,,,,,", "R2,Bruno,Côté,,,418-555-0143,,,,")
    municipality = await Municipality.get()
    sent = await send_by_hand(
        Stage(municipality, await Category.get(name="Floods"), await Citizen.all().order_by("reference")), each=0
    )
    await Recipient.filter(id=sent.recipients[0].id).update(reachable=False)
    await assess(sent.id)
    before = await Tally.get()
    await town.take("R1,Aline,Tremblay,,,418-555-0142,,,,", "R2,Bruno,Côté,,,418-555-0143,,,,")
    tally = await Tally.get()
    assert (before.eligible, tally.eligible, tally.version) == (1, 2, before.version + 1)


async def read_suppressed() -> dict[str, list[int]]:
    points = await ContactPoint.all()
    return {point.address: point.suppressed_channels for point in points if point.suppressed_channels}


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


async def test_two_thousand_citizens_are_quick(town: Town) -> None:
    rows = [
        f"R{n},Aline,Tremblay-{n},fr,418-555-{n:04},418-555-{n:04},c{n}@exemple.test,yes,East,Floods"
        for n in range(2000)
    ]
    began = time.perf_counter()
    assert await town.take(*rows) == Summary(created=2000)
    took = time.perf_counter() - began
    assert took < 10 * measure_crowding(), "three seconds on a quiet machine"
    assert await town.take(*rows) == Summary(unchanged=2000)
