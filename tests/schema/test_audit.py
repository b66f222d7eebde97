"""Promises about the trail: an entry for each deed, in the deed's own transaction, read by administrators alone."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from schema.council import CREATE, SEND, Council, create, describe_flood, enrol, settle
from stage.cast import count_rows

from tocsin.times import tell_time

TRAIL = """query ($first: Int! = 50, $after: String) { auditLog(first: $first, after: $after) {
  totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id at by action subjectId count detail } } } }"""
CATEGORY = "mutation ($input: CreateCategoryInput!) { createCategory(input: $input) { id } }"
STATISTICS = "mutation ($id: ID!) { exportStatistics(communicationId: $id, locale: FR) { id } }"
LOG = "mutation { exportCommunicationsLog(filter: {period: THIS_WEEK}) { id } }"


async def read_trail(council: Council) -> list[dict[str, Any]]:
    answer = await council.get(TRAIL, by=council.admin)
    return [edge["node"] for edge in answer["auditLog"]["edges"]]


async def test_each_deed_leaves_an_entry_with_who_and_what(sainte_rive: Council) -> None:
    council = sainte_rive
    await enrol(council.operator, council.viewer)
    for number in range(3):
        await settle(council, "Aline", "Tremblay", phone=f"+1418555014{number}")
    began = tell_time()
    category = (await council.get(CATEGORY, {"input": {"name": "Water"}}, by=council.admin))["createCategory"]["id"]
    draft = await create(council, channels=["SMS"])
    await council.get(SEND, {"id": draft, "key": "now"})
    await council.get(STATISTICS, {"id": draft}, by=council.viewer)
    export = (await council.get(LOG))["exportCommunicationsLog"]["id"]
    trail = await read_trail(council)
    assert [(entry["by"], entry["action"], entry["subjectId"], entry["count"]) for entry in reversed(trail)] == [
        ("Marguerite Lavoie", "createCategory", category, None),
        ("Olivier Fortin", "createCommunication", draft, None),
        ("Olivier Fortin", "sendCommunication", draft, 3),
        ("Véronique Roy", "exportStatistics", draft, 0),  # nothing is planned yet
        ("Olivier Fortin", "exportCommunicationsLog", export, None),
    ]
    assert trail[1]["detail"] == "FR"
    assert all(began.isoformat() <= entry["at"] <= tell_time().isoformat() for entry in trail)


async def test_what_is_scheduled_says_for_when(sainte_rive: Council) -> None:
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    at = (tell_time() + timedelta(days=1)).replace(microsecond=0).isoformat()
    await sainte_rive.get(SEND, {"id": await create(sainte_rive, channels=["SMS"]), "at": at, "key": "later"})
    assert (await read_trail(sainte_rive))[0]["detail"] == at


async def test_a_deed_that_is_refused_or_repeated_leaves_none(sainte_rive: Council) -> None:
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    given = {"input": describe_flood(sainte_rive, idempotencyKey="click")}
    made = await asyncio.gather(*(sainte_rive.get(CREATE, given) for _ in range(4)))
    sending = {"id": made[0]["createCommunication"]["id"], "key": "send"}
    for _ in range(2):
        await sainte_rive.get(SEND, sending)
    await sainte_rive.refuse(SEND, {**sending, "key": "again"})
    await sainte_rive.refuse(CREATE, {"input": describe_flood(sainte_rive, title="")})
    await sainte_rive.refuse(CATEGORY, {"input": {"name": "Floods"}}, by=sainte_rive.admin)
    await sainte_rive.refuse(STATISTICS, {"id": await create(sainte_rive)})
    trail = await read_trail(sainte_rive)
    assert [entry["action"] for entry in trail] == ["createCommunication", "sendCommunication", "createCommunication"]


@pytest.mark.parametrize("role", ["operator", "viewer"])
async def test_only_administrators_read_the_trail(sainte_rive: Council, role: str) -> None:
    await create(sainte_rive)
    entry = (await read_trail(sainte_rive))[0]["id"]
    asking = getattr(sainte_rive, role)
    assert await sainte_rive.refuse(TRAIL, by=asking) == ("FORBIDDEN", None)
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await sainte_rive.get(node, {"id": entry}, by=sainte_rive.admin))["node"] == {"id": entry}
    assert await sainte_rive.refuse(node, {"id": entry}, by=asking) == ("NOT_FOUND", None)


async def test_a_municipality_reads_its_own_trail(sainte_rive: Council, port_alder: Council) -> None:
    await create(sainte_rive)
    entry = (await read_trail(sainte_rive))[0]["id"]
    assert await read_trail(port_alder) == []
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert await port_alder.refuse(node, {"id": entry}, by=port_alder.admin) == ("NOT_FOUND", None)


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_every_entry_comes_once_newest_first(sainte_rive: Council, size: int) -> None:
    made = [await create(sainte_rive) for _ in range(5)]
    seen: list[str] = []
    after = None
    while True:
        page = (await sainte_rive.get(TRAIL, {"first": size, "after": after}, by=sainte_rive.admin))["auditLog"]
        assert page["totalCount"] == 5
        seen += [edge["node"]["subjectId"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == made[::-1]
    assert await count_rows("audit_entry") == 5
