"""Documents read once: which operation runs, and whether it follows a topic that a group can serve. Imports topics."""

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    visit,
)
from graphql.execution import get_argument_values, get_variable_values

from tocsin.errors import TooExpensive
from tocsin_graphql.topics import TOPICS, Topic

REMEMBERED = 256
MOST_TOKENS = 10_000
MOST_CHARACTERS = 65_536
"""Comments are no tokens, and what is remembered of a document is as long as it is."""
INTROSPECTION = frozenset({"__schema", "__type"})
LONG = "Document contains more than "
"""How graphql-core begins to say that it has read as many tokens as it may."""
LENGTHY = f"The document has more than {MOST_CHARACTERS} characters; give its values as variables."
NESTED = "The fragments of this document are nested too deeply; ask for less at a time."


@dataclass(frozen=True, slots=True)
class Binding:
    """A subscription to a topic: what is followed, from which version, and the variables that make a group."""

    topic: Topic
    since: int | None
    shared_variables: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One operation of a document. `field` is the root field where a group can serve it, else nothing.

    `counts` are the variables that say how many rows a list gives, with their defaults; whatever asks for the schema
    itself is `introspective`.
    """

    query: str
    operation_name: str | None
    operation: OperationDefinitionNode
    field: FieldNode | None
    since_variable: str | None
    fragments: Mapping[str, FragmentDefinitionNode]
    counts: Mapping[str, object]
    introspective: bool


class Plans:
    """The documents met lately, so that joining a running group needs no parsing."""

    def __init__(self, schema: GraphQLSchema, most_tokens: int = MOST_TOKENS) -> None:
        self._schema = schema
        self._most_tokens = most_tokens
        self._known: OrderedDict[tuple[str, str | None], Plan] = OrderedDict()

    def find(self, query: str, operation_name: str | None) -> Plan:
        """Return the plan; GraphQLError where there is a syntax error or no single operation of that name."""
        if len(query) > MOST_CHARACTERS:
            raise TooExpensive(LENGTHY)
        key = (query, operation_name)
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        try:
            plan = self._known[key] = draw_plan(query, operation_name, self._most_tokens)
        except RecursionError:
            raise TooExpensive(NESTED) from None
        except GraphQLSyntaxError as error:
            if LONG not in error.message:
                raise
            raise TooExpensive(
                f"The document has more than {self._most_tokens} tokens; ask for less at a time."
            ) from None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return plan

    def bind(self, plan: Plan, variables: Mapping[str, Any] | None) -> Binding | None:
        """Return what the subscription follows; nothing where no group can serve it or its arguments are wrong.

        The domain's errors (an id that is none, a number out of range) are raised.
        """
        given = dict(variables or {})
        arguments = self._read_arguments(plan, given)
        if plan.field is None or arguments is None:
            return None
        declared = {definition.variable.name.value for definition in plan.operation.variable_definitions or ()}
        shared = {name: value for name, value in given.items() if name in declared and name != plan.since_variable}
        topic = TOPICS[plan.field.name.value](arguments)
        return Binding(topic, arguments.get("since"), json.dumps(shared, sort_keys=True))

    def _read_arguments(self, plan: Plan, given: dict[str, Any]) -> dict[str, Any] | None:
        root = self._schema.subscription_type
        definition = root.fields.get(plan.field.name.value) if root and plan.field else None
        values = get_variable_values(self._schema, plan.operation.variable_definitions or (), given, max_errors=1)
        if definition is None or plan.field is None or isinstance(values, list):
            return None
        try:
            return get_argument_values(definition, plan.field, values)
        except GraphQLError:
            return None


def draw_plan(query: str, operation_name: str | None, most_tokens: int = MOST_TOKENS) -> Plan:
    document = parse(query, max_tokens=most_tokens)
    operation = find_operation(document, operation_name)
    field = find_topic_field(document, operation)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    survey = Survey()
    visit(document, survey)
    return Plan(
        query, operation_name, operation, field, find_since_variable(document, field), fragments,
        find_counts(survey.counters, operation), survey.introspective,
    )  # fmt: skip


def find_counts(names: set[str], operation: OperationDefinitionNode) -> dict[str, object]:
    """Return the variables that say how many rows a list gives, with what they are where nobody gives them."""
    defaults = {node.variable.name.value: node.default_value for node in operation.variable_definitions or ()}
    return {name: getattr(defaults.get(name), "value", None) for name in sorted(names)}


def find_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = [node for node in operations if name is None or (node.name and node.name.value == name)]
    if not chosen:
        said = "holds no operation" if name is None else "holds no operation of the name in `operationName`"
        raise GraphQLError(f"The document {said}; check it.")
    if len(chosen) > 1:
        raise GraphQLError("The document holds several operations; say which one in `operationName`.")
    return chosen[0]


def find_topic_field(document: DocumentNode, operation: OperationDefinitionNode) -> FieldNode | None:
    """Return the one root field of a subscription, if it is one of the topics and nothing is conditional about it."""
    if operation.operation is not OperationType.SUBSCRIPTION:
        return None
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    fields = list(walk_fields(operation.selection_set, fragments, set()))
    single = fields[0] if len(fields) == 1 else None
    return single if single and single.name.value in TOPICS and not single.directives else None


def walk_fields(
    selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[FieldNode | None]:
    """Give the root fields, through fragments; nothing stands for what only an execution can decide."""
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif node.directives:
            yield None
        elif isinstance(node, InlineFragmentNode):
            yield from walk_fields(node.selection_set, fragments, seen)
        elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments and node.name.value not in seen:
            inner = fragments[node.name.value].selection_set
            # A second spread adds nothing to the first; following each would take time without end.
            seen.add(node.name.value)
            yield from walk_fields(inner, fragments, seen)


def find_since_variable(document: DocumentNode, field: FieldNode | None) -> str | None:
    """Return the variable that says since when, if nothing else depends on it: those who differ in it share a group."""
    name = (
        next((read_variable(node) for node in field.arguments or () if node.name.value == "since"), None)
        if field
        else None
    )
    return name if name and VariableUses(name).count(document) == 1 else None


def read_variable(argument: ArgumentNode) -> str | None:
    return argument.value.name.value if isinstance(argument.value, VariableNode) else None


class Survey(Visitor):
    """Gathers the variables that are given to an argument `first`, and whether the schema itself is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.counters: set[str] = set()
        self.introspective = False

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.introspective = self.introspective or node.name.value in INTROSPECTION

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        if node.name.value == "first" and (name := read_variable(node)):
            self.counters.add(name)


class VariableUses(Visitor):
    """Counts where a variable is used, its definition left out."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._found = 0

    def count(self, document: DocumentNode) -> int:
        visit(document, self)
        return self._found

    def enter_variable(self, node: VariableNode, _key: object, parent: object, *_: object) -> None:
        if node.name.value == self._name and not isinstance(parent, VariableDefinitionNode):
            self._found += 1
