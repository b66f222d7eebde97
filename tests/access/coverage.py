"""What of the schema has been visited: fields by what was answered, arguments and inputs by what was asked."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_introspection_type,
    parse,
    visit,
)
from graphql.language import ArgumentNode, EnumValueNode, ObjectFieldNode


class Coverage:
    """Collects what each question visited."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.visited: set[str] = set()

    def note(self, document: str, variables: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Note a question that was answered without an error."""
        parsed = parse(document)
        [operation] = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
        visit(parsed, TypeInfoVisitor(info := TypeInfo(self.schema), Literals(self, info)))
        for definition in operation.variable_definitions or ():
            kind = get_named_type(self._read_type(definition.type))
            if (value := variables.get(definition.variable.name.value)) is not None:
                self._note_input(kind, value)
        root = self.schema.get_root_type(operation.operation)
        assert root is not None
        self._note_answer(root, operation.selection_set, data)

    def _read_type(self, node: Any) -> Any:
        while not hasattr(node, "name"):
            node = node.type
        return self.schema.type_map[node.name.value]

    def _note_input(self, kind: Any, value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                self._note_input(kind, each)
        elif isinstance(kind, GraphQLEnumType):
            self.visited.add(f"{kind.name}.{value}")
        elif isinstance(kind, GraphQLInputObjectType):
            for name, each in value.items():
                self.visited.add(f"{kind.name}.{name}")
                self._note_input(get_named_type(kind.fields[name].type), each)

    def _note_answer(self, kind: Any, selections: SelectionSetNode | None, value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                self._note_answer(kind, selections, each)
        elif isinstance(value, dict) and selections is not None:
            kind = self.schema.type_map[value["__typename"]] if "__typename" in value else kind
            self.visited.update(f"{kind.name}.{name}" for name in value if name != "__typename")
            for field in list_fields(selections):
                name = field.name.value
                if field.selection_set and value.get(name) is not None:
                    self._note_answer(get_named_type(kind.fields[name].type), field.selection_set, value[name])


class Literals(Visitor):
    """Notes arguments, and what stands in a document as a literal."""

    def __init__(self, coverage: Coverage, info: TypeInfo) -> None:
        super().__init__()
        self.visited, self.info = coverage.visited, info

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        parent, field = self.info.get_parent_type(), self.info.get_field_def()
        assert parent is not None
        [name] = [name for name, each in getattr(parent, "fields").items() if each is field]  # noqa: B009 - of two classes
        self.visited.add(f"{parent.name}.{name}({node.name.value}:)")

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        parent = get_named_type(self.info.get_parent_input_type())
        assert parent is not None
        self.visited.add(f"{parent.name}.{node.name.value}")

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        kind = get_named_type(self.info.get_input_type())
        assert kind is not None
        self.visited.add(f"{kind.name}.{node.value}")


def list_fields(selections: SelectionSetNode) -> Iterable[FieldNode]:
    """Yield the fields of a selection, those of its fragments too."""
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from list_fields(node.selection_set)


def list_elements(schema: GraphQLSchema) -> set[str]:
    """Return every field, argument and input field, and the values of whatever enumeration can be given."""
    elements: set[str] = set()
    given: set[GraphQLEnumType] = set()
    for kind in schema.type_map.values():
        if is_introspection_type(kind):
            continue
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                elements |= {f"{kind.name}.{name}"} if isinstance(kind, GraphQLObjectType) else set()
                elements |= {f"{kind.name}.{name}({argument}:)" for argument in field.args}
                given |= find_enums(argument.type for argument in field.args.values())
        elif isinstance(kind, GraphQLInputObjectType):
            elements |= {f"{kind.name}.{name}" for name in kind.fields}
            given |= find_enums(field.type for field in kind.fields.values())
    return elements | {f"{kind.name}.{value}" for kind in given for value in kind.values}


def find_enums(kinds: Iterable[GraphQLInputType]) -> set[GraphQLEnumType]:
    return {named for kind in kinds if isinstance(named := get_named_type(kind), GraphQLEnumType)}


def unwrap(kind: Any) -> Any:
    """Return what lists and non-nulls hold."""
    while isinstance(kind, GraphQLList | GraphQLNonNull):
        kind = kind.of_type
    return kind
