"""Who asks in these tests, and how: two towns with named people, and questions put through the schema itself."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from stage.cast import ACCOUNT, Town, found_town, make_citizen
from strawberry.types import ExecutionResult

from tocsin.citizens import refresh_citizen_words
from tocsin.database import get_database
from tocsin.events import Event
from tocsin.expiry import measure_expiries
from tocsin.folding import fold
from tocsin.identifiers import expose, make_id, recognise
from tocsin.ledger import apply_events
from tocsin.planning import plan_chunk
from tocsin.records.communications import Wave
from tocsin.records.people import Citizen, ContactPoint, Group, Membership, Principal
from tocsin.settings import Settings, read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.viewers import Viewer
from tocsin.words import Channel, Locale, Role
from tocsin_graphql.context import Context
from tocsin_graphql.schema import TocsinSchema, build_schema

SECRET = "a drill is a drill is a drill 0123456789"


@cache
def get_schema() -> TocsinSchema:
    return build_schema()


@cache
def get_settings() -> Settings:
    return read_settings(tocsin_secret=SECRET)


def appoint(municipality_id: UUID, name: str, role: Role, locale: Locale = Locale.EN) -> Viewer:
    """Give a municipality somebody with a token."""
    now = tell_time()
    return Viewer(make_id(), municipality_id, fold(name), name, role, locale, now, now + timedelta(hours=1))


@dataclass
class Council:
    """A town, and those of its house who ask."""

    town: Town
    admin: Viewer
    operator: Viewer
    viewer: Viewer
    woken: list[str] = field(default_factory=list)
    announced: list[UUID] = field(default_factory=list)
    tell_time: Callable[[], datetime] = tell_time

    @property
    def category(self) -> str:
        return expose("category", self.town.category.id)

    async def ask(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        by: Viewer | None = None,
        usable: Collection[Channel] = tuple(Channel),
    ) -> ExecutionResult:
        """Put a question as the operator, or as somebody else of the house."""
        viewer = by or self.operator
        context = Context(
            viewer=viewer,
            settings=get_settings(),
            locale=viewer.locale,
            usable=usable,
            now=self.tell_time,
            wake=lambda: self.woken.append("woken"),
            announce=lambda moved: self.announced.extend(moved.listings),
        )
        return await get_schema().execute(document, variable_values=dict(variables or {}), context_value=context)

    async def get(self, document: str, variables: Mapping[str, Any] | None = None, *, by: Viewer | None = None) -> Any:
        """Put a question that has to be answered."""
        result = await self.ask(document, variables, by=by)
        assert result.errors is None, result.errors
        return result.data

    async def refuse(
        self, document: str, variables: Mapping[str, Any] | None = None, *, by: Viewer | None = None
    ) -> tuple[str, str | None]:
        """Put a question that has to fail; return code and field of the one error."""
        error = find_error(await self.ask(document, variables, by=by))
        return error["extensions"]["code"], error["extensions"].get("field")


def find_error(result: ExecutionResult) -> dict[str, Any]:
    """Return the one error as a client reads it."""
    assert result.errors is not None
    [error] = result.errors
    return dict(error.formatted)


async def enrol(*viewers: Viewer) -> None:
    """Give viewers the row that a real token leaves behind."""
    for viewer in viewers:
        await Principal.create(
            id=viewer.principal_id, municipality_id=viewer.municipality_id, subject=viewer.subject, name=viewer.name,
            role=viewer.role,
        )  # fmt: skip


async def seat_sainte_rive() -> Council:
    town = await found_town("sainte-rive")
    return Council(
        town,
        appoint(town.municipality.id, "Marguerite Lavoie", Role.ADMIN),
        appoint(town.municipality.id, "Olivier Fortin", Role.OPERATOR),
        appoint(town.municipality.id, "Véronique Roy", Role.VIEWER, Locale.FR),
    )


async def seat_port_alder() -> Council:
    town = await found_town("port-alder")
    return Council(
        town,
        appoint(town.municipality.id, "Agnes Moore", Role.ADMIN),
        appoint(town.municipality.id, "Walter Byrne", Role.OPERATOR),
        appoint(town.municipality.id, "Iris Campbell", Role.VIEWER),
    )


async def settle(
    council: Council, first: str, last: str, *, phone: str | None = None, email: str | None = None
) -> Citizen:
    """Give the town a citizen with a number for calls and texts, and an address."""
    citizen = make_citizen(council.town, first, last)
    await citizen.save(force_create=True)
    if phone:
        await ContactPoint.create(citizen=citizen, address=phone, channels=[Channel.CALL, Channel.SMS])
    if email:
        await ContactPoint.create(citizen=citizen, address=email, channels=[Channel.EMAIL])
    await refresh_citizen_words(get_database(), [citizen.id])
    return citizen


async def gather(council: Council, name: str, *citizens: Citizen) -> str:
    """Make a group of citizens and return its id."""
    group = await Group.create(municipality=council.town.municipality, name=name)
    await Membership.bulk_create([Membership(id=make_id(), group=group, citizen=citizen) for citizen in citizens])
    return expose("group", group.id)


CREATE = "mutation ($input: CreateCommunicationInput!) { createCommunication(input: $input) { id title state } }"
SEND = """
mutation ($id: ID!, $at: DateTime, $key: String!) {
  sendCommunication(id: $id, at: $at, idempotencyKey: $key) { id state sentAt scheduledFor }
}"""


def describe_flood(council: Council, **changes: Any) -> dict[str, Any]:
    """The input of a communication by every channel."""
    return {
        "title": "The river rises",
        "categoryId": council.category,
        "channels": ["CALL", "SMS", "EMAIL"],
        "contents": [
            {
                "locale": "FR",
                "callText": "Évacuez.",
                "smsText": "Évacuez.",
                "emailSubject": "Crue",
                "emailText": "Évacuez.",
            },
        ],
        **changes,
    }


async def create(council: Council, **changes: Any) -> str:
    """Make a draft and return its id."""
    made = await council.get(CREATE, {"input": describe_flood(council, **changes)})
    return str(made["createCommunication"]["id"])


async def send(council: Council, communication: str) -> None:
    """Send a draft and plan its first wave, as the jobs would."""
    await council.get(SEND, {"id": communication, "key": f"send {communication}"})
    wave = await Wave.get(communication_id=read_key(communication))
    accounts = dict.fromkeys(Channel, ACCOUNT)
    while not (await plan_chunk(wave.id, accounts, tell_time())).over:
        pass


async def report(delivery: str, status: DeliveryStatus, *, word: str | None = None) -> None:
    """Let a carrier report about a delivery."""
    said = word or status.name.lower()
    event = Event(
        event_key=f"{delivery}/{said}",
        provider="carrier",
        account=ACCOUNT,
        delivery_id=read_key(delivery),
        provider_word=said,
        status=status,
    )
    await apply_events([event], measure_expiries(get_settings()))


def read_key(text: str) -> UUID:
    """Return the key inside an id."""
    found = recognise(text)
    assert found is not None
    return found[1]
