"""Promises about making and sending communications: clear refusals, roles, and one effect for one key."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from schema.council import CREATE, SEND, Council, create, describe_flood, find_error, gather, send, settle
from stage.cast import count_rows

from tocsin.identifiers import expose, make_id
from tocsin.records.people import Municipality
from tocsin.times import tell_time
from tocsin.words import Channel

CATEGORY = "mutation ($input: CreateCategoryInput!) { createCategory(input: $input) { id name channels confirmationRequired } }"
FRENCH = {"locale": "FR", "smsText": "Évacuez."}


async def test_an_operator_makes_a_draft(sainte_rive: Council) -> None:
    document = """mutation ($input: CreateCommunicationInput!) { createCommunication(input: $input) {
      kind state title channels recipientLabel sentAt category { name } content { locale smsText } statistics { total }
    } }"""
    made = await sainte_rive.get(document, {"input": describe_flood(sainte_rive, title="  The river rises ")})
    assert made["createCommunication"] == {
        "kind": "REGULAR",
        "state": "DRAFT",
        "title": "The river rises",
        "channels": ["CALL", "SMS", "EMAIL"],
        "recipientLabel": "All citizens",
        "sentAt": None,
        "category": {"name": "Floods"},
        "content": {"locale": "FR", "smsText": "Évacuez."},
        "statistics": None,
    }
    assert sainte_rive.announced == [sainte_rive.town.municipality.id]


async def test_the_groups_name_who_it_is_for(sainte_rive: Council) -> None:
    aline = await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    groups = [await gather(sainte_rive, "Rue du Quai", aline), await gather(sainte_rive, "Centre", aline)]
    made = await create(sainte_rive, groupIds=[*groups, groups[0]])
    seen = await sainte_rive.get("query ($id: ID!) { communication(id: $id) { recipientLabel } }", {"id": made})
    assert seen["communication"]["recipientLabel"] == "Centre, Rue du Quai"


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"title": "  "}, "input.title"),
    ({"title": "x" * 201}, "input.title"),
    ({"title": "a\0b"}, "input.title"),
    ({"title": "two\nlines"}, "input.title"),
    ({"categoryId": None}, "input.categoryId"),
    ({"channels": []}, "input.channels"),
    ({"contents": []}, "input.contents"),
    ({"contents": [{"locale": "EN", "smsText": "Leave."}], "channels": ["SMS"]}, "input.contents"),
    ({"contents": [FRENCH, FRENCH], "channels": ["SMS"]}, "input.contents"),
    ({"contents": [FRENCH]}, "input.contents.0.callText"),
    ({"contents": [FRENCH, {"locale": "EN", "smsText": " "}], "channels": ["SMS"]}, "input.contents.1.smsText"),
    ({"contents": [{"locale": "FR", "smsText": "é" * 1601}], "channels": ["SMS"]}, "input.contents.0.smsText"),
    ({"contents": [{"locale": "FR", "smsText": "a\0"}], "channels": ["SMS"]}, "input.contents.0.smsText"),
    ({"kind": "CAMPAIGN"}, "input.channels"),
    ({"idempotencyKey": ""}, "input.idempotencyKey"),
    ({"idempotencyKey": "k" * 201}, "input.idempotencyKey"),
]


@pytest.mark.parametrize(("changes", "field"), REFUSALS)
async def test_a_wrong_field_is_named_and_nothing_is_kept(
    sainte_rive: Council, changes: dict[str, Any], field: str
) -> None:
    given = {"input": describe_flood(sainte_rive, **changes)}
    assert await sainte_rive.refuse(CREATE, given) == ("BAD_INPUT", field)
    assert await count_rows("communication") == await count_rows("idempotency_key") == 0


async def test_a_text_of_1600_characters_is_taken(sainte_rive: Council) -> None:
    content = {"locale": "FR", "smsText": "é" * 1600}
    assert await create(sainte_rive, channels=["SMS"], contents=[content])


async def test_a_channel_that_the_category_does_not_use_is_refused(sainte_rive: Council) -> None:
    made = await sainte_rive.get(
        CATEGORY, {"input": {"name": "Water", "channels": ["EMAIL", "SMS", "SMS"]}}, by=sainte_rive.admin
    )
    assert made["createCategory"]["channels"] == ["SMS", "EMAIL"]
    given = describe_flood(sainte_rive, categoryId=made["createCategory"]["id"])
    assert await sainte_rive.refuse(CREATE, {"input": given}) == ("BAD_INPUT", "input.channels")


async def test_a_campaign_lends_its_category_and_groups(sainte_rive: Council) -> None:
    aline = await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    group = await gather(sainte_rive, "Rue du Quai", aline)
    campaign = await create(sainte_rive, kind="CAMPAIGN", channels=[], contents=[], groupIds=[group])
    child = await create(sainte_rive, campaignId=campaign, categoryId=None)
    document = """query ($id: ID!) { communication(id: $id) {
      recipientLabel category { id } campaign { id kind communications { edges { node { id } } } }
    } }"""
    assert (await sainte_rive.get(document, {"id": child}))["communication"] == {
        "recipientLabel": "Rue du Quai",
        "category": {"id": sainte_rive.category},
        "campaign": {"id": campaign, "kind": "CAMPAIGN", "communications": {"edges": [{"node": {"id": child}}]}},
    }


async def test_only_a_campaign_holds_communications_and_none_holds_another(sainte_rive: Council) -> None:
    regular = await create(sainte_rive)
    campaign = await create(sainte_rive, kind="CAMPAIGN", channels=[], contents=[])
    inside_regular = describe_flood(sainte_rive, campaignId=regular)
    inside_campaign = describe_flood(sainte_rive, campaignId=campaign, kind="CAMPAIGN", channels=[], contents=[])
    for given in (inside_regular, inside_campaign):
        assert await sainte_rive.refuse(CREATE, {"input": given}) == ("BAD_INPUT", "input.campaignId")


async def test_roles_are_held_to(sainte_rive: Council) -> None:
    draft = await create(sainte_rive)
    category = {"input": {"name": "Water"}}
    assert await sainte_rive.refuse(CREATE, {"input": describe_flood(sainte_rive)}, by=sainte_rive.viewer) == (
        "FORBIDDEN",
        None,
    )
    assert await sainte_rive.refuse(SEND, {"id": draft, "key": "k"}, by=sainte_rive.viewer) == ("FORBIDDEN", None)
    assert await sainte_rive.refuse(CATEGORY, category, by=sainte_rive.operator) == ("FORBIDDEN", None)
    assert (await sainte_rive.get(CATEGORY, category, by=sainte_rive.admin))["createCategory"]["name"] == "Water"


async def test_the_name_of_a_category_is_taken_once(sainte_rive: Council) -> None:
    assert await sainte_rive.refuse(CATEGORY, {"input": {"name": " Floods"}}, by=sainte_rive.admin) == (
        "CONFLICT",
        "input.name",
    )
    assert await sainte_rive.refuse(CATEGORY, {"input": {"name": "Empty", "channels": []}}, by=sainte_rive.admin) == (
        "BAD_INPUT",
        "input.channels",
    )


async def test_foreign_and_invented_ids_are_answered_alike(sainte_rive: Council, port_alder: Council) -> None:
    aline = await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    campaign = await create(sainte_rive, kind="CAMPAIGN", channels=[], contents=[])
    foreign = {"categoryId": sainte_rive.category, "campaignId": campaign}
    for name, theirs in foreign.items():
        invented = f"{theirs.rsplit('-', 1)[0]}-{make_id().hex}"
        answers = [
            find_error(await port_alder.ask(CREATE, {"input": describe_flood(port_alder, **{name: value})}))
            for value in (theirs, invented, "no id at all")
        ]
        assert answers[0]["extensions"] == {"code": "NOT_FOUND", "field": f"input.{name}"}
        assert answers[0] == answers[1] == answers[2]
    group = await gather(sainte_rive, "Rue du Quai", aline)
    for value in (group, expose("group", make_id())):
        given = {"input": describe_flood(port_alder, groupIds=[value])}
        assert await port_alder.refuse(CREATE, given) == ("NOT_FOUND", "input.groupIds")
    draft = await create(sainte_rive)
    sent = [
        find_error(await port_alder.ask(SEND, {"id": value, "key": "k"}))
        for value in (draft, expose("communication", make_id()), sainte_rive.category)
    ]
    assert sent[0] == sent[1] == sent[2]


async def test_a_key_makes_one_communication_however_often_it_comes(sainte_rive: Council) -> None:
    given = {"input": describe_flood(sainte_rive, idempotencyKey="click")}
    answers = await asyncio.gather(*(sainte_rive.get(CREATE, given) for _ in range(8)))
    assert len({answer["createCommunication"]["id"] for answer in answers}) == 1
    assert await count_rows("communication") == 1


async def test_a_key_with_other_arguments_is_a_conflict(sainte_rive: Council, port_alder: Council) -> None:
    await create(sainte_rive, idempotencyKey="click")
    other = {"input": describe_flood(sainte_rive, idempotencyKey="click", title="The river falls")}
    assert await sainte_rive.refuse(CREATE, other) == ("CONFLICT", "input.idempotencyKey")
    assert await create(port_alder, idempotencyKey="click"), "keys belong to their municipality"


async def test_a_key_that_failed_can_be_used_again(sainte_rive: Council) -> None:
    wrong = {"input": describe_flood(sainte_rive, idempotencyKey="click", title="")}
    assert await sainte_rive.refuse(CREATE, wrong) == ("BAD_INPUT", "input.title")
    assert await create(sainte_rive, idempotencyKey="click")


async def test_lists_learn_of_every_draft_by_the_municipalitys_version(sainte_rive: Council) -> None:
    await asyncio.gather(*(create(sainte_rive) for _ in range(5)))
    municipality = await Municipality.get(id=sainte_rive.town.municipality.id)
    assert municipality.version == 5


async def test_sending_starts_at_once_and_wakes_the_clock(sainte_rive: Council) -> None:
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    draft = await create(sainte_rive)
    answers = [await sainte_rive.get(SEND, {"id": draft, "key": "k"}) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["sendCommunication"]["state"] == "IN_PROGRESS"
    assert sainte_rive.woken
    assert await count_rows("wave") == 1
    assert await sainte_rive.refuse(SEND, {"id": draft, "key": "another"}) == ("CONFLICT", "id")


async def test_sending_later_keeps_the_instant_and_needs_an_offset(sainte_rive: Council) -> None:
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    draft = await create(sainte_rive)
    at = (tell_time() + timedelta(days=1)).replace(microsecond=0)
    code, _ = await sainte_rive.refuse(SEND, {"id": draft, "at": at.replace(tzinfo=None).isoformat(), "key": "k"})
    assert code == "BAD_INPUT"
    sent = (await sainte_rive.get(SEND, {"id": draft, "at": at.isoformat(), "key": "k"}))["sendCommunication"]
    assert sent == {"id": draft, "state": "SCHEDULED", "sentAt": None, "scheduledFor": at.isoformat()}


async def test_each_mutation_of_a_document_answers_with_what_it_wrote(sainte_rive: Council) -> None:
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    document = """mutation ($id: ID!, $at: DateTime) {
      later: sendCommunication(id: $id, at: $at, idempotencyKey: "later") { state }
      now: sendCommunication(id: $id, idempotencyKey: "now") { state }
    }"""
    at = (tell_time() + timedelta(days=1)).isoformat()
    answer = await sainte_rive.get(document, {"id": await create(sainte_rive), "at": at})
    assert answer == {"later": {"state": "SCHEDULED"}, "now": {"state": "IN_PROGRESS"}}


async def test_an_audience_of_nobody_is_refused(sainte_rive: Council) -> None:
    draft = await create(sainte_rive)
    assert await sainte_rive.refuse(SEND, {"id": draft, "key": "k"}) == ("BAD_INPUT", "id")
    assert sainte_rive.woken == []


async def test_a_channel_without_a_carrier_cannot_be_sent(sainte_rive: Council) -> None:
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    draft = await create(sainte_rive)
    refused = await sainte_rive.ask(SEND, {"id": draft, "key": "k"}, usable=[Channel.SMS])
    assert find_error(refused)["extensions"]["code"] == "NOT_AVAILABLE"


async def test_a_campaign_takes_the_state_of_what_it_holds(sainte_rive: Council) -> None:
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    campaign = await create(sainte_rive, kind="CAMPAIGN", channels=[], contents=[])
    document = "query ($id: ID!) { communication(id: $id) { state statistics { total } } }"
    assert (await sainte_rive.get(document, {"id": campaign}))["communication"]["state"] == "DRAFT"
    await create(sainte_rive, campaignId=campaign)
    await send(sainte_rive, await create(sainte_rive, campaignId=campaign))
    seen = (await sainte_rive.get(document, {"id": campaign}))["communication"]
    assert seen == {"state": "IN_PROGRESS", "statistics": None}
    listed = await sainte_rive.get("{ communications(state: [IN_PROGRESS]) { edges { node { id } } } }")
    assert [edge["node"]["id"] for edge in listed["communications"]["edges"]] == [campaign]


async def test_reminders_to_come_are_told_from_the_moment_of_sending(sainte_rive: Council) -> None:
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    communication = await create(sainte_rive, channels=["SMS"])
    await sainte_rive.get(SEND, {"id": communication, "key": "now"})
    reminders = "query ($id: ID!) { communication(id: $id) { statistics { total remindersLeft nextReminderAt } } }"
    counts = (await sainte_rive.get(reminders, {"id": communication}))["communication"]["statistics"]
    assert (counts["total"], counts["remindersLeft"]) == (0, 2), "nobody has been planned for yet"
    assert counts["nextReminderAt"] is not None
