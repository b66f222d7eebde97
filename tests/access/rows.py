"""Who may do what: for every root of the schema the least role and what it is given. Completeness is a test."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from access.towns import CAMPAIGN, TEXT, Belongings
from schema.council import send, settle

from tocsin.identifiers import expose
from tocsin.records.people import ContactPoint, Verification
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.verification_proofs import make_code
from tocsin.words import Role

Variables = dict[str, Any]
Give = Callable[[Belongings, Role], Awaitable[Variables]]
Stir = Callable[[Belongings], Awaitable[object]]


@dataclass(frozen=True)
class Row:
    """How a root is asked. `member`: the type to look at where an interface is answered; `stir`: what makes a subscription speak."""

    give: tuple[Give, ...]
    least: Role = Role.VIEWER
    member: str | None = None
    stir: Stir | None = None


async def nothing(town: Belongings, role: Role) -> Variables:
    return {}


def fixed(**variables: Any) -> Give:
    async def give(town: Belongings, role: Role) -> Variables:
        return dict(variables)

    return give


def own(argument: str, name: str, **more: Any) -> Give:
    """Give the id of something that the town has."""

    async def give(town: Belongings, role: Role) -> Variables:
        return {argument: town.ids[name], **more}

    return give


async def own_export(town: Belongings, role: Role) -> Variables:
    return {"id": await town.export(role)}


async def own_entry(town: Belongings, role: Role) -> Variables:
    answer = await town.ask("{ auditLog(first: 1) { edges { node { id } } } }", {}, Role.ADMIN)
    return {"id": answer.json()["data"]["auditLog"]["edges"][0]["node"]["id"]}


async def own_draft(town: Belongings, role: Role) -> Variables:
    return {"id": await town.draft()}


async def own_cancellable(town: Belongings, role: Role) -> Variables:
    communication = await town.draft()
    await send(town.council, communication)
    return {"id": communication}


async def own_sendable(town: Belongings, role: Role) -> Variables:
    return {"id": await town.draft(), "idempotencyKey": uuid4().hex, "at": None}


async def own_unreached(town: Belongings, role: Role) -> Variables:
    return {"communicationId": await town.fail(), "idempotencyKey": uuid4().hex}


async def new_category(town: Belongings, role: Role) -> Variables:
    wanted = {"name": uuid4().hex, "description": "Rivers", "confirmationRequired": True, "voicemailCounts": False}
    return {"input": {**wanted, "channels": ["CALL", "SMS"]}}


def described(town: Belongings) -> Variables:
    contents = [
        {"locale": locale, "callText": "a", "smsText": "b", "emailSubject": "c", "emailText": "d"}
        for locale in ("EN", "FR")
    ]
    channels = ["CALL", "SMS", "EMAIL"]
    return {
        "title": "The river rises", "categoryId": town.ids["category"], "groupIds": [town.ids["group"]],
        "channels": channels, "contents": contents,
    }  # fmt: skip


async def new_communication(town: Belongings, role: Role) -> Variables:
    return {"input": {**described(town), "kind": "REGULAR", "idempotencyKey": uuid4().hex}}


async def new_part(town: Belongings, role: Role) -> Variables:
    return {"input": {"campaignId": town.ids["campaign"], "title": "Second order", **TEXT}}


async def new_campaign(town: Belongings, role: Role) -> Variables:
    return {"input": {**CAMPAIGN, "categoryId": town.ids["category"]}}


async def changed(town: Belongings, role: Role) -> Variables:
    return {"input": {"id": await town.draft(), **described(town)}}


async def new_citizen(town: Belongings) -> tuple[str, str]:
    """Give the town a citizen with a number; return his id and the number's."""
    citizen = await settle(town.council, "Chantal", "Roy", phone=f"+1418555{uuid4().int % 10_000:04}")
    [point] = await ContactPoint.filter(citizen_id=citizen.id)
    return expose("citizen", citizen.id), expose("contact-point", point.id)


async def edited(town: Belongings, role: Role) -> Variables:
    citizen, point = await new_citizen(town)
    points = [{"id": point, "address": "+14185550144", "channels": ["CALL", "SMS"]}]
    changes = {"firstName": "Chantale", "lastName": "Roy", "locale": "EN", "contactPoints": points}
    return {"input": {"citizenId": citizen, **changes}}


async def unverified(town: Belongings, role: Role) -> Variables:
    return {"contactPointId": (await new_citizen(town))[1], "channel": "SMS"}


async def coded(town: Belongings, role: Role) -> Variables:
    _, point = await new_citizen(town)
    await town.verify(point)
    newest = await Verification.all().order_by("-requested_at").first()
    assert newest is not None
    await Verification.filter(id=newest.id).update(expires_at=tell_time() + timedelta(minutes=15))  # as if handed over
    return {"contactPointId": point, "code": make_code(town.settings.tocsin_secret, newest.id)}


CREATE = "mutation ($input: CreateCommunicationInput!) { createCommunication(input: $input) { id } }"


async def stir_listing(town: Belongings) -> None:
    drill = {"title": "Drill", "categoryId": town.ids["category"], **TEXT}
    await town.ask(CREATE, {"input": drill}, Role.OPERATOR)


LOG: list[Variables] = [
    {"period": "CUSTOM", "from": "2026-01-01", "to": "2026-12-31"},
    *({"period": period, "kind": kind, "state": ["DRAFT", "SCHEDULED", "IN_PROGRESS", "COMPLETED", "CANCELLED", "FAILED"], "search": "a"}
      for period in ("THIS_WEEK", "LAST_WEEK", "THIS_MONTH") for kind in ("REGULAR", "CAMPAIGN")),
]  # fmt: skip
PAGE: Variables = {"first": 2, "after": None}
WATCHED = {"maxPerSecond": 20}
GRID = """query ($id: ID!, $filter: RecipientFilter, $sort: RecipientSort!) { communication(id: $id) { __typename
  recipients(filter: $filter, sort: $sort) { __typename totalCount } } }"""
FILTERS: list[Variables] = [
    *({"filter": {"channel": channel}, "sort": "LAST_NAME"} for channel in ("CALL", "SMS", "EMAIL")),
    *(
        {"filter": {"outcome": ["CONTACTED"], "search": "a"}, "sort": sort}
        for sort in ("FIRST_NAME", "OUTCOME", "RECENTLY_CHANGED")
    ),
    {"filter": {"status": [status.name for status in DeliveryStatus]}, "sort": "LAST_NAME"},
]
"""The grid, asked in every order and for everything that narrows it."""


def list_nodes() -> Iterable[tuple[str, Row]]:
    """Return a row for each type that has ids."""
    there = {"Communication": "communication", "Category": "category", "Group": "group", "Recipient": "recipient", "Citizen": "citizen",
             "ContactPoint": "contactPoint", "Delivery": "delivery", "Wave": "wave", "Municipality": "municipality"}  # fmt: skip
    for member, name in there.items():
        yield f"query.node {member}", Row((own("id", name),), member=member)
    yield "query.node Export", Row((own_export,), member="Export")
    yield "query.node AuditEntry", Row((own_entry,), Role.ADMIN, member="AuditEntry")


ROWS: Mapping[str, Row] = {
    "query.viewer": Row((nothing,)),
    **dict(list_nodes()),
    "query.statuses": Row((nothing, fixed(locale="EN"), fixed(locale="FR"))),
    "query.communications": Row((fixed(first=3), fixed(**PAGE, search="a", state=["DRAFT", "IN_PROGRESS"]))),
    "query.communication": Row((own("id", "communication"), own("id", "campaign"))),
    "query.communicationsLog": Row(tuple(fixed(filter=chosen, **PAGE) for chosen in LOG)),
    "query.recipient": Row((own("id", "recipient"),)),
    "query.citizens": Row((fixed(first=3), fixed(**PAGE, search="a"))),
    "query.citizen": Row((own("id", "citizen"),)),
    "query.categories": Row((nothing,)),
    "query.groups": Row((nothing,)),
    "query.export": Row((own_export,)),
    "query.auditLog": Row((fixed(first=3), fixed(**PAGE)), Role.ADMIN),
    "query.operations": Row((nothing,), Role.ADMIN),
    "mutation.createCategory": Row((new_category,), Role.ADMIN),
    "mutation.createCommunication": Row((new_communication, new_part, new_campaign), Role.OPERATOR),
    "mutation.updateCommunication": Row((changed,), Role.OPERATOR),
    "mutation.deleteCommunication": Row((own_draft,), Role.OPERATOR),
    "mutation.sendCommunication": Row((own_sendable,), Role.OPERATOR),
    "mutation.cancelCommunication": Row((own_cancellable,), Role.OPERATOR),
    "mutation.recontactUncontacted": Row((own_unreached,), Role.OPERATOR),
    "mutation.updateCitizen": Row((edited,), Role.OPERATOR),
    "mutation.resendVerification": Row((unverified,), Role.OPERATOR),
    "mutation.confirmVerification": Row((coded,), Role.OPERATOR),
    "mutation.exportStatistics": Row((own("communicationId", "communication", locale="FR"),)),
    "mutation.exportCommunicationsLog": Row((fixed(filter=LOG[0], locale="EN"),)),
    "subscription.statistics": Row((own("communicationId", "communication", **WATCHED),)),
    "subscription.communicationChanges": Row(
        (own("communicationId", "communication", since=0, recipientIds=None, **WATCHED),)
    ),
    "subscription.communicationChanged": Row((nothing,), stir=stir_listing),
    "subscription.export": Row((own_export,)),
    "subscription.activeStatistics": Row((fixed(**WATCHED),)),
    "subscription.citizenChanged": Row((own("id", "citizen"),)),
}
"""By operation and field, and by the type where there are several."""
