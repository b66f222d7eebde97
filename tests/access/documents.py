"""Writes questions from the schema itself: a root field with everything that lies below it."""

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

FULL: dict[str, dict[str, str]] = {
    "Communication.communications": {"first": "3", "after": "null"},
    "Communication.content": {"locale": "EN"},
    "Communication.recipients": {
        "first": "3",
        "after": "null",
        "sort": "OUTCOME",
        "filter": '{outcome: [CONTACTED, IN_PROGRESS, NOT_CONTACTED], search: "a"}',
    },
    "Operations.parked": {"first": "3"},
    "Operations.dead": {"first": "3"},
}
"""What the arguments below a root are given."""


def write_document(
    schema: GraphQLSchema, operation: str, name: str, given: set[str], *, full: bool, member: str | None = None
) -> str:
    """Return one operation on a root field; `member` is the type to look at where the field gives an interface."""
    root = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    kind = root[operation]
    assert kind is not None
    field = kind.fields[name]
    names = [argument for argument in field.args if argument in given]
    head = ", ".join(f"${argument}: {field.args[argument].type}" for argument in names)
    passed = ", ".join(f"{argument}: ${argument}" for argument in names)
    selection = select(schema, get_named_type(field.type), (), full=full, member=member)
    return f"{operation} {f'({head})' * bool(head)} {{ {name}{f'({passed})' * bool(passed)} {selection} }}"


def select(
    schema: GraphQLSchema, kind: GraphQLNamedType, path: tuple[str, ...], *, full: bool, member: str | None = None
) -> str:
    """Return everything of a type; of a type below itself what needs no looking into."""
    if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
        return ""
    if isinstance(kind, GraphQLInterfaceType):
        assert member is not None, "An interface is looked at one member at a time."
        return f"{{ __typename ... on {member} {select(schema, schema.type_map[member], path, full=full)} }}"
    assert isinstance(kind, GraphQLObjectType)
    below = (*path, kind.name)
    fields = [
        f"{name}{pass_arguments(kind, name, full=full)} {select(schema, get_named_type(field.type), below, full=full)}"
        for name, field in kind.fields.items()
        if kind.name not in path or is_leaf_type(get_named_type(field.type))
    ]
    return f"{{ __typename {' '.join(fields)} }}"


def pass_arguments(kind: GraphQLObjectType, name: str, *, full: bool) -> str:
    """Return what a field is passed; a field with arguments and without a row above is a fault of this table."""
    if not kind.fields[name].args:
        return ""
    given = FULL[f"{kind.name}.{name}"]
    passed = given if full else {"first": given["first"]} if "first" in given else {}
    return f"({', '.join(f'{argument}: {value}' for argument, value in passed.items())})" if passed else ""
