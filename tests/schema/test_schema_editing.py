"""Promises about the editor: what is left out stays, what has been sent stays as it is, deleted drafts are gone."""

from datetime import timedelta
from typing import Any

import pytest
from schema.council import Council, create, gather, send, settle
from stage.cast import count_rows

from tocsin.identifiers import expose, make_id
from tocsin.times import tell_time

UPDATE = """mutation ($input: UpdateCommunicationInput!) { updateCommunication(input: $input) {
  title channels recipientLabel state content(locale: FR) { smsText callText } } }"""
DELETE = "mutation ($id: ID!) { deleteCommunication(id: $id) }"
SCHEDULE = (
    'mutation ($id: ID!, $at: DateTime!) { sendCommunication(id: $id, at: $at, idempotencyKey: "later") { state } }'
)
CANCEL = "mutation ($id: ID!) { cancelCommunication(id: $id) { state scheduledFor sentAt } }"
FRENCH = {"locale": "FR", "smsText": "Bouillez l'eau."}


async def update(council: Council, communication: str, **changes: Any) -> Any:
    data = await council.get(UPDATE, {"input": {"id": communication, **changes}})
    return data["updateCommunication"]


async def test_what_is_left_out_stays(sainte_rive: Council) -> None:
    draft = await create(sainte_rive, title="The river rises")
    changed = await update(sainte_rive, draft, title="The river falls")
    assert (changed["title"], changed["channels"]) == ("The river falls", ["CALL", "SMS", "EMAIL"])
    assert changed["content"] == {"smsText": "Évacuez.", "callText": "Évacuez."}
    changed = await update(sainte_rive, draft, channels=["SMS"], contents=[FRENCH])
    assert changed == {
        "title": "The river falls", "channels": ["SMS"], "recipientLabel": "All citizens", "state": "DRAFT",
        "content": {"smsText": "Bouillez l'eau.", "callText": None},
    }  # fmt: skip


async def test_groups_are_replaced_and_can_be_emptied(sainte_rive: Council) -> None:
    aline = await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    quay, centre = await gather(sainte_rive, "Rue du Quai", aline), await gather(sainte_rive, "Centre", aline)
    draft = await create(sainte_rive, groupIds=[quay])
    assert (await update(sainte_rive, draft, groupIds=[centre]))["recipientLabel"] == "Centre"
    assert (await update(sainte_rive, draft, title="Another"))["recipientLabel"] == "Centre"
    assert (await update(sainte_rive, draft, groupIds=[]))["recipientLabel"] == "All citizens"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"title": " "}, "BAD_INPUT", "input.title"),
        ({"channels": []}, "BAD_INPUT", "input.channels"),
        ({"contents": []}, "BAD_INPUT", "input.contents"),
        ({"contents": [FRENCH]}, "BAD_INPUT", "input.contents.0.callText"),
        ({"categoryId": expose("category", make_id())}, "NOT_FOUND", "input.categoryId"),
        ({"groupIds": [expose("group", make_id())]}, "NOT_FOUND", "input.groupIds"),
    ],
)
async def test_a_wrong_change_is_named_and_nothing_is_changed(
    sainte_rive: Council, changes: dict[str, Any], code: str, field: str
) -> None:
    draft = await create(sainte_rive)
    refused = await sainte_rive.refuse(UPDATE, {"input": {"id": draft, **changes}})
    assert refused == (code, field)
    assert (await update(sainte_rive, draft))["channels"] == ["CALL", "SMS", "EMAIL"]


async def test_what_is_scheduled_can_be_changed_and_what_is_sent_can_not(sainte_rive: Council) -> None:
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    draft = await create(sainte_rive)
    await sainte_rive.get(SCHEDULE, {"id": draft, "at": (tell_time() + timedelta(hours=1)).isoformat()})
    assert (await update(sainte_rive, draft, title="Later"))["state"] == "SCHEDULED"
    await send(sainte_rive, draft)
    assert await sainte_rive.refuse(UPDATE, {"input": {"id": draft, "title": "Too late"}}) == ("CONFLICT", "id")
    assert await sainte_rive.refuse(DELETE, {"id": draft}) == ("CONFLICT", "id")


async def test_a_deleted_draft_is_gone_and_its_key_makes_a_new_one(sainte_rive: Council) -> None:
    draft = await create(sainte_rive, idempotencyKey="once")
    assert await sainte_rive.get(DELETE, {"id": draft}) == {"deleteCommunication": draft}
    assert (await sainte_rive.refuse(DELETE, {"id": draft}))[0] == "NOT_FOUND"
    assert await count_rows("communication_content") == 0
    assert await create(sainte_rive, idempotencyKey="once") != draft


async def test_a_campaign_is_deleted_after_what_it_holds(sainte_rive: Council) -> None:
    campaign = await create(sainte_rive, kind="CAMPAIGN", channels=[], contents=[])
    held = await create(sainte_rive, campaignId=campaign)
    assert (await sainte_rive.refuse(DELETE, {"id": campaign}))[0] == "CONFLICT"
    await sainte_rive.get(DELETE, {"id": held})
    await sainte_rive.get(DELETE, {"id": campaign})
    assert await count_rows("communication") == 0


async def test_a_viewer_and_another_municipality_change_nothing(sainte_rive: Council, port_alder: Council) -> None:
    draft = await create(sainte_rive)
    viewer = sainte_rive.viewer
    for document, variables in (
        (UPDATE, {"input": {"id": draft, "title": "x"}}),
        (DELETE, {"id": draft}),
        (CANCEL, {"id": draft}),
    ):
        assert (await sainte_rive.refuse(document, variables, by=viewer))[0] == "FORBIDDEN"
        assert (await port_alder.refuse(document, variables))[0] == "NOT_FOUND"


async def test_what_is_scheduled_and_cancelled_is_never_sent(sainte_rive: Council) -> None:
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    draft = await create(sainte_rive)
    await sainte_rive.get(SCHEDULE, {"id": draft, "at": (tell_time() + timedelta(hours=1)).isoformat()})
    cancelled = (await sainte_rive.get(CANCEL, {"id": draft}))["cancelCommunication"]
    assert (cancelled["state"], cancelled["sentAt"]) == ("CANCELLED", None)
    assert (await sainte_rive.refuse(CANCEL, {"id": draft})) == ("CONFLICT", "id")


async def test_what_runs_is_cancelled_at_once_and_its_version_moves(sainte_rive: Council) -> None:
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    draft = await create(sainte_rive)
    await send(sainte_rive, draft)
    seen = "query ($id: ID!) { communication(id: $id) { statistics { version state remindersLeft } } }"
    before = (await sainte_rive.get(seen, {"id": draft}))["communication"]["statistics"]
    await sainte_rive.get(CANCEL, {"id": draft})
    after = (await sainte_rive.get(seen, {"id": draft}))["communication"]["statistics"]
    assert (after["state"], after["remindersLeft"]) == ("CANCELLED", 0)
    assert after["version"] > before["version"]
