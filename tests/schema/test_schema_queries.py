"""Promises about what can be read of a communication: the pie, the grid's rows, their attempts, and nobody else's."""

import logging
from typing import Any

import pytest
from schema.council import Council, create, find_error, gather, report, send, settle

from tocsin.identifiers import expose, make_id
from tocsin.statuses import DeliveryStatus

S = DeliveryStatus

ROWS = """query ($id: ID!) { communication(id: $id) { recipients { version edges { node {
  id firstName lastName email phone outcome reasonCode reason contactedVia version
  citizen { id firstName contactPoints { address channels verifiedAt suppressed verification { attemptsToday } } }
  deliveries { id channel address handling status label reason expired wave { kind number targets settled }
    history { providerWord status applied } }
} } } } }"""


async def read_rows(council: Council, communication: str, **options: Any) -> list[dict[str, Any]]:
    answer = await council.get(ROWS, {"id": communication}, **options)
    return [edge["node"] for edge in answer["communication"]["recipients"]["edges"]]


async def send_to_two(council: Council) -> str:
    """A flood told to Aline, who has every channel, and to Bruno, who has none."""
    await settle(council, "Aline", "Tremblay", phone="+14185550142", email="aline@exemple.test")
    await settle(council, "Bruno", "Côté")
    communication = await create(council)
    await send(council, communication)
    return communication


async def test_the_viewer_sees_name_role_and_municipality(sainte_rive: Council) -> None:
    seen = await sainte_rive.get("{ viewer { id name role municipality { id name timeZone locale } } }")
    municipality = sainte_rive.town.municipality
    assert seen["viewer"] == {
        "id": expose("principal", sainte_rive.operator.principal_id),
        "name": "Olivier Fortin",
        "role": "OPERATOR",
        "municipality": {
            "id": expose("municipality", municipality.id),
            "name": "Sainte-Rive",
            "timeZone": "America/Toronto",
            "locale": "FR",
        },
    }


async def test_the_25_statuses_are_listed_in_the_callers_language_or_another(sainte_rive: Council) -> None:
    document = "query ($locale: Locale) { statuses(locale: $locale) { status channel label explanation final } }"
    french = (await sainte_rive.get(document, by=sainte_rive.viewer))["statuses"]
    english = (await sainte_rive.get(document, {"locale": "EN"}, by=sainte_rive.viewer))["statuses"]
    assert len(french) == len(english) == 25
    assert (french[0]["label"], english[0]["label"]) == ("En file d'attente", "Queued")
    assert {line["channel"] for line in french} == {"CALL", "SMS", "EMAIL"}


async def test_a_sent_communication_shows_its_pie(sainte_rive: Council) -> None:
    communication = await send_to_two(sainte_rive)
    [aline] = [row for row in await read_rows(sainte_rive, communication) if row["firstName"] == "Aline"]
    by_channel = {delivery["channel"]: delivery["id"] for delivery in aline["deliveries"]}
    await report(by_channel["SMS"], S.SMS_SENT)
    await report(by_channel["EMAIL"], S.EMAIL_RECEIVED)
    document = """query ($id: ID!) { communication(id: $id) { state sentAt statistics {
      communicationId version total contacted inProgress notContacted unconfirmed uncertain state remindersLeft nextReminderAt
      channels { channel total reached pending missed planned statuses { status count } }
      recontact { available blocker lastStartedAt }
    } waves { kind number startedBy targets settled } } }"""
    seen = (await sainte_rive.get(document, {"id": communication}))["communication"]
    statistics = seen["statistics"]
    assert seen["sentAt"].endswith("+00:00")
    assert statistics["communicationId"] == communication
    assert (statistics["total"], statistics["contacted"], statistics["inProgress"], statistics["notContacted"]) == (
        2,
        1,
        0,
        1,
    )
    assert statistics["channels"] == [
        {"channel": "CALL", "total": 1, "reached": 0, "pending": 1, "missed": 0, "planned": 1, "statuses": []},
        {"channel": "SMS", "total": 1, "reached": 0, "pending": 1, "missed": 0, "planned": 0,
         "statuses": [{"status": "SMS_SENT", "count": 1}]},
        {"channel": "EMAIL", "total": 1, "reached": 1, "pending": 0, "missed": 0, "planned": 0,
         "statuses": [{"status": "EMAIL_RECEIVED", "count": 1}]},
    ]  # fmt: skip
    assert statistics["recontact"] == {"available": False, "blocker": "REMINDERS_PENDING", "lastStartedAt": None}
    assert statistics["remindersLeft"] == 2
    assert seen["waves"] == [
        {"kind": "INITIAL", "number": 1, "startedBy": "Olivier Fortin", "targets": 2, "settled": False}
    ]


async def test_a_row_tells_whom_why_and_every_attempt(sainte_rive: Council) -> None:
    communication = await send_to_two(sainte_rive)
    aline, bruno = sorted(await read_rows(sainte_rive, communication), key=lambda row: row["firstName"])
    assert (bruno["outcome"], bruno["reasonCode"], bruno["deliveries"]) == (
        "NOT_CONTACTED",
        "NO_USABLE_CONTACT_POINT",
        [],
    )
    assert bruno["reason"] == "No usable telephone number or e-mail address"
    assert (aline["outcome"], aline["phone"], aline["email"]) == ("IN_PROGRESS", "+14185550142", "aline@exemple.test")
    assert [delivery["channel"] for delivery in aline["deliveries"]] == ["CALL", "SMS", "EMAIL"]
    assert aline["citizen"]["contactPoints"][0] == {
        "address": "+14185550142",
        "channels": ["CALL", "SMS"],
        "verifiedAt": None,
        "suppressed": False,
        "verification": None,
    }


async def test_history_lists_every_report_and_which_of_them_counted(sainte_rive: Council) -> None:
    communication = await send_to_two(sainte_rive)
    rows = await read_rows(sainte_rive, communication)
    [text] = [each["id"] for row in rows for each in row["deliveries"] if each["channel"] == "SMS"]
    for status in (S.SMS_SENT, S.SMS_QUEUED, S.SMS_UNDELIVERED):
        await report(text, status)
    rows = await read_rows(sainte_rive, communication, by=sainte_rive.viewer)
    [seen] = [each for row in rows for each in row["deliveries"] if each["id"] == text]
    assert [(event["providerWord"], event["applied"]) for event in seen["history"]] == [
        ("sms_sent", True),
        ("sms_queued", False),
        ("sms_undelivered", True),
    ]
    assert (seen["status"], seen["label"], seen["reason"]) == (
        "SMS_UNDELIVERED",
        "Non livré",
        "Le message n'a pas atteint l'appareil",
    )


async def test_everything_with_an_id_can_be_asked_for_again(sainte_rive: Council) -> None:
    aline = await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    group = await gather(sainte_rive, "Rue du Quai", aline)
    communication = await create(sainte_rive, groupIds=[group])
    await send(sainte_rive, communication)
    document = """query ($id: ID!) { viewer { municipality { id } } groups { id size } categories { id }
      communication(id: $id) { id waves { id } recipients { edges { node {
        id citizen { id contactPoints { id } } deliveries { id }
    } } } } }"""
    seen = await sainte_rive.get(document, {"id": communication})
    ids = find_ids(seen)
    kinds = {
        "municipality",
        "group",
        "category",
        "communication",
        "wave",
        "recipient",
        "citizen",
        "contact-point",
        "delivery",
    }
    assert {text.rsplit("-", 1)[0] for text in ids} == kinds
    assert seen["groups"] == [{"id": group, "size": 1}]
    for text in ids:
        node = await sainte_rive.get("query ($id: ID!) { node(id: $id) { id __typename } }", {"id": text})
        assert node["node"]["id"] == text


def find_ids(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["id"]} if "id" in value else set()
        return own.union(*map(find_ids, value.values()))
    return set().union(*map(find_ids, value)) if isinstance(value, list) else set()


async def test_nothing_of_another_municipality_is_found_by_its_id(sainte_rive: Council, port_alder: Council) -> None:
    communication = await send_to_two(sainte_rive)
    answer = await sainte_rive.get(ROWS, {"id": communication})
    for text in {communication, sainte_rive.category, *find_ids(answer)}:
        invented = f"{text.rsplit('-', 1)[0]}-{make_id().hex}"
        answers = [
            await port_alder.ask("query ($id: ID!) { node(id: $id) { id } }", {"id": value})
            for value in (text, invented, "nonsense")
        ]
        assert [given.data for given in answers] == [{"node": None}] * 3
        errors = [find_error(given) for given in answers]
        assert errors[0]["extensions"] == {"code": "NOT_FOUND"}
        assert errors[0] == errors[1] == errors[2]
    listed = await port_alder.get(
        "{ communications { totalCount edges { node { id } } } groups { id } categories { id } }"
    )
    assert listed == {
        "communications": {"totalCount": 0, "edges": []},
        "groups": [],
        "categories": [{"id": port_alder.category}],
    }


@pytest.mark.parametrize("field", ["communication", "recipient"])
async def test_a_foreign_id_gives_null_and_the_words_of_a_made_up_one(
    sainte_rive: Council, port_alder: Council, field: str
) -> None:
    communication = await send_to_two(sainte_rive)
    rows = await read_rows(sainte_rive, communication)
    theirs = communication if field == "communication" else rows[0]["id"]
    document = f"query ($id: ID!) {{ {field}(id: $id) {{ id }} }}"
    answers = [
        await port_alder.ask(document, {"id": value}) for value in (theirs, expose(field, make_id()), "nonsense")
    ]
    assert [answer.data for answer in answers] == [{field: None}] * 3
    assert len({str(find_error(answer)) for answer in answers}) == 1


async def test_content_falls_back_to_the_municipalitys_language(sainte_rive: Council) -> None:
    document = (
        "query ($id: ID!, $locale: Locale) { communication(id: $id) { content(locale: $locale) { locale smsText } } }"
    )
    french = await create(sainte_rive)
    seen = await sainte_rive.get(document, {"id": french, "locale": "EN"})
    assert seen["communication"]["content"] == {"locale": "FR", "smsText": "Évacuez."}
    both = [{"locale": "EN", "smsText": "Leave."}, {"locale": "FR", "smsText": "Évacuez."}]
    bilingual = await create(sainte_rive, channels=["SMS"], contents=both)
    seen = await sainte_rive.get(document, {"id": bilingual})
    assert seen["communication"]["content"] == {"locale": "EN", "smsText": "Leave."}
    campaign = await create(sainte_rive, kind="CAMPAIGN", channels=[], contents=[])
    seen = await sainte_rive.get(document, {"id": campaign})
    assert seen["communication"]["content"] == {"locale": "FR", "smsText": None}


async def test_many_rows_cost_as_many_statements_as_one(sainte_rive: Council, caplog: pytest.LogCaptureFixture) -> None:
    for index in range(6):
        await settle(
            sainte_rive, f"Citizen {index}", "Roy", phone=f"+1418555010{index}", email=f"roy{index}@exemple.test"
        )
    communication = await create(sainte_rive)
    await send(sainte_rive, communication)
    numbers = []
    for first in (1, 6):
        document = ROWS.replace("recipients {", f"recipients(first: {first}) {{", 1)
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            answer = await sainte_rive.get(document, {"id": communication})
        assert len(answer["communication"]["recipients"]["edges"]) == first
        numbers.append(sum(record.name == "tortoise.db_client" for record in caplog.records))
    assert numbers[0] == numbers[1] > 5
