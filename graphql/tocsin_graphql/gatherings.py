"""Which groups there are, and who may join: the rights are checked before. Imports groups, plans and the domain."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from strawberry.schema.schema import Schema

from tocsin.database import get_database
from tocsin.errors import NotFound, NotSent, Unauthenticated
from tocsin.exports import find_exports
from tocsin.live.hub import Hub
from tocsin.people import find_citizens
from tocsin.viewers import Viewer
from tocsin.words import Locale, Role
from tocsin_graphql.changes_groups import UNSENT, ChangesGroup
from tocsin_graphql.context import Context
from tocsin_graphql.errors import ABSENT
from tocsin_graphql.execution import Execution
from tocsin_graphql.groups import Group
from tocsin_graphql.listing_groups import ListingGroup
from tocsin_graphql.members import AnyMember, Frame
from tocsin_graphql.newest_groups import NewestGroup
from tocsin_graphql.plans import Binding, Plan
from tocsin_graphql.topics import (
    ActiveTopic,
    ChangesTopic,
    CitizenTopic,
    ExportTopic,
    ListingTopic,
    StatisticsTopic,
    Topic,
)

Key: TypeAlias = tuple[str, str | None, str, UUID, UUID, Role, Locale]
AnyGroup: TypeAlias = Group[Any, Any]

SENT = "SELECT sent_at FROM communication WHERE id = $1 AND municipality_id = $2"
NOBODY = UUID(int=0)


@dataclass(eq=False, slots=True)
class Attendance:
    """A member in its group, and the message that it begins with."""

    key: Key
    group: AnyGroup
    member: AnyMember
    first: Frame | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the groups of this process are doing: for measuring and for watching over it."""

    groups: int
    members: int
    runs: int
    deliveries: int


class Gatherings:
    """The running groups. A group begins with its first member and ends with its last."""

    def __init__(self, schema: Schema, hub: Hub, make_context: Callable[[Viewer], Context]) -> None:
        self._schema = schema
        self._hub = hub
        self._make_context = make_context
        self._groups: dict[Key, AnyGroup] = {}
        self._attending: dict[Key, int] = {}
        self._past_runs = 0
        self._past_deliveries = 0

    @property
    def figures(self) -> Figures:
        running = self._groups.values()
        return Figures(
            groups=len(running),
            members=sum(len(group.members) for group in running),
            runs=self._past_runs + sum(group.runs for group in running),
            deliveries=self._past_deliveries + sum(group.deliveries for group in running),
        )

    async def join(
        self, plan: Plan, binding: Binding, variables: Mapping[str, Any] | None, viewer: Viewer
    ) -> Attendance:
        """Return the attendance of a viewer who may; the domain's errors say why not, Refused that nobody can."""
        if self._hub.revocations.excludes(viewer):
            raise Unauthenticated("The token has been revoked; ask for a new token.")
        shown = viewer if isinstance(binding.topic, ExportTopic) else impersonal(viewer)
        key = (
            plan.query,
            plan.operation_name,
            binding.shared_variables,
            viewer.municipality_id,
            shown.principal_id,
            viewer.role,
            viewer.locale,
        )
        if key not in self._groups:
            await check_right(binding, viewer)
        # From here to the count nothing waits, so that a group cannot end between.
        group = self._groups.get(key) or self._begin(key, plan, binding, variables, shown)
        self._attending[key] = self._attending.get(key, 0) + 1
        try:
            member, first = await group.join(viewer, binding.since)
        except BaseException:
            await self._leave(key, group)
            raise
        return Attendance(key, group, member, first)

    async def leave(self, attendance: Attendance) -> None:
        attendance.group.dismiss(attendance.member)
        await self._leave(attendance.key, attendance.group)

    def _begin(
        self, key: Key, plan: Plan, binding: Binding, variables: Mapping[str, Any] | None, viewer: Viewer
    ) -> AnyGroup:
        """Begin a group that is executed as this viewer sees things."""
        execution = Execution(self._schema, plan, dict(variables or {}), lambda: self._make_context(viewer))
        group = self._groups[key] = make_group(
            binding.topic, viewer.municipality_id, execution=execution, hub=self._hub
        )
        group.start()
        return group

    async def _leave(self, key: Key, group: AnyGroup) -> None:
        self._attending[key] -= 1
        if self._attending[key]:
            return
        del self._attending[key], self._groups[key]
        self._past_runs += group.runs
        self._past_deliveries += group.deliveries
        await group.close()


def make_group(topic: Topic, municipality_id: UUID, *, execution: Execution, hub: Hub) -> AnyGroup:
    """Return the group that serves a topic, not started yet."""
    match topic:
        case ChangesTopic():
            return ChangesGroup(topic, execution=execution, hub=hub)
        case ListingTopic():
            return ListingGroup(municipality_id, execution=execution, hub=hub)
        case StatisticsTopic(communication_id, interval):
            return NewestGroup(
                hub.communications, communication_id, execution=execution, hub=hub, interval=interval, refuse=say_unsent
            )
        case ActiveTopic(interval):
            return NewestGroup(
                hub.actives, municipality_id, execution=execution, hub=hub, interval=interval, refuse=say_absent
            )
        case ExportTopic(export_id, interval):
            return NewestGroup(
                hub.exports,
                export_id,
                execution=execution,
                hub=hub,
                interval=interval,
                refuse=say_absent,
                fleeting=True,
            )
        case CitizenTopic(citizen_id, interval):
            return NewestGroup(
                hub.citizens, citizen_id, execution=execution, hub=hub, interval=interval, refuse=say_absent
            )


def say_unsent() -> NotSent:
    return NotSent(UNSENT)


def say_absent() -> NotFound:
    return NotFound(ABSENT)


async def check_right(binding: Binding, viewer: Viewer) -> None:
    """Raise NOT_FOUND for what is not the viewer's municipality's, or not his own, NOT_SENT for what nobody has been sent."""
    if isinstance(binding.topic, ListingTopic | ActiveTopic):
        return  # his own municipality's
    if isinstance(binding.topic, ExportTopic):
        if not await find_exports(viewer, [binding.topic.export_id]):
            raise say_absent()
        return
    if isinstance(binding.topic, CitizenTopic):
        if not await find_citizens(viewer.municipality_id, [binding.topic.citizen_id]):
            raise say_absent()
        return
    values = [binding.topic.communication_id, viewer.municipality_id]
    rows = await get_database().execute_query_dict(SENT, values)
    if not rows:
        raise say_absent()
    if rows[0]["sent_at"] is None:
        raise say_unsent()


def impersonal(viewer: Viewer) -> Viewer:
    """Return the viewer that a group executes for: its rights and its language, but no person."""
    return Viewer(
        principal_id=NOBODY,
        municipality_id=viewer.municipality_id,
        subject="",
        name="",
        role=viewer.role,
        locale=viewer.locale,
        issued_at=viewer.issued_at,
        expires_at=viewer.expires_at,
    )
