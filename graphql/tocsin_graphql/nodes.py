"""What every thing with an id has in common, and what pages of things have. Imports pages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import strawberry
from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
)

from tocsin.pages import Page, PageRequest
from tocsin_graphql.context import Info


@strawberry.interface(description="Whatever can be asked for again by its id.")
class Node:
    """An object with an id."""

    id: strawberry.ID = strawberry.field(description="Opaque; letters, digits and `-` only.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's page info."""

    has_next_page: bool = strawberry.field(description="Whether rows follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether the page began after a cursor.")
    start_cursor: str | None = strawberry.field(description="The first row's cursor.")
    end_cursor: str | None = strawberry.field(description="The last row's cursor: `after` of the next page.")


First: TypeAlias = Annotated[int, strawberry.argument(description="Rows of a page, 1 to 200; else BAD_INPUT.")]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="The cursor after which the page begins; of another list or order: BAD_INPUT."),
]
CURSOR = "Opaque; where this row stands in this list and order."
COUNT = "How many rows there are in all; null above 10,000 where no counter holds it. Computed only when selected."


def describe_page(page: Page[Any]) -> PageInfo:
    """Return where a page stands."""
    cursors = [cursor for cursor, _ in page.rows]
    return PageInfo(
        has_next_page=page.more,
        has_previous_page=page.begun,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )


def read_request(info: Info, first: int, after: str | None, *, within: str | None = None) -> PageRequest:
    """Return what page of the field's connection is asked for; `within` is the field of it that holds the connection."""
    raw = info._raw_info
    fields: Sequence[FieldNode] = raw.field_nodes
    if within is not None:
        fields = list(find_fields(list_selections(fields), within, raw.fragments))
    counted = any(find_fields(list_selections(fields), "totalCount", raw.fragments))
    return PageRequest(first, after, counted=counted)


def list_selections(fields: Iterable[FieldNode]) -> list[SelectionNode]:
    return [node for field in fields if field.selection_set for node in field.selection_set.selections]


def find_fields(
    selections: Iterable[SelectionNode], name: str, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    """Give the selections of a field, through fragments; validation has refused fragments that go in circles."""
    for node in selections:
        if isinstance(node, FieldNode):
            if node.name.value == name:
                yield node
        elif isinstance(node, FragmentSpreadNode):
            yield from find_fields(fragments[node.name.value].selection_set.selections, name, fragments)
        elif isinstance(node, InlineFragmentNode):
            yield from find_fields(node.selection_set.selections, name, fragments)
