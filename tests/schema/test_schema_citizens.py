"""Promises about the list of citizens and their profiles, as clients ask for them."""

from typing import Any

from schema.council import Council, create, settle

from tocsin.identifiers import expose, make_id

LIST = """query ($first: Int! = 50, $after: String, $search: String) {
  citizens(first: $first, after: $after, search: $search) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id firstName lastName contactPoints { address channels } } } } }"""
PROFILE = "query ($id: ID!) { citizen(id: $id) { id firstName lastName locale modifiedAt contactPoints { address } } }"


async def settle_three(council: Council) -> list[str]:
    """Settle three people; return their ids by name."""
    zoe = await settle(council, "Zoé", "Étienne", phone="+14185550107")
    bruno = await settle(council, "Bruno", "Côté", phone="+14185550102", email="bruno@exemple.test")
    aline = await settle(council, "aline", "cote")
    return [expose("citizen", citizen.id) for citizen in (aline, bruno, zoe)]


async def read_list(council: Council, **variables: Any) -> dict[str, Any]:
    page: dict[str, Any] = (await council.get(LIST, variables))["citizens"]
    return page


def ids_of(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in page["edges"]]


async def test_citizens_are_listed_by_last_then_first_name(sainte_rive: Council, port_alder: Council) -> None:
    expected = await settle_three(sainte_rive)
    await settle_three(port_alder)
    page = await read_list(sainte_rive)
    assert (ids_of(page), page["totalCount"]) == (expected, 3)
    assert page["edges"][1]["node"]["contactPoints"] == [
        {"address": "+14185550102", "channels": ["CALL", "SMS"]},
        {"address": "bruno@exemple.test", "channels": ["EMAIL"]},
    ]
    first = await read_list(sainte_rive, first=2)
    assert (ids_of(first), first["pageInfo"]["hasNextPage"]) == (expected[:2], True)
    second = await read_list(sainte_rive, first=2, after=first["pageInfo"]["endCursor"])
    assert (ids_of(second), second["pageInfo"]["hasNextPage"]) == (expected[2:], False)
    assert second["pageInfo"]["hasPreviousPage"]


async def test_citizens_are_found_by_name_address_and_number(sainte_rive: Council, port_alder: Council) -> None:
    aline, bruno, zoe = await settle_three(sainte_rive)
    await settle_three(port_alder)
    found = {
        "COTÉ": [aline, bruno],
        "bruno@ex": [bruno],
        "0107": [zoe],
        "+1 418 555": [bruno, zoe],
        "cote al": [aline],
        "runo": [],
    }
    for search, expected in found.items():
        page = await read_list(sainte_rive, search=search)
        assert (ids_of(page), page["totalCount"]) == (expected, len(expected)), search


async def test_a_profile_is_its_own_municipalitys_alone(sainte_rive: Council, port_alder: Council) -> None:
    aline, bruno, _ = await settle_three(sainte_rive)
    profile = (await sainte_rive.get(PROFILE, {"id": bruno}, by=sainte_rive.viewer))["citizen"]
    assert (profile["id"], profile["firstName"], profile["lastName"], profile["locale"]) == (
        bruno,
        "Bruno",
        "Côté",
        "FR",
    )
    assert [point["address"] for point in profile["contactPoints"]] == ["+14185550102", "bruno@exemple.test"]
    foreign = await port_alder.ask(PROFILE, {"id": aline})
    made_up = await port_alder.ask(PROFILE, {"id": expose("citizen", make_id())})
    assert foreign.errors is not None
    assert made_up.errors is not None
    assert [error.formatted for error in foreign.errors] == [error.formatted for error in made_up.errors]
    assert await port_alder.refuse(PROFILE, {"id": aline}) == ("NOT_FOUND", None)
    assert await port_alder.refuse(PROFILE, {"id": await create(port_alder)}) == ("NOT_FOUND", None)


async def test_a_page_and_its_cursor_are_checked(sainte_rive: Council, port_alder: Council) -> None:
    await settle_three(sainte_rive)
    cursor = (await read_list(sainte_rive, first=1))["pageInfo"]["endCursor"]
    assert await port_alder.refuse(LIST, {"after": cursor}) == ("BAD_INPUT", "after")
    assert await sainte_rive.refuse(LIST, {"after": cursor[:-1]}) == ("BAD_INPUT", "after")
    for first in (0, 201):
        assert await sainte_rive.refuse(LIST, {"first": first}) == ("BAD_INPUT", "first")
    for search in ("a" * 201, "a\0"):
        assert await sainte_rive.refuse(LIST, {"search": search}) == ("BAD_INPUT", "search")
