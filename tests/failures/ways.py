"""Every way to fail through the API: its code, who asks, and what brings it about. Completeness over the codes is a test."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from schema.council import CREATE, SEND, Council, create, gather, send

from tocsin.database import get_database
from tocsin.words import Role

Variables = dict[str, Any]
Ask = Callable[[str, Variables, Role], Awaitable[object]]
Stage = Callable[[Council, Ask], Awaitable[Variables]]
MADE_UP = f"communication-{uuid4().hex}"
CITIZEN = "Aline Tremblay of 14 Quay Street"


@dataclass(frozen=True)
class Way:
    """How a request fails; `stage` gives the variables."""

    code: str
    document: str
    stage: Stage | None = None
    role: Role = Role.OPERATOR
    variables: Mapping[str, Any] | None = None


async def draft(council: Council, ask: Ask) -> Variables:
    return {"id": await create(council), "key": "first"}


async def sent(council: Council, ask: Ask) -> Variables:
    communication = await create(council, channels=["SMS"])
    await send(council, communication)
    return {"id": communication, "key": "another"}


async def nobody(council: Council, ask: Ask) -> Variables:
    """A draft that would reach nobody, since its group is empty."""
    return {"id": await create(council, channels=["SMS"], groupIds=[await gather(council, uuid4().hex)]), "key": "k"}


async def taken(council: Council, ask: Ask) -> Variables:
    return {"name": council.town.category.name}


async def campaign(council: Council, ask: Ask) -> Variables:
    made = await create(council, kind="CAMPAIGN", channels=[], contents=[])
    return {"id": made, "key": "k"}


async def many(council: Council, ask: Ask) -> Variables:
    """Ask for as many workbooks as may be unfinished at a time."""
    for number in range(5):
        await ask(EXPORT, {"search": str(number)}, Role.OPERATOR)
    return {"search": uuid4().hex}


async def break_table(council: Council, ask: Ask) -> Variables:
    await get_database().execute_query("ALTER TABLE IF EXISTS citizen_group RENAME TO citizens_gone")
    return {}


async def described(council: Council, ask: Ask) -> Variables:
    return {"input": {"title": "x" * 201, "categoryId": council.category, "channels": ["SMS"]}}


EXPORT = (
    """mutation ($search: String!) { exportCommunicationsLog(filter: {period: THIS_WEEK, search: $search}) { id } }"""
)
LOG = "query ($filter: LogFilter!) { communicationsLog(filter: $filter) { from } }"
RECONTACT = (
    "mutation ($id: ID!, $key: String!) { recontactUncontacted(communicationId: $id, idempotencyKey: $key) { id } }"
)
STATISTICS = "mutation ($id: ID!) { exportStatistics(communicationId: $id) { id } }"
LISTING = "query ($first: Int! = 50, $after: String, $search: String) { communications(first: $first, after: $after, search: $search) { totalCount edges { cursor } } }"  # noqa: E501

WAYS: Mapping[str, Way] = {
    "a viewer sends": Way("FORBIDDEN", SEND, draft, Role.VIEWER),
    "an operator looks at the trail": Way("FORBIDDEN", "{ auditLog { totalCount } }"),
    "an operator runs the system": Way("FORBIDDEN", "{ operations { parkedEvents } }"),
    "an id of nothing": Way("NOT_FOUND", f'{{ node(id: "{MADE_UP}") {{ id }} }}'),
    "an id that is none": Way("NOT_FOUND", "{ communication(id: \"1; DROP TABLE citizen\") { id } }"),
    "following nothing": Way("NOT_FOUND", f'subscription {{ statistics(communicationId: "{MADE_UP}") {{ version }} }}'),
    "a page too long": Way("BAD_INPUT", LISTING, variables={"first": 201}),
    "a cursor that was made up": Way("BAD_INPUT", LISTING, variables={"after": "AAAA"}),
    "a search that no database takes": Way("BAD_INPUT", LISTING, variables={"search": "a\0b"}),
    "a search too long": Way("BAD_INPUT", LISTING, variables={"search": CITIZEN * 20}),
    "a title too long": Way("BAD_INPUT", CREATE, described),
    "days that are missing": Way("BAD_INPUT", LOG, variables={"filter": {"period": "CUSTOM"}}),
    "days out of order": Way(
        "BAD_INPUT", LOG, variables={"filter": {"period": "CUSTOM", "from": "2026-05-02", "to": "2026-05-01"}}
    ),
    "a day that is none": Way(
        "BAD_INPUT", LOG, variables={"filter": {"period": "CUSTOM", "from": CITIZEN, "to": "2026-05-01"}}
    ),
    "sending to nobody": Way("BAD_INPUT", SEND, nobody),
    "sending a campaign": Way("BAD_INPUT", SEND, campaign),
    "a document cut short": Way("BAD_INPUT", "{ viewer { name"),
    "a document with nothing in it": Way("BAD_INPUT", ""),
    "a document that asks nothing": Way("BAD_INPUT", "type A { a: Int }"),
    "a document with too much in it": Way("BAD_INPUT", "{" * 20_000),
    "a field that is not there": Way("BAD_INPUT", "{ viewer { nam } }"),
    "a variable of another kind": Way("BAD_INPUT", LISTING, variables={"first": CITIZEN}),
    "an input field that is not there": Way("BAD_INPUT", LOG, variables={"filter": {"perod": CITIZEN}}),
    "two questions of one name": Way("BAD_INPUT", "{ a: viewer { name } a: statuses { label } }"),
    "following too fast": Way(
        "BAD_INPUT", f'subscription {{ statistics(communicationId: "{MADE_UP}", maxPerSecond: 21) {{ version }} }}'
    ),
    "sending again": Way("CONFLICT", SEND, sent),
    "deleting what was sent": Way("CONFLICT", "mutation ($id: ID!) { deleteCommunication(id: $id) }", sent),
    "cancelling a draft": Way("CONFLICT", "mutation ($id: ID!) { cancelCommunication(id: $id) { id } }", draft),
    "a name that is taken": Way(
        "CONFLICT", "mutation ($name: String!) { createCategory(input: {name: $name}) { id } }", taken, Role.ADMIN
    ),
    "exporting a draft": Way("NOT_SENT", STATISTICS, draft),
    "recontacting a draft": Way("NOT_SENT", RECONTACT, draft),
    "following a draft": Way(
        "NOT_SENT", "subscription ($id: ID!) { statistics(communicationId: $id) { version } }", draft
    ),
    "sending without a carrier": Way("NOT_AVAILABLE", SEND, draft),
    "recontacting a campaign": Way("NOT_AVAILABLE", RECONTACT, campaign),
    "recontacting while reminders are to come": Way("NOT_AVAILABLE", RECONTACT, sent),
    "a sixth workbook at once": Way("RATE_LIMITED", EXPORT, many),
    "a question too large": Way("TOO_EXPENSIVE", "{ " + " ".join(f"a{n}: viewer {{ id }}" for n in range(1_000)) + " }"),
    "a fault of ours": Way("INTERNAL", "{ groups { name } }", break_table),
}  # fmt: skip

ELSEWHERE = {"UNAUTHENTICATED", "UNAVAILABLE"}
"""Whoever is not known, and a database that is away, are tests of their own."""
