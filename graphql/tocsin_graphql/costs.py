"""What an operation may cost, priced before it runs and for both transports alike. Imports plans, and the domain's bounds.

Each fragment is priced once: priced at each place where it is spread, a short document would take seconds.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_interface_type,
    is_list_type,
    is_object_type,
)
from graphql.type import GraphQLNonNull

from tocsin.errors import TooExpensive
from tocsin.live.changes import LISTED
from tocsin.pictures import MOST_ACTIVE
from tocsin.statuses import DeliveryStatus
from tocsin_graphql.plans import MOST_TOKENS, NESTED, Plan

REMEMBERED = 1_024
PAGE = 200
"""Rows: no list gives more for `first`; a wrong one is refused by its resolver."""
SHORT_LIST = 5
"""What a list without `first` is taken to hold: the points of a citizen, the waves of a communication."""
LONG_LISTS: Mapping[tuple[str, str], int] = {
    ("CommunicationChanges", "recipients"): LISTED,
    ("Query", "statuses"): len(DeliveryStatus),
    ("Subscription", "activeStatistics"): MOST_ACTIVE,
}
"""Lists without `first` that may hold many more, by type and field: as many as they are bounded to."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one operation may ask for. Cost is in fields that may have to be resolved."""

    cost: int = 50_000
    depth: int = 20
    aliases: int = 50
    directives: int = 50
    tokens: int = MOST_TOKENS


@dataclass(frozen=True, slots=True)
class Price:
    """What a selection asks for, with its fragments written out."""

    cost: int = 0
    depth: int = 0
    aliases: int = 0
    directives: int = 0

    def add(self, other: "Price") -> "Price":
        return Price(
            self.cost + other.cost,
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
        )


class Scale:
    """Prices operations, and remembers what those met lately cost, by document and the variables that page lists."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._known: OrderedDict[tuple[object, ...], Price] = OrderedDict()

    def check(self, plan: Plan, variables: Mapping[str, Any] | None) -> None:
        """Raise TooExpensive where the operation asks for more than the limits allow."""
        price = self.weigh(plan, variables)
        for measure in ("cost", "depth", "aliases", "directives"):
            found, most = getattr(price, measure), getattr(self._limits, measure)
            if found > most:
                raise TooExpensive(f"The {measure} of this operation is {found}, over {most}; ask for less at a time.")

    def weigh(self, plan: Plan, variables: Mapping[str, Any] | None) -> Price:
        """Return the price of an operation, which need not be valid; TooExpensive where it cannot be told."""
        given = {name: read_count((variables or {}).get(name, default)) for name, default in plan.counts.items()}
        key = (plan.query, plan.operation_name, *given.values())
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        try:
            price = self._known[key] = Weighing(self._schema, plan, given).weigh()
        except RecursionError:
            raise TooExpensive(NESTED) from None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return price


class Weighing:
    """Prices one operation, each of its fragments once."""

    def __init__(self, schema: GraphQLSchema, plan: Plan, given: Mapping[str, int]) -> None:
        self._schema = schema
        self._plan = plan
        self._given = given
        self._fragments: dict[str, Price] = {}

    def weigh(self) -> Price:
        operation = self._plan.operation
        root = self._schema.get_root_type(operation.operation)
        own = Price(directives=len(operation.directives or ()))
        return own.add(self._weigh_selections(operation.selection_set, root))

    def _weigh_selections(self, selected: SelectionSetNode, parent: GraphQLCompositeType | None) -> Price:
        price = Price()
        for node in selected.selections:
            price = price.add(Price(directives=len(node.directives or ())))
            if isinstance(node, FieldNode):
                price = price.add(self._weigh_field(node, parent))
            elif isinstance(node, FragmentSpreadNode):
                price = price.add(self._weigh_fragment(node.name.value))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                kind = self._find_type(condition.name.value) if condition else parent
                price = price.add(self._weigh_selections(node.selection_set, kind))
        return price

    def _weigh_fragment(self, name: str) -> Price:
        fragment = self._plan.fragments.get(name)
        if fragment is None:
            return Price()
        if name not in self._fragments:
            self._fragments[name] = Price()  # what spreads itself is refused as invalid
            kind = self._find_type(fragment.type_condition.name.value)
            self._fragments[name] = self._weigh_selections(fragment.selection_set, kind)
        return self._fragments[name]

    def _weigh_field(self, node: FieldNode, parent: GraphQLCompositeType | None) -> Price:
        field = find_field(parent, node.name.value)
        kind = get_named_type(field.type) if field else None
        inner = Price()
        if node.selection_set is not None:
            inner = self._weigh_selections(node.selection_set, kind if is_composite_type(kind) else None)
        times = self._count_rows(node, field, parent)
        return Price(1 + times * inner.cost, 1 + inner.depth, inner.aliases + bool(node.alias), inner.directives)

    def _count_rows(self, node: FieldNode, field: GraphQLField | None, parent: GraphQLCompositeType | None) -> int:
        """Return how many rows a field may give; those of a page are counted where the page is asked for."""
        if field is None:
            return 1
        if "first" in field.args:
            value = next((one.value for one in node.arguments or () if one.name.value == "first"), None)
            if isinstance(value, VariableNode):
                return self._given.get(value.name.value, PAGE)
            return read_count(value.value if isinstance(value, IntValueNode) else field.args["first"].default_value)
        whole = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        if not is_list_type(whole) or parent is None or parent.name.endswith("Connection"):
            return 1
        return LONG_LISTS.get((parent.name, node.name.value), SHORT_LIST)

    def _find_type(self, name: str) -> GraphQLCompositeType | None:
        kind = self._schema.get_type(name)
        return kind if is_composite_type(kind) else None


def find_field(parent: GraphQLCompositeType | None, name: str) -> GraphQLField | None:
    """Return a field of a type; nothing of introspection, whose depth graphql-core limits itself."""
    return parent.fields.get(name) if is_object_type(parent) or is_interface_type(parent) else None


def read_count(value: object) -> int:
    """Return how many rows are asked for: what is none counts as a whole page, which its resolver will refuse."""
    try:
        return min(max(int(str(value)), 0), PAGE)
    except ValueError:
        return PAGE
